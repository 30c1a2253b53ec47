package services

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// member is a member of an answer: where it is, and what it is there.
type member struct {
	at   []any // keys, and indexes of lists
	typ  reflect.Type
	odds []any // values of other JSON types
}

// name is what people are told of it.
func (m member) name() string {
	var parts []string
	for _, step := range m.at {
		if key, isKey := step.(string); isKey && key != anyKey {
			parts = append(parts, key)
		}
	}
	return strings.Join(parts, ".")
}

const anyKey = "a"

// membersOf returns all members of an answer's type, however deep.
func membersOf(t reflect.Type, at []any) []member {
	if t.Kind() == reflect.Pointer {
		return membersOf(t.Elem(), at)
	}
	var found []member
	if len(at) > 0 {
		found = append(found, member{slices.Clone(at), t, oddsOf(t)})
	}
	to := reflect.PointerTo(t)
	if to.Implements(reflect.TypeFor[json.Unmarshaler]()) || to.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return found
	}
	switch t.Kind() {
	case reflect.Struct:
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous && name == "":
				found = append(found, membersOf(field.Type, at)...)
				continue
			case name == "":
				name = strings.ToLower(field.Name[:1]) + field.Name[1:]
			}
			found = append(found, membersOf(field.Type, append(slices.Clone(at), name))...)
		}
	case reflect.Slice:
		found = append(found, membersOf(t.Elem(), append(slices.Clone(at), 0))...)
	case reflect.Map:
		found = append(found, membersOf(t.Elem(), append(slices.Clone(at), anyKey))...)
	}
	if len(at) == 0 { // members of embedded types come with the prefix of none
		found = slices.DeleteFunc(found, func(m member) bool { return len(m.at) == 0 })
	}
	return found
}

// oddsOf returns values of the JSON types that a Go value of the type cannot
// take.
func oddsOf(t reflect.Type) []any {
	var odds []any
	for _, value := range []any{"text", 7, 7.5, 1e300, true, []any{"text"}, map[string]any{"a": "text"}, map[string]any{"a": []any{}}} {
		text, err := json.Marshal(value)
		if err == nil && json.Unmarshal(text, reflect.New(t).Interface()) != nil {
			odds = append(odds, value)
		}
	}
	return odds
}

// put returns data with a value at a place, which is made where there is none.
func put(data any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch key := at[0].(type) {
	case string:
		members, _ := data.(map[string]any)
		changed := map[string]any{}
		maps.Copy(changed, members)
		changed[key] = put(members[key], at[1:], value)
		return changed
	default:
		items, _ := data.([]any)
		changed := slices.Clone(items)
		if len(changed) == 0 {
			changed = []any{nil}
		}
		changed[0] = put(changed[0], at[1:], value)
		return changed
	}
}
