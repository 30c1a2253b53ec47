package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"posture/internal/policy"
	"posture/internal/posture"
)

// builtIn is a built-in rule and why it supports its criteria.
type builtIn struct {
	posture.Rule
	basis policy.Basis
}

// allRules returns the built-in rules of all clouds.
func allRules(t *testing.T) []builtIn {
	t.Helper()
	var all []builtIn
	for _, p := range providers {
		loaded := load(t, p.files, p.docs)
		for _, r := range loaded.Rules() {
			basis, _ := loaded.Basis(r.ID)
			all = append(all, builtIn{r, basis})
		}
	}
	return all
}

// isSentence reports whether a reason says something: more than a word or two,
// with an end.
func isSentence(s string) bool { return len(strings.Fields(s)) >= 4 && strings.HasSuffix(s, ".") }

// TestCriteriaHaveReasons holds that every built-in rule names a family, and
// that it names each criterion, and leaves out each of its family's, for a reason.
func TestCriteriaHaveReasons(t *testing.T) {
	t.Parallel()
	c := criteria(t)
	for _, r := range allRules(t) {
		family, ok := c.Family(r.basis.Family)
		if !ok {
			t.Errorf("%s: expected a family instead of a list of criteria", r.ID)
		}
		want := map[string]bool{}
		for _, reason := range family.Criteria {
			want[reason.Criterion] = true
		}
		for _, reason := range r.basis.Dropped {
			delete(want, reason.Criterion)
		}
		for _, id := range r.basis.Added {
			want[id] = true
		}
		if diff := cmp.Diff(sortedKeys(want), slices.Sorted(slices.Values(r.SOC2))); diff != "" {
			t.Errorf("%s: what its family and its own reasons come to, and what it names:\n%s", r.ID, diff)
		}
		for _, reason := range slices.Concat(r.basis.Reasons, r.basis.Dropped) {
			if !isSentence(reason.Why) {
				t.Errorf("%s: %s: expected a sentence of reason, found %q", r.ID, reason.Criterion, reason.Why)
			}
		}
	}
}

// TestFamiliesHaveRules holds that families are told apart, and none is empty.
func TestFamiliesHaveRules(t *testing.T) {
	t.Parallel()
	rules, names := map[string]int{}, map[string]string{}
	for _, r := range allRules(t) {
		rules[r.basis.Family]++
	}
	for _, f := range criteria(t).Families() {
		if rules[f.ID] == 0 {
			t.Errorf("family %s has no rules", f.ID)
		}
		if !isSentence(f.Asks) || names[f.Name] != "" {
			t.Errorf("family %s: expected a name of its own, found %q, and a sentence, found %q", f.ID, f.Name, f.Asks)
		}
		names[f.Name] = f.ID
	}
}

// TestCriteriaHaveRules holds that each criterion that settings can speak for is
// named by rules, or says why by none.
func TestCriteriaHaveRules(t *testing.T) {
	t.Parallel()
	named := map[string]int{}
	for _, r := range allRules(t) {
		for _, id := range r.SOC2 {
			named[id]++
		}
	}
	for _, c := range criteria(t).All() {
		if c.Automatable != policy.Manual && (named[c.ID] == 0) != isSentence(c.NoRules) {
			t.Errorf("%s is named by %d rules, and no_rules is %q: expected one of both", c.ID, named[c.ID], c.NoRules)
		}
	}
}

// demand is what rules ask of different resources; testdata/demands.yaml has all.
type demand struct {
	Titles string            `yaml:"titles"` // a regular expression
	Family string            `yaml:"family"`
	But    map[string]string `yaml:"but"` // by rule, of those that ask something else: its family
}

// TestSameDemandSameFamily holds that rules which ask the same of different
// resources, in one cloud or several, are of one family.
func TestSameDemandSameFamily(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/demands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var demands []demand
	if err := yaml.Unmarshal(text, &demands); err != nil || len(demands) == 0 {
		t.Fatalf("read %d demands, error %v", len(demands), err)
	}
	all := allRules(t)
	for _, d := range demands {
		d.hold(t, all)
	}
}

// hold complains of rules with such a title that are of another family.
func (d demand) hold(t *testing.T, all []builtIn) {
	t.Helper()
	titles := regexp.MustCompile(d.Titles)
	seen := map[string]bool{}
	for _, r := range all {
		if !titles.MatchString(r.Title) {
			continue
		}
		seen[r.ID] = true
		want := d.Family
		if other := d.But[r.ID]; other != "" {
			want = other
		}
		if r.basis.Family != want {
			t.Errorf("%s: %q: of family %s, want %s", r.ID, r.Title, r.basis.Family, want)
		}
	}
	if len(seen) < 2 {
		t.Errorf("%s: %d rules have such a title", d.Titles, len(seen))
	}
	for id := range d.But {
		if !seen[id] {
			t.Errorf("%s: expected a title as in %s", id, d.Titles)
		}
	}
}

// TestSameExpressionSameFamily holds that rules which require the same of the same
// fields are of one family, whatever the resource; what means something else
// although it reads alike is named.
func TestSameExpressionSameFamily(t *testing.T) {
	t.Parallel()
	other := map[string]string{
		"aws-cloudtrail-bucket-not-public": "log-protection",     // of the traces
		"aws-rds-instance-not-public":      "internet-exposure",  // an address, not a share
		"aws-redshift-not-public":          "internet-exposure",  // the same
		"aws-dms-not-public":               "internet-exposure",  // the same
		"aws-sns-topic-kms-encrypted":      "encryption-at-rest", // without a key it is not encrypted at all
		"aws-guardduty-enabled":            "detection",          // of a detector, not of encryption
	}
	families, first := map[string]string{}, map[string]string{}
	for _, r := range allRules(t) {
		if family, ok := other[r.ID]; ok {
			if r.basis.Family != family {
				t.Errorf("%s: of family %s, want %s", r.ID, r.basis.Family, family)
			}
			continue
		}
		switch {
		case first[r.Require] == "":
			families[r.Require], first[r.Require] = r.basis.Family, r.ID
		case families[r.Require] != r.basis.Family:
			t.Errorf("%s is of family %s, %s of %s, and both require %s", r.ID, r.basis.Family, first[r.Require], families[r.Require], r.Require)
		}
	}
	if rules := len(allRules(t)); rules-len(first) < 50 {
		t.Errorf("%d rules have %d expressions: expected many that are alike", rules, len(first))
	}
}

// TestEncryptionAtRestIsEven holds that whatever stores data and is encrypted speaks
// for confidentiality and integrity too, whichever store it is.
func TestEncryptionAtRestIsEven(t *testing.T) {
	t.Parallel()
	named := map[string]int{}
	rules := 0
	for _, r := range allRules(t) {
		if r.basis.Family != "encryption-at-rest" {
			continue
		}
		rules++
		for _, id := range r.SOC2 {
			named[id]++
		}
	}
	for _, id := range []string{"CC6.1", "C1.1", "PI1.5"} {
		if named[id] != rules || rules == 0 {
			t.Errorf("%s is named by %d of %d rules", id, named[id], rules)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
