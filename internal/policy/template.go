package policy

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"

	"posture/internal/posture"
)

// template is a text with values in it: "{name} is open to {sources}".
type template []piece

// piece is a text, or a value when it has a name.
type piece struct {
	text  string
	value *value
}

// value is what a placeholder is filled with: a named expression, a part of the
// resource's id or a field.
type value struct {
	let   *expression
	part  string // of the id: "last", "path", or the element after the one of that name
	field fieldPath
	below []string // within the items of a list
}

// templates parses the texts of one rule and collects what it refuses.
type templates struct {
	rule  *rule
	lets  map[string]*expression
	used  map[string]bool
	reads []fieldPath
	errs  []error
}

// expression compiles an expression of the wording, nil when it is refused.
func (t *templates) expression(code text, compile func(compiler, string) (*expression, []error)) *expression {
	r := t.rule
	c := compiler{env: r.env, shape: r.shape, params: r.file.paramNames(), src: r.file.src, node: code.node}
	e, errs := compile(c, code.node.Value)
	t.errs = append(t.errs, errs...)
	if e != nil {
		t.reads = append(t.reads, e.reads...)
	}
	return e
}

// forms compiles texts and when each is the one to say.
func (t *templates) forms(texts []formText, command bool) []form {
	var all []form
	for _, f := range texts {
		made := form{say: t.parse(f.say, command)}
		if f.when.node != nil {
			made.when = t.expression(f.when, compiler.compile)
		}
		all = append(all, made)
	}
	return all
}

// parse reads a text with placeholders. In a command none may be in quotes, as
// values get those that they need; other braces in quotes are text.
func (t *templates) parse(from text, command bool) template {
	var all template
	rest := from.value
	for {
		before, opened, found := strings.Cut(rest, "{")
		if before != "" {
			all = append(all, piece{text: before})
		}
		if !found {
			return all
		}
		name, after, closed := strings.Cut(opened, "}")
		quoted := command && inQuotes(strings.TrimSuffix(from.value, "{"+opened))
		if quoted && (!closed || !isPlaceholder(name)) {
			all, rest = append(all, piece{text: "{"}), opened
			continue
		}
		switch {
		case !closed:
			t.refuse(from, "%q has no }: expected a placeholder such as {name}", "{"+name)
			return nil
		case quoted:
			t.refuse(from, "{%s} is in quotes: leave them out, a value gets those that it needs", name)
			return nil
		}
		v, err := t.value(name)
		if err != nil {
			t.refuse(from, "placeholder {%s}: %s", name, err)
			return nil
		}
		all, rest = append(all, piece{value: v}), after
	}
}

// isPlaceholder reports whether what is in braces can be meant as the name of a
// value, and not as JSON.
func isPlaceholder(name string) bool {
	for _, part := range strings.Split(name, ".") {
		if !isWord(part) {
			return false
		}
	}
	return true
}

func (t *templates) refuse(at text, format string, args ...any) {
	t.errs = append(t.errs, t.rule.file.at(at.node, format, args...))
}

// inQuotes reports whether a shell would still be in quotes after the text.
func inQuotes(text string) bool {
	var quote rune
	escaped := false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return quote != 0
}

// value returns what a placeholder names.
func (t *templates) value(name string) (*value, error) {
	if e, ok := t.lets[name]; ok {
		t.use(name)
		return &value{let: e}, nil
	}
	parts := strings.Split(name, ".")
	if parts[0] == "id" && len(parts) == 2 {
		return &value{part: parts[1]}, nil
	}
	p, err := t.rule.shape.path(parts)
	if err != nil {
		return nil, err
	}
	v := &value{field: p, below: parts[len(p.names):]}
	if err := v.printable(t.rule.shape); err != nil {
		return nil, err
	}
	t.reads = append(t.reads, p)
	return v, nil
}

func (t *templates) use(let string) {
	if t.used == nil {
		t.used = map[string]bool{}
	}
	t.used[let] = true
}

// unused refuses named values that nothing shows.
func (t *templates) unused() {
	for _, l := range t.rule.file.wording.lets {
		if !t.used[l.name] && len(t.errs) == 0 {
			t.refuse(l.code, "value %q is not used: write {%s} where it is to be shown", l.name, l.name)
		}
	}
}

// printable says why the field cannot be shown in a text.
func (v *value) printable(s *shape) error {
	if v.field.index == nil {
		if v.field.top() == posture.FieldTags {
			return fmt.Errorf("expected one tag, as a value under let")
		}
		return nil
	}
	t := s.goType.FieldByIndex(v.field.index).Type
	for i := 0; ; {
		for t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if i == len(v.below) {
			break
		}
		if !isStruct(t) {
			return fmt.Errorf("%s has no parts to show", v.field.dotted)
		}
		f := fieldNamed(t, v.below[i]) // it is there: the path was looked up
		t, i = f.Type, i+1
	}
	if isStruct(t) || t.Kind() == reflect.Map {
		return fmt.Errorf("it is no single value: name one of its fields, or put what is to be shown under let")
	}
	return nil
}

// fieldNamed returns the field of a struct with that JSON name.
func fieldNamed(t reflect.Type, name string) reflect.StructField {
	for f := range t.Fields() {
		if jsonName(f) == name {
			return f
		}
	}
	return reflect.StructField{}
}

// fill returns the text with its values, "" when one cannot be had.
func (t template) fill(c *judging, vars any, format func([]any) (string, bool)) string {
	var b strings.Builder
	for _, p := range t {
		if p.value == nil {
			b.WriteString(p.text)
			continue
		}
		values, ok := p.value.of(c, vars)
		if !ok {
			return ""
		}
		shown, ok := format(values)
		if !ok {
			return ""
		}
		b.WriteString(shown)
	}
	return b.String()
}

// of returns the value as a list: of one item for what is no list.
func (v *value) of(c *judging, vars any) ([]any, bool) {
	switch {
	case v.let != nil:
		return v.let.values(vars)
	case v.part != "":
		part, ok := idPart(c.subject.resource.ID, v.part)
		return []any{part}, ok
	case c.isUnread(v.field):
		return nil, false
	case v.field.top() == posture.FieldName && c.subject.resource.Name == c.subject.resource.ID:
		part, ok := idPart(c.subject.resource.ID, "last") // it has no name: an ARN is hard to read
		return []any{part}, ok
	case v.field.index == nil:
		return []any{c.value(v.field)}, true
	}
	return items(c.subject.doc.FieldByIndex(v.field.index), v.below), true
}

// items returns a field's values, and of structs in lists the fields below.
func items(v reflect.Value, below []string) []any {
	if v.Kind() == reflect.Slice {
		all := []any{}
		for i := range v.Len() {
			all = append(all, items(v.Index(i), below)...)
		}
		return all
	}
	if len(below) > 0 {
		f := fieldNamed(v.Type(), below[0])
		return items(v.FieldByIndex(f.Index), below[1:])
	}
	left := 1
	return []any{plain(v, &left)}
}

// idPart returns a part of a resource's id: its last element, its path without
// the host, or the element after the one of that name, which is how Google and
// Azure say what holds the resource.
func idPart(id, part string) (string, bool) {
	path := id
	if host, rest, ok := strings.Cut(strings.TrimPrefix(id, "//"), "/"); ok && strings.HasPrefix(id, "//") && host != "" {
		path = rest
	}
	if part == "path" {
		return strings.TrimPrefix(path, "/"), path != ""
	}
	elements := strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == ':' })
	if part == "last" {
		if len(elements) == 0 {
			return "", false
		}
		return elements[len(elements)-1], true
	}
	for i, element := range elements[:max(len(elements)-1, 0)] {
		if element == part {
			return elements[i+1], true
		}
	}
	return "", false
}

// values evaluates an expression that is shown.
func (e *expression) values(vars any) ([]any, bool) {
	result, _, err := e.program.Eval(vars)
	if err != nil || types.IsUnknownOrError(result) {
		return nil, false
	}
	return plainValues(result)
}
