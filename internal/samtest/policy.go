package samtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// Statement is one of a role's own policies. Resources are written as in
// Fn::Sub: "${Results.Arn}/runs/*".
type Statement struct {
	Deny      bool
	Actions   []string
	Resources []string
}

// Statements returns what a role of the template has in its own policies,
// those included that depend on a condition.
func (t Template) Statements(tb testing.TB, role string) []Statement {
	tb.Helper()
	found, ok := t.Resources[role]
	if !ok || found.Type != "AWS::IAM::Role" {
		tb.Fatalf("the template has no role %s", role)
	}
	var statements []Statement
	for _, policy := range list(found.Properties["Policies"]) {
		for _, branch := range branches(policy) {
			document, _ := branch["PolicyDocument"].(map[string]any)
			for _, s := range list(document["Statement"]) {
				statement, _ := s.(map[string]any)
				statements = append(statements, Statement{
					Deny: statement["Effect"] == "Deny", Actions: texts(statement["Action"]), Resources: texts(statement["Resource"]),
				})
			}
		}
	}
	return statements
}

// branches returns a policy, or both when a condition decides between them.
func branches(policy any) []map[string]any {
	object, _ := policy.(map[string]any)
	choice, conditional := object["Fn::If"].([]any)
	if !conditional {
		return []map[string]any{object}
	}
	var all []map[string]any
	for _, branch := range choice[1:] {
		if object, ok := branch.(map[string]any); ok {
			all = append(all, object)
		}
	}
	return all
}

// Allowed reports whether the statements let an action be done on a resource.
func Allowed(statements []Statement, action, resource string) bool {
	allowed := false
	for _, s := range statements {
		if matches(s.Actions, action) && matches(s.Resources, resource) {
			if s.Deny {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

// BucketDenies reports whether a bucket's policy denies everybody an action on a
// resource, where the keys of conditions have these values and no others.
// Conditions are Bool and Null, which all have to hold.
func (t Template) BucketDenies(tb testing.TB, policy, action, resource string, values map[string]string) bool {
	tb.Helper()
	document, _ := t.Resources[policy].Properties["PolicyDocument"].(map[string]any)
	statements := list(document["Statement"])
	if len(statements) == 0 {
		tb.Fatalf("the template has no bucket policy %s", policy)
	}
	return slices.ContainsFunc(statements, func(s any) bool {
		statement, _ := s.(map[string]any)
		conditions, _ := statement["Condition"].(map[string]any)
		return statement["Effect"] == "Deny" && statement["Principal"] == "*" &&
			matches(texts(statement["Action"]), action) && matches(texts(statement["Resource"]), resource) && holds(tb, conditions, values)
	})
}

// holds reports whether all conditions hold.
func holds(tb testing.TB, conditions map[string]any, values map[string]string) bool {
	tb.Helper()
	for operator, keys := range conditions {
		wanted, _ := keys.(map[string]any)
		for key, want := range wanted {
			value, said := values[key]
			if operator == "Null" {
				value = fmt.Sprint(!said)
			} else if operator != "Bool" {
				tb.Fatalf("the operator %s is not known", operator)
			}
			if value != want {
				return false
			}
		}
	}
	return true
}

// matches reports whether a pattern matches, in which * matches any text.
func matches(patterns []string, text string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") } // for * to match slashes too
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(flat(pattern), flat(text))
		return err == nil && matched
	})
}

// list returns a value as a list: one that is none is the only item.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// texts returns a value or a list of them as texts.
func texts(value any) []string {
	var all []string
	for _, item := range list(value) {
		all = append(all, Plain(item))
	}
	return all
}

// Plain returns a value as text, with references as Fn::Sub writes them.
func Plain(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprint(value)
	}
	if name, ok := object["Ref"].(string); ok {
		return "${" + name + "}"
	}
	if text, ok := object["Fn::Sub"].(string); ok {
		return text
	}
	if parts := list(object["Fn::GetAtt"]); len(parts) == 2 {
		return fmt.Sprintf("${%s.%s}", parts[0], parts[1])
	}
	return Text(value)
}
