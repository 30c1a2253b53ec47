package rules_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/policy"
	"posture/rules"
	"posture/scanners/aws"
	"posture/scanners/azure"
	"posture/scanners/gcp"
)

// providers are the rule files of each cloud with the documents that they judge.
var providers = []struct {
	name  string
	files fs.FS
	docs  map[string]any
}{
	{"aws", rules.Clouds()[0].Files, aws.Catalogue().Docs()},
	{"gcp", rules.Clouds()[1].Files, gcp.Catalogue().Docs()},
	{"azure", rules.Clouds()[2].Files, azure.Catalogue().Docs()},
}

func criteria(t *testing.T) *policy.Criteria {
	t.Helper()
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		t.Fatal(err)
	}
	return criteria
}

func TestRulesProveThemselves(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			files, err := fs.Glob(p.files, p.name+"/*.yaml")
			if err != nil || len(files) == 0 {
				t.Fatalf("found %d rule files, error %v", len(files), err)
			}
			loaded, err := policy.Load(policy.Options{
				Docs: p.docs, Files: []fs.FS{policy.Named{FS: p.files, Name: "rules"}}, Criteria: criteria(t), Examples: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(loaded.Rules()); got != len(files) {
				t.Errorf("loaded %d rules of %d files", got, len(files))
			}
			for _, rule := range loaded.Rules() { // by it the configuration knows whose rule it speaks of
				if !strings.HasPrefix(rule.ID, p.name+"-") {
					t.Errorf("rule %s: expected an id that begins with %s-", rule.ID, p.name)
				}
			}
		})
	}
}

func TestCriteria(t *testing.T) {
	t.Parallel()
	counts := map[policy.Automation]int{}
	related := 0
	for _, c := range criteria(t).All() {
		counts[c.Automatable]++
		related += len(c.Related)
		if (c.Automatable == policy.Manual) != (c.StillManual == "") {
			t.Errorf("%s: %s, and people must show %q", c.ID, c.Automatable, c.StillManual)
		}
	}
	want := map[policy.Automation]int{policy.Full: 2, policy.Partial: 27, policy.Manual: 32}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
	if related != 408 {
		t.Errorf("got %d relations to other frameworks, want 408", related)
	}
}
