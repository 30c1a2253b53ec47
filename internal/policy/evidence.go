package policy

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"posture/internal/posture"
)

// The bounds of one value of evidence.
const (
	maxItems = 20  // of a list or a map
	maxText  = 300 // characters of a text
	maxNodes = 60  // values in all
)

// evidence is a field that a rule shows.
type evidence struct {
	path  fieldPath
	label string // "resource.versioning"
}

// evidence returns the values of the fields that the rule reads and that were
// read, in a form that encodes as JSON and is bounded in size. Evidence that the
// rule was judged without says so. Of a resource
// that was read from an inventory they say how old they may be.
func (c *judging) evidence(r *rule) []posture.Value {
	values := make([]posture.Value, 0, len(r.show)+1)
	var idle []fieldPath
	for _, e := range r.show {
		switch {
		case !c.isUnread(e.path):
			value := posture.Value{Path: e.label, Value: c.value(e.path)}
			if isNothing(value.Value) && c.failsWithout(r, append(idle, e.path)) {
				value.Idle, idle = true, append(idle, e.path)
			}
			values = append(values, value)
		case len(c.overlapping([]fieldPath{e.path}, true)) > 0:
			values = append(values, posture.Value{Path: e.label, Value: "not read"})
		}
	}
	if len(values) > 0 {
		values = append(values, c.age(r)...)
	}
	return values
}

// isNothing reports whether a value holds nothing that could be at fault.
func isNothing(value any) bool {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return !v.IsValid() || v.IsZero()
}

// failsWithout reports whether the resource fails whatever the fields hold.
func (c *judging) failsWithout(r *rule, paths []fieldPath) bool {
	without := judging{subject: c.subject, now: c.now, unread: slices.Clone(c.unread)}
	for _, path := range paths {
		without.unread = append(without.unread, unread{path: path})
	}
	return without.verdict(r).status == posture.Fail
}

// age says how old what the rule read may be: since when the inventory has it,
// unless all of it was read directly, and when what was read directly was.
func (c *judging) age(r *rule) []posture.Value {
	on := c.subject.resource
	some, all := c.readDirectly(r)
	var values []posture.Value
	if !on.Updated.IsZero() && !all {
		values = append(values, posture.Value{Path: "inventory.updated", Value: on.Updated.UTC().Format(time.RFC3339)})
	}
	if some {
		values = append(values, posture.Value{Path: "direct.read", Value: on.Direct.At.UTC().Format(time.RFC3339)})
	}
	return values
}

// readDirectly reports whether any of the fields that the rule reads was read a
// second time, and whether all of them were, in full.
func (c *judging) readDirectly(r *rule) (some, all bool) {
	direct := c.subject.resource.Direct
	if direct == nil {
		return false, false
	}
	all = true
	for _, p := range r.reads {
		if p.fetched() {
			read := slices.Contains(direct.Fields, p.top())
			some, all = some || read, all && read && !slices.Contains(direct.Mixed, p.top())
		}
	}
	return some, some && all
}

// isUnread reports whether the field or a part of it was not read.
func (c *judging) isUnread(p fieldPath) bool {
	for _, u := range c.unread {
		if u.path.overlaps(p) {
			return true
		}
	}
	return false
}

// value returns the value of a field.
func (c *judging) value(p fieldPath) any {
	if p.index != nil {
		left := maxNodes
		return plain(c.subject.doc.FieldByIndex(p.index), &left)
	}
	switch r := c.subject.resource; p.top() {
	case "account":
		return plainText(r.Account)
	case "id":
		return plainText(r.ID)
	case "name":
		return plainText(r.Name)
	case "region":
		return plainText(r.Region)
	default:
		left := maxNodes
		return plain(reflect.ValueOf(r.Tags), &left)
	}
}

// plain returns a value as bool, int64, float64, string, []any or
// map[string]any, cut to the bounds. What was cut off says so.
func plain(v reflect.Value, left *int) any {
	*left--
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return plainText(v.String())
	case reflect.Slice:
		return plainList(v, left)
	case reflect.Map:
		return plainMap(v, left)
	}
	if v.Type() == timeType {
		return plainTime(v.Interface().(time.Time))
	}
	return plainStruct(v, left)
}

// plainTime returns nothing for a time that never was.
func plainTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func plainText(s string) string {
	if len(s) <= maxText {
		return s
	}
	runes := []rune(s)
	if len(runes) <= maxText {
		return s
	}
	return fmt.Sprintf("%s… (%d more characters)", string(runes[:maxText]), len(runes)-maxText)
}

func plainList(v reflect.Value, left *int) any {
	list := []any{}
	for i := range v.Len() {
		if i == maxItems || *left <= 0 {
			return append(list, more(v.Len()-i))
		}
		list = append(list, plain(v.Index(i), left))
	}
	return list
}

func plainMap(v reflect.Value, left *int) any {
	byName := map[string]reflect.Value{}
	for iter := v.MapRange(); iter.Next(); {
		byName[iter.Key().String()] = iter.Value()
	}
	m := map[string]any{}
	for i, name := range sortedKeys(byName) {
		if i == maxItems || *left <= 0 {
			m["…"] = more(len(byName) - i)
			break
		}
		m[plainText(name)] = plain(byName[name], left)
	}
	return m
}

func plainStruct(v reflect.Value, left *int) any {
	m := map[string]any{}
	for i := range v.NumField() { // not v.Fields(): its closure would move left to the heap
		if *left <= 0 {
			m["…"] = more(v.NumField() - i)
			break
		}
		m[jsonName(v.Type().Field(i))] = plain(v.Field(i), left)
	}
	return m
}

// more says how much was cut off.
func more(n int) string { return fmt.Sprintf("… %d more", n) }
