// Package odd reads data with members of another JSON type than
// expected. What is left is read, and such a member costs only those fields of
// the document that are made of it: a tag beside the member names them,
// as in `gives:"min_tls,managed"`, and without one it is all of them. Begin with
// Decode.
package odd

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"posture/internal/posture"
)

// Part is a member of data that is of another JSON type than expected.
type Part struct {
	path  string       // "nodePools.management.autoUpgrade"; "" for the data as a whole
	at    []any        // where it is: keys and indexes
	typ   reflect.Type // what was expected
	gives string       // the fields that are made of it, as tags have them; "" for all
	tags  []string     // the names of those tags, the first that there is counts
}

// tag returns the fields that are made of a member, as its tag has them.
func (p Part) tag(field *reflect.StructField) string {
	for _, name := range p.tags {
		if given, there := field.Tag.Lookup(name); there {
			return given
		}
	}
	return ""
}

// find returns the members of the part's data that a Go value of its type
// cannot take.
func (p Part) find(data any) []Part {
	if data == nil || readsItself(p.typ) && fits(data, p.typ) {
		return nil
	}
	if readsItself(p.typ) {
		return []Part{p}
	}
	members, isObject := data.(map[string]any)
	items, isList := data.([]any)
	switch kind := p.typ.Kind(); {
	case kind == reflect.Pointer:
		p.typ = p.typ.Elem()
		return p.find(data)
	case kind == reflect.Struct && isObject:
		return p.inStruct(members)
	case kind == reflect.Map && isObject:
		var found []Part
		for _, key := range slices.Sorted(maps.Keys(members)) { // which no one is told: people choose them
			found = append(found, p.below("", key, p.typ.Elem()).find(members[key])...)
		}
		return found
	case kind == reflect.Slice && isList:
		var found []Part
		for i, item := range items {
			found = append(found, p.below("", i, p.typ.Elem()).find(item)...)
		}
		return found
	case fits(data, p.typ):
		return nil
	}
	return []Part{p}
}

// below returns the part that is found by a step, and is called by a name if
// it has one of its own.
func (p Part) below(name string, step any, typ reflect.Type) Part {
	p.at, p.typ = append(slices.Clone(p.at), step), typ
	if name != "" {
		p.path = strings.TrimPrefix(p.path+"."+name, ".")
	}
	return p
}

// inStruct is find for the fields of a struct.
func (p Part) inStruct(members map[string]any) []Part {
	var found []Part
	for field := range p.typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			embedded := p
			embedded.typ = field.Type
			found = append(found, given(embedded.inStruct(members), p.tag(&field))...)
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
				part := p.below(key, key, field.Type)
				if gives := p.tag(&field); gives != "" {
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
func given(parts []Part, gives string) []Part {
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

// Decode reads data into what a pointer points to, without the members that are
// of another JSON type than expected, and returns these. The tags name the
// fields that are made of them, the first that there is counts. The error says that it
// cannot be read at all: it is no JSON, or the data as a whole is of another
// form.
func Decode(data []byte, into any, tags ...string) ([]Part, error) {
	failed := json.Unmarshal(data, into)
	if failed == nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var whole any
	if decoder.Decode(&whole) != nil {
		return nil, failed // which is that it is no JSON
	}
	parts := Part{typ: reflect.TypeOf(into).Elem(), tags: tags}.find(whole)
	if len(parts) == 0 {
		return nil, failed
	}
	if len(parts[0].at) == 0 {
		return nil, &posture.ReasonError{Reason: posture.NotUnderstood, Code: Names(parts), Text: "the data is of another form"}
	}
	for _, part := range parts {
		whole = with(whole, part.at, nil)
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	reflect.ValueOf(into).Elem().SetZero()
	return parts, json.Unmarshal(text, into)
}

// Costs returns the parts that a field is made of. The field of the name is
// made only of a part that names it.
func Costs(parts []Part, field string) []Part {
	var of []Part
	for _, part := range parts {
		if part.gives == "" && field != posture.FieldName || slices.Contains(strings.Split(part.gives, ","), field) {
			of = append(of, part)
		}
	}
	return of
}

// mostNamed is how many odd members are named.
const mostNamed = 3

// Names returns what people are told of the parts.
func Names(parts []Part) string {
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

// Expecter is a type that reads itself, and says what it expects: "text".
type Expecter interface{ Expects() string }

// notExpected says of a value that the type cannot take it.
func notExpected(t reflect.Type) string {
	if t == reflect.TypeFor[time.Time]() {
		return "no time"
	}
	if own, says := reflect.Zero(t).Interface().(Expecter); says {
		return "no " + own.Expects()
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
