// Package yamlfile reads YAML files that people write, strictly: a key that
// the Go type does not have, a duplicate key, a second document or a
// value of the wrong kind is an error that names file, line and column, shows
// the line, and says what was expected. Begin with Load.
package yamlfile

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MaxSize is the size in bytes over which a file is refused unread.
const MaxSize = 1 << 20

// File is a file that was read.
type File struct {
	*Source
	root *yaml.Node
}

// Load reads the text into the struct that into points to. Its fields name
// their keys by yaml tags. An empty file leaves the struct as it is.
func Load(name string, text []byte, into any) (*File, error) {
	f := &File{Source: NewSource(name, text)}
	if len(text) > MaxSize {
		return nil, f.Refuse(1, 1, "the file has %d bytes: expected at most %d", len(text), MaxSize)
	}
	var document yaml.Node
	if err := yaml.Load(text, &document, yaml.WithV4Defaults(), yaml.WithUniqueKeys()); err != nil {
		if f.blank() {
			return f, nil
		}
		return nil, f.wrap(err)
	}
	f.root = &document
	if f.root.Kind == yaml.DocumentNode && len(f.root.Content) == 1 {
		f.root = f.root.Content[0]
	}
	if err := f.check(f.root, reflect.TypeOf(into)); err != nil {
		return nil, err
	}
	if err := f.root.Load(into, yaml.WithV4Defaults(), yaml.WithUniqueKeys()); err != nil {
		return nil, f.wrap(err)
	}
	return f, nil
}

// blank reports whether the file holds nothing but comments.
func (f *File) blank() bool {
	for _, line := range f.lines {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// wrap gives an error of the YAML library its place in the file.
func (f *File) wrap(err error) error {
	var several *yaml.LoadErrors
	if errors.As(err, &several) && len(several.Errors) > 0 {
		err = several.Errors[0]
	}
	var one *yaml.LoadError
	if errors.As(err, &one) {
		return f.Refuse(max(one.Mark.Line, 1), max(one.Mark.Column, 1), "%s", one.Message)
	}
	return f.Refuse(1, 1, "%s", err)
}

// ErrorAt returns an error at the value below the path of keys (strings) and
// indexes (ints), or at the nearest value above it that the file has.
func (f *File) ErrorAt(path []any, format string, args ...any) *Error {
	node := f.Node(path...)
	for len(path) > 0 && node == nil {
		path = path[:len(path)-1]
		node = f.Node(path...)
	}
	if node == nil {
		return f.Refuse(1, 1, format, args...)
	}
	return f.Refuse(node.Line, node.Column, format, args...)
}

// Node returns the value below the path of keys (strings) and indexes (ints),
// nil when there is none.
func (f *File) Node(path ...any) *yaml.Node {
	node := f.root
	for _, step := range path {
		if node == nil {
			return nil
		}
		node = child(node, step)
	}
	return node
}

func child(node *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case string:
		if node.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	}
	return nil
}

// check compares the node with the type that it is to be loaded into.
func (f *File) check(node *yaml.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.AliasNode {
		return f.Refuse(node.Line, node.Column, "aliases are not allowed: write the value out")
	}
	switch t.Kind() {
	case reflect.Struct:
		return f.checkStruct(node, t)
	case reflect.Slice:
		return f.checkEach(node, yaml.SequenceNode, "a list", t.Elem())
	case reflect.Map:
		return f.checkEach(node, yaml.MappingNode, "a mapping", t.Elem())
	default:
		return nil
	}
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// checkEach checks the items of a list or the values of a mapping.
func (f *File) checkEach(node *yaml.Node, kind yaml.Kind, what string, t reflect.Type) error {
	if isNull(node) {
		return nil
	}
	if node.Kind != kind {
		return f.Refuse(node.Line, node.Column, "expected %s", what)
	}
	first, step := 0, 1
	if kind == yaml.MappingNode {
		first, step = 1, 2
	}
	for i := first; i < len(node.Content); i += step {
		if err := f.check(node.Content[i], t); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) checkStruct(node *yaml.Node, t reflect.Type) error {
	if isNull(node) || reflect.PointerTo(t).Implements(unmarshaler) || t == nodeType {
		return nil
	}
	keys := keysOf(t)
	if node.Kind != yaml.MappingNode {
		return f.Refuse(node.Line, node.Column, "expected a mapping with the keys %s", strings.Join(sorted(keys), ", "))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		field, known := keys[key.Value]
		if !known {
			return f.Refuse(key.Line, key.Column, "unknown key %q%s", key.Value, Expected(key.Value, sorted(keys)))
		}
		if err := f.check(node.Content[i+1], field); err != nil {
			return err
		}
	}
	return nil
}

var (
	unmarshaler = reflect.TypeFor[interface{ UnmarshalYAML(*yaml.Node) error }]()
	nodeType    = reflect.TypeFor[yaml.Node]()
)

// keysOf returns the types of a struct's fields by their keys.
func keysOf(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			keys[name] = t.Field(i).Type
		}
	}
	return keys
}

func sorted(keys map[string]reflect.Type) []string {
	var names []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
