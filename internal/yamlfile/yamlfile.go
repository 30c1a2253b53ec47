// Package yamlfile reads YAML files that people write, strictly: a key that
// the Go type does not have, a duplicate key, a second document or a
// value of the wrong kind is an error that names file, line and column, shows
// the line, and says what was expected. All of them are told at once. Begin
// with Load.
package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"
)

// MaxSize is the size in bytes over which a file is refused unread.
const MaxSize = 1 << 20

// File is a file that was read, and the mistakes that were found in it.
type File struct {
	*Source
	root  *yaml.Node // nil when the file is empty
	wrong []mistake
}

// mistake is an error and the value that it is about.
type mistake struct {
	path []any
	err  *Error
}

// Load reads the text into the struct that into points to. Its fields name
// their keys by yaml tags. An empty file leaves the struct as it is. What does
// not fit the struct is left out of it and is a mistake of the file: see Err.
// What is no YAML at all is an error.
func Load(name string, text []byte, into any) (*File, error) {
	f := &File{Source: NewSource(name, text)}
	if len(text) > MaxSize {
		return nil, f.Refuse(1, 1, "the file has %d bytes: expected at most %d", len(text), MaxSize)
	}
	root, err := f.Document(text)
	if err != nil || root == nil {
		return f.orNone(err)
	}
	f.root = root
	fitting := f.fit(root, reflect.TypeOf(into).Elem(), nil)
	var several *yaml.LoadErrors
	switch err := fitting.Load(into, yaml.WithV4Defaults()); {
	case errors.As(err, &several):
		for _, one := range several.Errors {
			f.note(nil, f.Refuse(max(one.Mark.Line, 1), max(one.Mark.Column, 1), "%s", one.Message))
		}
	case err != nil:
		f.note(nil, f.Refuse(1, 1, "%s", err))
	}
	return f, nil
}

// orNone returns the file, or nothing where there is an error.
func (f *File) orNone(err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Err returns all mistakes in the order of the file, nil when there is none.
func (f *File) Err() error {
	errs := make([]error, 0, len(f.wrong))
	for _, m := range f.wrong {
		errs = append(errs, m.err)
	}
	return InOrder(errs...)
}

// Mistake notes a mistake in the value below the path of keys (strings) and
// indexes (ints), unless one of that value, or of one that holds it, is noted
// already. A value that is missing has its place too.
func (f *File) Mistake(path []any, format string, args ...any) {
	if !f.Wrong(path) {
		f.note(path, f.ErrorAt(path, format, args...))
	}
}

// Wrong reports whether a mistake is noted in the value at the path or in one
// that holds it.
func (f *File) Wrong(path []any) bool {
	return slices.ContainsFunc(f.wrong, func(m mistake) bool {
		return m.path != nil && len(m.path) <= len(path) && slices.Equal(m.path, path[:len(m.path)])
	})
}

func (f *File) note(path []any, err *Error) {
	f.wrong = append(f.wrong, mistake{slices.Clone(path), err})
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

// KeyAt returns an error at the last key of the path, or where ErrorAt puts it
// when the file has no such key.
func (f *File) KeyAt(path []any, format string, args ...any) *Error {
	if above := f.Node(path[:len(path)-1]...); above != nil && above.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(above.Content); i += 2 {
			if key := above.Content[i]; key.Value == path[len(path)-1] {
				return f.Refuse(key.Line, key.Column, format, args...)
			}
		}
	}
	return f.ErrorAt(path, format, args...)
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

// below returns the path of a value in the one at the path.
func below(path []any, step any) []any { return append(slices.Clone(path), step) }

// mismatch notes that a node is not what was expected.
func (f *File) mismatch(node *yaml.Node, path []any, expected string) {
	advice := ""
	switch {
	case isNull(node):
		advice = ": remove the key, or give it a value"
	case expected == "text" && node.Kind == yaml.ScalarNode:
		advice = ": put it in quotes"
	}
	if path == nil {
		path = []any{}
	}
	f.note(path, f.Refuse(node.Line, node.Column, "expected %s, found %s%s", expected, KindOf(node), advice))
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// expectedKeys says which keys a struct has.
func expectedKeys(names []string) string { return fmt.Sprintf("the keys %s", listed(names)) }
