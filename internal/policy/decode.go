package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"posture/internal/yamlfile"
)

// decoder reads one YAML file strictly, key by key, and collects what it
// refuses instead of stopping at the first fault.
type decoder struct {
	src  *yamlfile.Source
	errs []error
}

// refuse records a fault at the node.
func (d *decoder) refuse(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, d.src.Refuse(n.Line, n.Column, format, args...))
}

// document returns the top node of the file's only document, or nil when the
// file is not YAML.
func (d *decoder) document(text []byte) *yaml.Node {
	top, err := d.src.Document(text)
	switch {
	case err != nil:
		d.errs = append(d.errs, err)
		return nil
	case top == nil:
		d.errs = append(d.errs, d.src.Refuse(0, 0, "the file is empty"))
	}
	return top
}

// keys says what to do with each key of a mapping.
type keys map[string]func(*yaml.Node)

// mapping reads a mapping with known keys, each at most once. It returns the
// keys that were there.
func (d *decoder) mapping(n *yaml.Node, what string, known keys) map[string]bool {
	seen := map[string]bool{}
	d.each(n, what, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			d.refuse(key, "unknown key %q in %s%s", key.Value, what, yamlfile.Expected(key.Value, sortedKeys(known)))
			return
		}
		seen[key.Value] = true
		read(value)
	})
	return seen
}

// each calls do for every key of a mapping and refuses repeated keys.
func (d *decoder) each(n *yaml.Node, what string, do func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.refuse(n, "expected %s, with keys and values, found %s", what, yamlfile.KindOf(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str":
			d.refuse(key, "expected a word as key in %s, found %s", what, yamlfile.KindOf(key))
		case seen[key.Value]:
			d.refuse(key, "key %q is repeated in %s", key.Value, what)
		default:
			seen[key.Value] = true
			do(key, value)
		}
	}
}

// list calls do for every item of a list.
func (d *decoder) list(n *yaml.Node, what string, do func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		d.refuse(n, "expected %s, as a list, found %s", what, yamlfile.KindOf(n))
		return
	}
	for _, item := range n.Content {
		do(item)
	}
}

// text is a string of a file and its place there.
type text struct {
	value string
	node  *yaml.Node
}

// text reads a string that is not empty.
func (d *decoder) text(n *yaml.Node, what string) text {
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag != "!!str":
		d.refuse(n, "expected %s, as text, found %s", what, yamlfile.KindOf(n))
	case strings.TrimSpace(n.Value) == "":
		d.refuse(n, "expected %s, found nothing", what)
	default:
		return text{value: strings.TrimSpace(n.Value), node: n}
	}
	return text{node: n}
}

// texts reads a list of different strings, with at least one.
func (d *decoder) texts(n *yaml.Node, what string) []text {
	var all []text
	d.list(n, what, func(item *yaml.Node) {
		t := d.text(item, what)
		if slices.ContainsFunc(all, func(other text) bool { return other.value == t.value }) && t.value != "" {
			d.refuse(item, "%q is repeated", t.value)
		}
		all = append(all, t)
	})
	if n.Kind == yaml.SequenceNode && len(all) == 0 {
		d.refuse(n, "expected %s, found an empty list", what)
	}
	return all
}

// required refuses the mapping when one of the keys is missing.
func (d *decoder) required(n *yaml.Node, seen map[string]bool, want ...[2]string) {
	for _, key := range want {
		if n.Kind == yaml.MappingNode && !seen[key[0]] {
			d.refuse(n, "missing %q: expected %s", key[0], key[1])
		}
	}
}
