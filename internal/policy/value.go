package policy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// value reads a node into a field of a document. Nothing is converted: a text
// that looks like a number is still a text, and the other way round.
func (d *decoder) value(n *yaml.Node, name string, to reflect.Value) {
	switch to.Kind() {
	case reflect.Slice:
		d.slice(n, name, to)
	case reflect.Map:
		d.table(n, name, to)
	case reflect.Struct:
		if to.Type() == timeType {
			to.Set(reflect.ValueOf(d.time(n)))
			return
		}
		d.structure(n, name, to)
	default:
		d.scalar(n, name, to)
	}
}

// wanted are, by kind of field, the tag that a scalar must have and the words
// for it.
func wanted(kind reflect.Kind) (tags []string, what string) {
	switch kind {
	case reflect.Bool:
		return []string{"!!bool"}, "true or false"
	case reflect.String:
		return []string{"!!str"}, "a text (in quotes, if it looks like something else)"
	case reflect.Float32, reflect.Float64:
		return []string{"!!float", "!!int"}, "a number"
	}
	return []string{"!!int"}, "a whole number"
}

func (d *decoder) scalar(n *yaml.Node, name string, to reflect.Value) {
	tags, what := wanted(to.Kind())
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.Tag) {
		d.refuse(n, "%s: expected %s, found %s", name, what, yamlfile.KindOf(n))
		return
	}
	if err := n.Load(to.Addr().Interface()); err != nil {
		d.refuse(n, "%s: expected %s, found %s", name, what, yamlfile.KindOf(n))
	}
}

func (d *decoder) slice(n *yaml.Node, name string, to reflect.Value) {
	list := reflect.MakeSlice(to.Type(), 0, len(n.Content))
	d.list(n, name, func(item *yaml.Node) {
		value := reflect.New(to.Type().Elem()).Elem()
		d.value(item, name, value)
		list = reflect.Append(list, value)
	})
	to.Set(list)
}

func (d *decoder) table(n *yaml.Node, name string, to reflect.Value) {
	table := reflect.MakeMap(to.Type())
	d.each(n, name, func(key, item *yaml.Node) {
		value := reflect.New(to.Type().Elem()).Elem()
		d.value(item, name+"."+key.Value, value)
		table.SetMapIndex(reflect.ValueOf(key.Value).Convert(to.Type().Key()), value)
	})
	to.Set(table)
}

func (d *decoder) structure(n *yaml.Node, name string, to reflect.Value) {
	known := keys{}
	for f, part := range to.Fields() {
		field := jsonName(f)
		known[field] = func(n *yaml.Node) { d.value(n, name+"."+field, part) }
	}
	d.mapping(n, name, known)
}

// jsonName returns a field's name in JSON.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// time reads a date, a time or the word for one that never was.
func (d *decoder) time(n *yaml.Node) time.Time {
	var zero time.Time
	if n.Kind != yaml.ScalarNode || n.Tag != "!!timestamp" && n.Tag != "!!str" {
		d.refuse(n, "expected a time such as 2026-01-31T12:00:00Z or never, found %s", yamlfile.KindOf(n))
		return zero
	}
	if n.Value == posture.Never {
		return zero
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, n.Value); err == nil {
			return t.UTC()
		}
	}
	d.refuse(n, "expected a time such as 2026-01-31T12:00:00Z or never, found %s", yamlfile.KindOf(n))
	return zero
}

// compact returns a value in one short line, for messages.
func compact(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return yamlfile.Short(string(encoded))
}
