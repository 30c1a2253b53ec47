package config_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"posture/internal/config"
)

// beyond holds which mistakes the schema cannot express, by the words of their
// errors: all others are mistakes by both.
func beyond() []string {
	return []string{
		"duplicate account", "duplicate exemption id", // the same in two places
		"who requested it",                  // two fields are different
		"a day after created", "days after", // two days are in order
		"such as 2026-01-31", // there is that day: the form is in the schema
		"expected a duration such as 24h",
	}
}

// variants returns files that differ from a valid one in one place each: every
// value is replaced by values of all kinds, every key left out and misspelt,
// every list emptied, doubled and made longer.
func variants(t *testing.T, text string) map[string]*yaml.Node {
	t.Helper()
	all := map[string]*yaml.Node{}
	var top yaml.Node
	if err := yaml.Load([]byte(text), &top, yaml.WithV4Defaults()); err != nil {
		t.Fatal(err)
	}
	root := top.Content[0]
	variant := func(path []int, what string, change func(above *yaml.Node, i int)) {
		changed := copied(root)
		above := changed
		for _, step := range path[:len(path)-1] {
			above = above.Content[step]
		}
		change(above, path[len(path)-1])
		all[fmt.Sprint(path, what)] = changed
	}
	walk(root, nil, func(path []int, inMapping bool) {
		for _, value := range values(t) {
			variant(path, "value "+value.Tag+value.Value, func(above *yaml.Node, i int) { above.Content[i] = copied(value) })
		}
		if inMapping {
			variant(path, "left out", func(above *yaml.Node, i int) { above.Content = slices.Delete(above.Content, i-1, i+1) })
			variant(path, "misspelt", func(above *yaml.Node, i int) { above.Content[i-1].Value += "x" })
			return
		}
		variant(path, "twice", func(above *yaml.Node, i int) { above.Content = append(above.Content, copied(above.Content[i])) })
		variant(path, "left out", func(above *yaml.Node, i int) { above.Content = slices.Delete(above.Content, i, i+1) })
	})
	return all
}

// values returns one value of each kind, and those at the bounds of some keys.
func values(t *testing.T) []*yaml.Node {
	t.Helper()
	var top yaml.Node
	text := `["", " ", text, "text with spaces", null, true, 0, 1, -1, 0.5, 1.5, 2.0, 100, 100.5, 366, [], [text], [1], [null], {}, {text: text}, {1: 2},
  "1", "111122223333", "11112222333", "arn:aws:iam::111122223333:role/posture", "my-project-123", "My-Project", C0123456789, U0123456789,
  critical, urgent, iam, food, aws, oracle, 24h, 1s, xoxb-1, "2026-01-31", 2026-01-31, "2026-02-30", "2026-1-1", "2027-12-31", ann, ANN, a@b.gserviceaccount.com]`
	if err := yaml.Load([]byte(text), &top, yaml.WithV4Defaults()); err != nil {
		t.Fatal(err)
	}
	return top.Content[0].Content
}

// walk calls do for the place of each value below the node.
func walk(node *yaml.Node, path []int, do func(path []int, inMapping bool)) {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		at := append(slices.Clone(path), i)
		do(at, node.Kind == yaml.MappingNode)
		walk(child, at, do)
	}
}

func copied(node *yaml.Node) *yaml.Node {
	same := *node
	same.Content = nil
	for _, child := range node.Content {
		same.Content = append(same.Content, copied(child))
	}
	return &same
}

// plainly returns what an editor hands to a JSON Schema: the node's value, with
// days as text, as in YAML 1.2.
func plainly(t *testing.T, node *yaml.Node) any {
	t.Helper()
	switch node.Kind {
	case yaml.MappingNode:
		all := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			all[node.Content[i].Value] = plainly(t, node.Content[i+1])
		}
		return all
	case yaml.SequenceNode:
		all := []any{}
		for _, item := range node.Content {
			all = append(all, plainly(t, item))
		}
		return all
	}
	if node.Tag == "!!timestamp" {
		return node.Value
	}
	var value any
	if err := node.Load(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSchemaAgrees holds the schema and the check of a file together: over all
// variants of a valid file, what one refuses the other refuses too, but for the
// mistakes that a schema cannot express. With -short it takes one variant of twelve.
func TestSchemaAgrees(t *testing.T) {
	schema := compiled(t)
	const projects = `
gcp: {projects: [my-project-123, other-project]}
aws: {organization: {role: posture}}
azure: {subscriptions: [11111111-2222-3333-4444-555555555555], cloud: AzureCloud}
exemptions: {items: [{id: E2, rule: b, tags: {env: dev}, reason: r, requested_by: ann, approved_by: bob, created: 2026-01-01, expires: 2026-01-02}]}
`
	const tenant = "azure: {tenant: 99999999-8888-7777-6666-555555555555, exclude: [11111111-2222-3333-4444-555555555555], directory: true, recheck: true, services: [vm]}\n"
	const group = "azure: {management_group: acme}\n"
	excused, refused, valid := map[string]int{}, 0, 0
	for _, text := range []string{whole, projects, tenant, group} {
		all := variants(t, text)
		for i, name := range slices.Sorted(maps.Keys(all)) {
			if testing.Short() && i%12 > 0 {
				continue
			}
			variant := all[name]
			bySchema := schema.Validate(asJSON(t, plainly(t, variant)))
			file, err := yaml.Dump(variant, yaml.WithV4Defaults())
			if err != nil {
				t.Fatal(err)
			}
			_, byCheck := config.Parse("posture.yaml", file)
			excuse := ""
			for _, words := range beyond() {
				if byCheck != nil && strings.Contains(byCheck.Error(), words) {
					excuse = words
				}
			}
			switch {
			case bySchema == nil && byCheck != nil && excuse != "":
				excused[excuse]++
			case (bySchema == nil) != (byCheck == nil):
				t.Errorf("%s\n%s\nschema: %v\ncheck:  %v", name, file, bySchema, byCheck)
			case byCheck == nil:
				valid++
			default:
				refused++
			}
		}
	}
	if testing.Short() {
		return
	}
	if valid < 100 || refused < 1000 {
		t.Errorf("only %d valid and %d refused files", valid, refused)
	}
	for _, words := range beyond() {
		if excused[words] == 0 {
			t.Errorf("no file is refused for %q alone", words)
		}
	}
}

// compiled returns the schema of posture.yaml.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("posture.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("posture.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
