package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// oddPart is a member of an asset's data that is of another JSON type than
// expected.
type oddPart struct {
	path string // "nodePools.management.autoUpgrade"
	at   []any  // where it is: keys and indexes
	kind reflect.Kind
}

// oddParts returns the members of data that a Go value of the type cannot take.
func oddParts(data any, t reflect.Type, path string, at []any) []oddPart {
	if data == nil {
		return nil
	}
	odd := []oddPart{{path: strings.TrimPrefix(path, "."), at: at, kind: t.Kind()}}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return unless(fits(data, t), odd)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return oddParts(data, t.Elem(), path, at)
	case reflect.Struct:
		members, is := data.(map[string]any)
		if !is {
			return odd
		}
		return oddMembers(members, t, path, at)
	case reflect.Map:
		members, is := data.(map[string]any)
		if !is {
			return odd
		}
		var found []oddPart
		for key, value := range members {
			found = append(found, oddParts(value, t.Elem(), path, step(at, key))...)
		}
		return found
	case reflect.Slice:
		items, is := data.([]any)
		if !is {
			return unless(fits(data, t), odd)
		}
		var found []oddPart
		for i, item := range items {
			found = append(found, oddParts(item, t.Elem(), path, step(at, i))...)
		}
		return found
	default:
		return unless(fits(data, t), odd)
	}
}

// oddMembers is oddParts for the fields of a struct.
func oddMembers(members map[string]any, t reflect.Type, path string, at []any) []oddPart {
	var found []oddPart
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			found = append(found, oddMembers(members, field.Type, path, at)...)
			continue
		}
		if name == "" {
			name = field.Name
		}
		for key, value := range members {
			if strings.EqualFold(key, name) {
				found = append(found, oddParts(value, field.Type, path+"."+key, step(at, key))...)
			}
		}
	}
	return found
}

func step(at []any, to any) []any { return append(slices.Clone(at), to) }

func unless(fits bool, odd []oddPart) []oddPart {
	if fits {
		return nil
	}
	return odd
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
		members, _ := data.(map[string]any)
		changed := maps.Clone(members)
		changed[key] = with(members[key], at[1:], value)
		return changed
	case int:
		items, _ := data.([]any)
		changed := slices.Clone(items)
		changed[key] = with(items[key], at[1:], value)
		return changed
	}
	return data
}

// trials are the values that are tried in place of one that cannot be read:
// all that there are for a switch, and for a number those around which limits
// lie. Of a text there are too many.
func trials(kind reflect.Kind) []any {
	switch kind {
	case reflect.Bool:
		return []any{nil, false, true}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return []any{nil, -1, 0, 1, 2, 3, 5, 6, 7, 8, 14, 15, 30, 31, 60, 90, 91, 100, 120, 180, 364, 365, 366, 400, 730, 1000, 3600, 86400, 604800, 1000000, 1000000000}
	default:
		return nil
	}
}

// mostOdd is how many members are tried one against the other.
const mostOdd = 3

// decodeOdd reads data of which some members are of another JSON type than
// expected, without these, and marks the fields as unread that are made of
// them. Which they are shows when the document is made with other values in
// their place. It reports whether it could.
func (r *Reading) decodeOdd(into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(r.Asset.Data))
	decoder.UseNumber()
	var data any
	if r.trial || decoder.Decode(&data) != nil {
		return false
	}
	parts := oddParts(data, reflect.TypeOf(into).Elem(), "", nil)
	if len(parts) == 0 || len(parts) > mostOdd || len(parts[0].at) == 0 {
		return false
	}
	for _, part := range parts {
		data = with(data, part.at, nil)
	}
	cause := posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + r.Type, Code: oddNames(parts)}
	r.Mark(cause, r.madeOf(data, parts)...)
	reflect.ValueOf(into).Elem().SetZero()
	text, err := json.Marshal(data)
	return err == nil && json.Unmarshal(text, into) == nil
}

// oddError returns the error for data of which members cannot be read, with
// their names.
func (r *Reading) oddError(into any, err error) error {
	var data any
	if json.Unmarshal(r.Asset.Data, &data) != nil {
		return err
	}
	parts := oddParts(data, reflect.TypeOf(into).Elem(), "", nil)
	if len(parts) == 0 || len(parts[0].at) == 0 {
		return err
	}
	cause := posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + r.Type, Code: oddNames(parts[:min(len(parts), mostOdd)])}
	return &posture.ReadError{Cause: cause, Err: err}
}

// oddNames returns what people are told of the members.
func oddNames(parts []oddPart) string {
	var names []string
	for _, part := range parts {
		names = append(names, part.path+" is no "+kindName(part.kind))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// kindName returns what JSON calls values of a kind.
func kindName(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "list"
	default:
		return "object as expected"
	}
}

// madeOf returns the fields, "tags" among them, that come out otherwise for
// some values of the members; all where that cannot be found out.
func (r *Reading) madeOf(data any, parts []oddPart) []string {
	all := append(scanners.FieldsOf(r.service.Doc), posture.FieldTags)
	tries := []any{data}
	for _, part := range parts {
		values := trials(part.kind)
		if values == nil || len(values) > 3 && len(parts) > 1 {
			return all
		}
		var more []any
		for _, value := range values {
			for _, try := range tries {
				more = append(more, with(try, part.at, value))
			}
		}
		tries = more
	}
	before := r.tried(data)
	changed := map[string]bool{}
	for _, try := range tries {
		after := r.tried(try)
		if before == nil || after == nil || before[""] != after[""] {
			return all
		}
		for _, field := range all {
			changed[field] = changed[field] || before[field] != after[field]
		}
	}
	fields := slices.DeleteFunc(slices.Clone(all), func(field string) bool { return !changed[field] })
	if len(fields) == 0 {
		return all
	}
	return fields
}

// tried returns what the asset would be read as with other data, field by field
// in a form that can be compared, and under "" as whom; nil when it could not
// be.
func (r *Reading) tried(data any) map[string]string {
	text, err := json.Marshal(data)
	if err != nil {
		return nil
	}
	asset := r.Asset.clone()
	asset.Data = text
	again := r.place.newReading(r.service, asset)
	again.direct, again.trial = r.direct, true
	resource, err := again.read(r.ctx)
	if err != nil {
		return nil
	}
	var doc map[string]json.RawMessage
	if text, err = json.Marshal(resource.Doc); err != nil || json.Unmarshal(text, &doc) != nil {
		return nil
	}
	fields := map[string]string{"": resource.ID + " " + resource.Name + " " + resource.Region, posture.FieldTags: fmt.Sprint(resource.Tags)}
	for name, value := range doc {
		fields[name] = string(value)
	}
	for _, unread := range resource.Unread {
		fields[unread.Field] += " unread"
	}
	return fields
}
