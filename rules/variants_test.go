package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/policy"
	"posture/internal/posture"
)

// variant is a kind of resource that rules are tried on.
type variant struct {
	name     string
	typ      string // of the resource
	resource string // its name, where there are several; else ""
}

// testVariants tries rules, whose ids begin with the prefix, on the cases of a
// file, and returns how many there are. A file "want NAME" in it holds the
// resource type, the name of the resource where there are several, and what each
// rule is to say, "-" for no finding. What the others say is up to judge, which
// returns what all rules say of a case.
func testVariants(t *testing.T, file, prefix string, loaded *policy.Policy, judge func(*testing.T, *txtar.Archive, variant) map[string][]posture.Status) (cases int) {
	t.Helper()
	all, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all.Files {
		name, isWant := strings.CutPrefix(one.Name, "want ")
		if !isWant {
			continue
		}
		cases++
		t.Run(name, func(t *testing.T) {
			typ, resource, want := wantOf(t, prefix, string(one.Data))
			found, got := judge(t, all, variant{name, typ, resource}), map[string]string{}
			for rule := range want {
				if !slices.ContainsFunc(loaded.Rules(), func(r posture.Rule) bool { return r.ID == rule && r.Type == typ }) {
					t.Errorf("no rule %s is for %s", rule, typ)
				}
				got[rule] = "-"
				for _, status := range found[rule] {
					got[rule] = strings.TrimPrefix(got[rule]+" "+string(status), "- ")
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	return cases
}

// wantOf reads the type, the resource's name and the outcomes of rules, whose
// ids begin with the prefix.
func wantOf(t *testing.T, prefix, text string) (typ, resource string, want map[string]string) {
	t.Helper()
	want = map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		rule, outcome, found := strings.Cut(line, " ")
		switch {
		case i == 0:
			typ, resource = rule, outcome
		case !found:
			t.Fatalf("line %q: expected a rule and an outcome", line)
		default:
			want[prefix+rule] = outcome
		}
	}
	return typ, resource, want
}
