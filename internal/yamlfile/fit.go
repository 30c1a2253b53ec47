package yamlfile

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// fit returns the node with nothing in the place of all that the type cannot
// take, which it notes as mistakes.
func (f *File) fit(node *yaml.Node, t reflect.Type, path []any) *yaml.Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind, expected := wanted(t)
	if node.Style&yaml.TaggedStyle != 0 {
		f.note(path, f.Refuse(node.Line, node.Column, "tags (%s) are not read: write the value without", Short(node.Tag)))
		return nothing()
	}
	if t.Kind() == reflect.Interface {
		kind = node.Kind
	}
	if node.Kind != kind || kind == yaml.ScalarNode && !takes(t, node) {
		f.mismatch(node, path, expected)
		return nothing()
	}
	whole := *node
	switch kind {
	case yaml.MappingNode:
		whole.Content = f.fitPairs(node, t, path)
	case yaml.SequenceNode:
		whole.Content = nil
		for i, item := range node.Content {
			whole.Content = append(whole.Content, f.fit(item, element(t), below(path, i)))
		}
	}
	return &whole
}

// nothing returns the node that leaves what it is loaded into as it is.
func nothing() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"} }

// wanted returns what kind of node a type is loaded from, and that in words.
func wanted(t reflect.Type) (yaml.Kind, string) {
	switch t.Kind() {
	case reflect.Struct:
		return yaml.MappingNode, expectedKeys(sorted(keysOf(t)))
	case reflect.Map:
		return yaml.MappingNode, "keys and values"
	case reflect.Slice:
		return yaml.SequenceNode, "a list"
	case reflect.Bool:
		return yaml.ScalarNode, "true or false"
	case reflect.Int:
		return yaml.ScalarNode, "a whole number"
	case reflect.Float64:
		return yaml.ScalarNode, "a number"
	default:
		return yaml.ScalarNode, "text"
	}
}

// takes reports whether a scalar is a value of the type.
func takes(t reflect.Type, node *yaml.Node) bool {
	var number float64
	numeric := (node.Tag == "!!int" || node.Tag == "!!float") && node.Load(&number) == nil && !math.IsInf(number, 0) && !math.IsNaN(number)
	switch t.Kind() {
	case reflect.Bool:
		return node.Tag == "!!bool"
	case reflect.Int:
		return numeric && number == math.Trunc(number) && math.Abs(number) <= 1<<53
	case reflect.Float64:
		return numeric
	case reflect.Interface:
		return true
	default:
		return node.Tag == "!!str" || node.Tag == "!!timestamp"
	}
}

// element returns the type of the values of a list or mapping.
func element(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Interface {
		return t
	}
	return t.Elem()
}

// fitPairs returns the keys and values of a mapping that the type can take.
func (f *File) fitPairs(node *yaml.Node, t reflect.Type, path []any) []*yaml.Node {
	var pairs []*yaml.Node
	var seen []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || isNull(key) || key.Tag == "!!merge":
			f.note(below(path, ""), f.Refuse(key.Line, key.Column, "expected a word as key, found %s", KindOf(key)))
			continue
		case slices.Contains(seen, key.Value):
			f.note(below(path, ""), f.Refuse(key.Line, key.Column, "duplicate key %q: it is on line %d already", Short(key.Value), f.lineOf(node, key.Value)))
			continue
		}
		seen = append(seen, key.Value)
		if in := f.fieldOf(key, t, path); in != nil {
			pairs = append(pairs, word(key), f.fit(value, in, below(path, key.Value)))
		}
	}
	return pairs
}

// word returns a key as text: a number may be the key of a mapping.
func word(key *yaml.Node) *yaml.Node {
	text := *key
	text.Tag, text.Style = "!!str", yaml.DoubleQuotedStyle
	return &text
}

// lineOf returns the line of the first key of that name.
func (f *File) lineOf(node *yaml.Node, name string) int {
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i].Line
		}
	}
	return node.Line
}

// fieldOf returns the type that the value of a key has, nil for a key that is
// not known: that is noted, for the key that was most likely meant.
func (f *File) fieldOf(key *yaml.Node, t reflect.Type, path []any) reflect.Type {
	if t.Kind() != reflect.Struct {
		return element(t)
	}
	known := keysOf(t)
	if in, ok := known[key.Value]; ok {
		return in
	}
	names := sorted(known)
	f.note(below(path, closest(key.Value, names)), f.Refuse(key.Line, key.Column, "unknown key %q%s", Short(key.Value), Expected(key.Value, names)))
	return nil
}

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

func listed(names []string) string { return strings.Join(names, ", ") }
