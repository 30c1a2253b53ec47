package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// shape is a struct as rules see it: its fields by their JSON names.
type shape struct {
	name   string // the name in messages and for CEL
	goType reflect.Type
	fields map[string]*field
	names  []string // sorted
}

// field is one field of a shape.
type field struct {
	name   string
	index  int
	cel    *types.Type
	below  *shape // of a field that is a struct: its shape
	goType reflect.Type
}

// known are the fields that every resource has beside its document's. Of them
// only those of unreadable can be unread.
var known = []string{"account", "id", "name", "region", "tags"}

var timeType = reflect.TypeFor[time.Time]()

// shapes builds the shapes of Go structs, each once.
type shapes map[reflect.Type]*shape

// of returns the shape of a struct.
func (s shapes) of(name string, t reflect.Type) (*shape, error) {
	if made, ok := s[t]; ok {
		return made, nil
	}
	made := &shape{name: name, goType: t, fields: map[string]*field{}}
	s[t] = made
	for i := range t.NumField() {
		if err := s.add(made, t.Field(i), i); err != nil {
			return nil, fmt.Errorf("document %s: field %s: %w", t, t.Field(i).Name, err)
		}
	}
	made.names = sortedKeys(made.fields)
	return made, nil
}

func (s shapes) add(to *shape, f reflect.StructField, index int) error {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case !f.IsExported() || f.Anonymous:
		return fmt.Errorf("only exported, named fields can be read by rules")
	case name == "" || name == "-":
		return fmt.Errorf("a json tag is needed, it is the field's name in rules")
	case to.fields[name] != nil:
		return fmt.Errorf("the json name %q is taken by another field", name)
	}
	celType, err := s.cel(f.Type)
	if err != nil {
		return err
	}
	added := &field{name: name, index: index, cel: celType, goType: f.Type}
	if isStruct(f.Type) {
		added.below = s[f.Type]
	}
	to.fields[name] = added
	return nil
}

// cel returns the CEL type of values of a Go type.
func (s shapes) cel(t reflect.Type) (*types.Type, error) {
	switch t.Kind() {
	case reflect.Bool:
		return types.BoolType, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return types.IntType, nil
	case reflect.Float32, reflect.Float64:
		return types.DoubleType, nil
	case reflect.String:
		return types.StringType, nil
	case reflect.Slice:
		elem, err := s.cel(t.Elem())
		return types.NewListType(elem), err
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return nil, fmt.Errorf("%s: the keys of a map must be strings", t)
		}
		elem, err := s.cel(t.Elem())
		return types.NewMapType(types.StringType, elem), err
	case reflect.Struct:
		if t == timeType {
			return types.TimestampType, nil
		}
		below, err := s.of(t.String(), t)
		if err != nil {
			return nil, err
		}
		return types.NewObjectType(below.name), nil
	}
	return nil, fmt.Errorf("%s cannot be read by rules", t)
}

// isStruct reports whether the type has fields of its own.
func isStruct(t reflect.Type) bool { return t.Kind() == reflect.Struct && t != timeType }

// newResourceShape returns the type of the variable resource: a document and the fields
// that every resource has.
func newResourceShape(s shapes, typ string, doc any) (*shape, error) {
	t := reflect.TypeOf(doc)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || !isStruct(t) {
		return nil, fmt.Errorf("document of %s: expected a struct, found %T", typ, doc)
	}
	inner, err := s.of(t.String(), t)
	if err != nil {
		return nil, err
	}
	for _, name := range known {
		if inner.fields[name] != nil {
			return nil, fmt.Errorf("document of %s: field %q: every resource has a field of that name", typ, name)
		}
	}
	return &shape{name: typ, goType: t, fields: inner.fields, names: inner.names}, nil
}

// fieldPath is a field of a resource as a rule or a scanner names it, cut where it
// enters a list or a map.
type fieldPath struct {
	dotted string   // "policy.denies_insecure_transport"
	names  []string // the same, in parts
	index  []int    // where it is in the document; nil for what every resource has
}

// top returns the first part.
func (p fieldPath) top() string { return p.names[0] }

// unreadable reports whether a scanner may mark the field as unread.
func (p fieldPath) unreadable() bool { return p.fetched() || p.top() == posture.FieldName }

// fetched reports whether the field is read only where a rule reads it.
func (p fieldPath) fetched() bool { return p.index != nil || p.top() == posture.FieldTags }

// overlaps reports whether one of the paths is the other or is above it.
func (p fieldPath) overlaps(q fieldPath) bool {
	a, b := p.dotted, q.dotted
	if len(a) > len(b) {
		a, b = b, a
	}
	return strings.HasPrefix(b, a) && (len(a) == len(b) || b[len(a)] == '.')
}

// noField says that a part of a path is not a field.
type noField struct {
	at       int // which part
	name     string
	in       string
	expected []string
}

func (e *noField) Error() string {
	return fmt.Sprintf("%s has no field %q%s", e.in, e.name, yamlfile.Expected(e.name, e.expected))
}

// path returns the field that the parts name. Parts below a list or a map are
// cut off when there is such a thing, and an error when there cannot be.
func (s *shape) path(parts []string) (fieldPath, error) {
	if slices.Contains(known, parts[0]) {
		if parts[0] != "tags" && len(parts) > 1 {
			return fieldPath{}, &noField{at: 1, name: parts[1], in: parts[0]}
		}
		return fieldPath{dotted: parts[0], names: parts[:1]}, nil
	}
	var index []int
	at := s
	for i, part := range parts {
		f, ok := at.fields[part]
		if !ok {
			return fieldPath{}, &noField{at: i, name: part, in: within(s.name, parts[:i]), expected: at.all(s)}
		}
		index = append(index, f.index)
		at = f.below
		if at == nil {
			if err := beneath(f.goType, f.name, parts[i+1:]); err != nil {
				err.at += i + 1
				return fieldPath{}, err
			}
			parts = parts[:i+1]
			break
		}
	}
	return fieldPath{dotted: strings.Join(parts, "."), names: parts, index: index}, nil
}

// beneath says why the values in a list or a map cannot have the parts: a list
// takes none for itself, a map one, its key.
func beneath(t reflect.Type, name string, parts []string) *noField {
	for i, part := range parts {
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		switch {
		case t.Kind() == reflect.Map:
			t, name = t.Elem(), part
			continue
		case !isStruct(t):
			return &noField{at: i, name: part, in: name}
		}
		fields := map[string]reflect.Type{}
		for f := range t.Fields() {
			fields[jsonName(f)] = f.Type
		}
		if fields[part] == nil {
			return &noField{at: i, name: part, in: "an item of " + name, expected: sortedKeys(fields)}
		}
		t, name = fields[part], part
	}
	return nil
}

// within says of what there is no such field.
func within(typ string, parts []string) string {
	if len(parts) == 0 {
		return typ
	}
	return "resource." + strings.Join(parts, ".")
}

// everyName returns the names of all fields of the resource, at any depth.
func (s *shape) everyName() []string {
	names := append(slices.Clone(known), s.names...)
	seen := map[reflect.Type]bool{}
	var below func(t reflect.Type)
	below = func(t reflect.Type) {
		for t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if !isStruct(t) || seen[t] {
			return
		}
		seen[t] = true
		for f := range t.Fields() {
			names = append(names, jsonName(f))
			below(f.Type)
		}
	}
	below(s.goType)
	return names
}

// all returns the names that may be asked for; of the resource itself also
// those that every resource has.
func (s *shape) all(root *shape) []string {
	if s != root {
		return s.names
	}
	return append(slices.Clone(s.names), known...)
}
