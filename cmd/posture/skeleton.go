package main

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
)

// docField is a field of a document as rules name it.
type docField struct {
	path string // "policy.denies_insecure_transport"
	typ  string // as expressions know it
	good string // a value in YAML that the field's zero value is not
	test string // an expression over the path that good satisfies and zero does not
}

// fieldsOf lists the fields of a document, those of structs in it with their
// whole path.
func fieldsOf(doc any) []docField { return structFields("", reflect.TypeOf(doc)) }

func structFields(prefix string, t reflect.Type) []docField {
	var fields []docField
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]() {
			fields = append(fields, structFields(prefix+name+".", field.Type)...)
			continue
		}
		fields = append(fields, fieldOf(prefix+name, field.Type))
	}
	return fields
}

func fieldOf(path string, t reflect.Type) docField {
	f := docField{path: path, typ: typeName(t)}
	switch t.Kind() {
	case reflect.Bool:
		f.good, f.test = "true", "resource.%s"
	case reflect.String:
		f.good, f.test = `"x"`, `resource.%s != ""`
	case reflect.Slice:
		f.good, f.test = "[{}]", "size(resource.%s) > 0"
		if t.Elem().Kind() == reflect.String {
			f.good = "[x]"
		}
	case reflect.Map:
		f.good, f.test = "{x: x}", "size(resource.%s) > 0"
	case reflect.Struct:
		f.good, f.test = `"2026-01-01T00:00:00Z"`, `resource.%s > timestamp("2000-01-01T00:00:00Z")`
	case reflect.Float32, reflect.Float64:
		f.good, f.test = "1.5", "resource.%s > 0.0"
	default:
		f.good, f.test = "1", "resource.%s > 0"
	}
	return f
}

// typeName returns the type's name in expressions.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			var inner []string
			for _, f := range structFields("", t.Elem()) {
				inner = append(inner, f.path+": "+f.typ)
			}
			return "list of {" + strings.Join(inner, ", ") + "}"
		}
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Elem())
	case reflect.Struct:
		return "timestamp"
	case reflect.Bool, reflect.String:
		return t.Kind().String()
	case reflect.Float32, reflect.Float64:
		return "double"
	default:
		return "int"
	}
}

// skeleton is a rule that is to be written.
type skeleton struct {
	id, resource, category, severity, criterion string
	fields                                      []docField
}

// text returns the rule's file. It is a valid rule as it is.
func (s skeleton) text() string {
	field := s.fields[0]
	for _, f := range s.fields {
		if f.typ == "bool" {
			field = f
			break
		}
	}
	return fmt.Sprintf(`# A new rule. It already passes posture rules test: edit it, test it again, and
# delete these comments when you are done.
#
# Its expressions may read these fields of the resource:
%s#
# and of any resource: id, name, region, account: string; tags: map of string
# (write "owner" in resource.tags && resource.tags["owner"] != "").
id: %s
title: Say in one line what is required, as in Buckets are encrypted
resource: %s
category: %s
severity: %s
soc2: [%s] # or family: one of docs/soc2-mapping.md, which names the criteria
why: >
  Say in one or two sentences what can go wrong.
require: | # true passes, false fails
  %s
fails: "{name} is not as it should be" # say how it fails; {name} and other values are filled in
fix:
  note: >
    Say how to fix it, what to watch and what it costs. A command goes under command:.
pass:
  - name: say why it passes
    given: %s
fail:
  - name: say why it fails
    given: {}
unknown:
  - name: the field could not be read
    given: {}
    unread: [%s]
`, s.fieldLines(), s.id, s.resource, s.category, s.severity, s.criterion, fmt.Sprintf(field.test, field.path), nested(field), field.path)
}

func (s skeleton) fieldLines() string {
	var b strings.Builder
	for _, f := range s.fields {
		fmt.Fprintf(&b, "#   resource.%s: %s\n", f.path, f.typ)
	}
	return b.String()
}

// nested returns a YAML mapping in which only the field is set.
func nested(f docField) string {
	parts := strings.Split(f.path, ".")
	return "{" + strings.Join(parts, ": {") + ": " + f.good + strings.Repeat("}", len(parts))
}

// criterionFor returns a criterion that rules of the category may support.
func criterionFor(category posture.Category) (string, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return "", err
	}
	supporting := ""
	for _, criterion := range criteria.All() {
		switch criterion.Categories[category] {
		case policy.Direct:
			return criterion.ID, nil
		case policy.Supporting:
			supporting = criterion.ID
		}
	}
	if supporting == "" {
		return "", errors.New("no criterion can be supported by rules of category " + string(category))
	}
	return supporting, nil
}
