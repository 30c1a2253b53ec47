package engine

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// oddPart is a member of an asset's data that is of another JSON type than
// expected.
type oddPart struct {
	path  string       // "nodePools.management.autoUpgrade"; "" for the data as a whole
	at    []any        // where it is: keys and indexes
	typ   reflect.Type // what was expected
	gives string       // the fields that are made of it, as tags have them; "" for all
	tags  []string     // the names of those tags, the first that there is counts
}

// tag returns the fields that are made of a member, as its tag has them.
func (o oddPart) tag(field *reflect.StructField) string {
	for _, name := range o.tags {
		if given, there := field.Tag.Lookup(name); there {
			return given
		}
	}
	return ""
}

// find returns the members of the part's data that a Go value of its type
// cannot take.
func (o oddPart) find(data any) []oddPart {
	if data == nil || readsItself(o.typ) && fits(data, o.typ) {
		return nil
	}
	if readsItself(o.typ) {
		return []oddPart{o}
	}
	members, isObject := data.(map[string]any)
	items, isList := data.([]any)
	switch kind := o.typ.Kind(); {
	case kind == reflect.Pointer:
		o.typ = o.typ.Elem()
		return o.find(data)
	case kind == reflect.Struct && isObject:
		return o.inStruct(members)
	case kind == reflect.Map && isObject:
		var found []oddPart
		for _, key := range slices.Sorted(maps.Keys(members)) { // which no one is told: people choose them
			found = append(found, o.below("", key, o.typ.Elem()).find(members[key])...)
		}
		return found
	case kind == reflect.Slice && isList:
		var found []oddPart
		for i, item := range items {
			found = append(found, o.below("", i, o.typ.Elem()).find(item)...)
		}
		return found
	case fits(data, o.typ):
		return nil
	}
	return []oddPart{o}
}

// below returns the part that is found by a step, and is called by a name if
// it has one of its own.
func (o oddPart) below(name string, step any, typ reflect.Type) oddPart {
	o.at, o.typ = append(slices.Clone(o.at), step), typ
	if name != "" {
		o.path = strings.TrimPrefix(o.path+"."+name, ".")
	}
	return o
}

// inStruct is find for the fields of a struct.
func (o oddPart) inStruct(members map[string]any) []oddPart {
	var found []oddPart
	for field := range o.typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			embedded := o
			embedded.typ = field.Type
			found = append(found, given(embedded.inStruct(members), o.tag(&field))...)
			continue
		}
		if name == "-" || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		for _, key := range slices.Sorted(maps.Keys(members)) {
			if strings.EqualFold(key, name) {
				part := o.below(key, key, field.Type)
				if gives := o.tag(&field); gives != "" {
					part.gives = gives
				}
				found = append(found, part.find(members[key])...)
			}
		}
	}
	return found
}

// given returns the parts as those that give other fields, unless none are
// named.
func given(parts []oddPart, gives string) []oddPart {
	for i := range parts {
		if gives != "" {
			parts[i].gives = gives
		}
	}
	return parts
}

// readsItself reports whether values of the type are not read by their kind.
func readsItself(t reflect.Type) bool {
	to := reflect.PointerTo(t)
	return to.Implements(reflect.TypeFor[json.Unmarshaler]()) || to.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fits reports whether a value of the type can take the data.
func fits(data any, t reflect.Type) bool {
	text, err := json.Marshal(data)
	return err == nil && json.Unmarshal(text, reflect.New(t).Interface()) == nil
}

// with returns the data with a value at a place.
func with(data any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch key := at[0].(type) {
	case string:
		if members, is := data.(map[string]any); is {
			changed := maps.Clone(members)
			changed[key] = with(members[key], at[1:], value)
			return changed
		}
	case int:
		if items, is := data.([]any); is {
			changed := slices.Clone(items)
			changed[key] = with(items[key], at[1:], value)
			return changed
		}
	}
	return data
}

// decodeOdd reads data that could not be read as it is without the members that
// are of another JSON type than expected, and marks the fields as unread that
// are made of them. Where that cannot be done it returns an error, the given
// one where it does not know more.
func (r *Reading) decodeOdd(into any, failed error) error {
	parts, err := r.Asset.decodeWithout(into, failed, "gives")
	if err == nil {
		r.markOdd(parts)
	}
	return err
}

// decodeWithout decodes data, which failed to be decoded as it is, without its
// odd members, which it returns. The tags say what is made of them.
func (a *Asset) decodeWithout(into any, failed error, tags ...string) ([]oddPart, error) {
	decoder := json.NewDecoder(bytes.NewReader(a.Data))
	decoder.UseNumber()
	var data any
	if decoder.Decode(&data) != nil {
		return nil, failed // which is that it is no JSON
	}
	parts := oddPart{typ: reflect.TypeOf(into).Elem(), tags: tags}.find(data)
	if len(parts) == 0 {
		return nil, failed
	}
	if len(parts[0].at) == 0 {
		return nil, &posture.ReadError{Cause: oddCause(a.Type, parts), Err: errors.New("the data is of another form")}
	}
	for _, part := range parts {
		data = with(data, part.at, nil)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	reflect.ValueOf(into).Elem().SetZero()
	return parts, json.Unmarshal(text, into)
}

// markOdd marks each field that is made of odd members as unread, with the
// names of these.
func (r *Reading) markOdd(parts []oddPart) {
	for _, field := range append(r.allFields(), posture.FieldName) {
		var of []oddPart
		for _, part := range parts {
			if gives(part, field) {
				of = append(of, part)
			}
		}
		if len(of) > 0 {
			r.Mark(oddCause(r.Type, of), field)
		}
	}
}

// gives reports whether a field is made of a member.
func gives(part oddPart, field string) bool {
	if part.gives == "" {
		return field != posture.FieldName
	}
	return slices.Contains(strings.Split(part.gives, ","), field)
}

func oddCause(typ string, parts []oddPart) posture.Cause {
	return posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typ, Code: oddNames(parts)}
}

// mostNamed is how many odd members are named.
const mostNamed = 3

// oddNames returns what people are told of the members.
func oddNames(parts []oddPart) string {
	var names []string
	for _, part := range parts {
		name := part.path
		if name == "" {
			name = "the data"
		}
		names = append(names, name+" is "+notExpected(part.typ))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - mostNamed; more > 0 {
		names = append(names[:mostNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// notExpected says of a value that the type cannot take it.
func notExpected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "no time"
	case reflect.TypeFor[Integer]():
		return "no whole number"
	case reflect.TypeFor[Text]():
		return "no text"
	}
	switch kind := t.Kind(); {
	case readsItself(t):
		return "not as expected"
	case kind == reflect.Bool:
		return "no true or false"
	case kind == reflect.String:
		return "no text"
	case kind == reflect.Slice:
		return "no list"
	case kind == reflect.Struct, kind == reflect.Map:
		return "no object"
	}
	return "no number"
}
