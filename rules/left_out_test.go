package rules_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"posture/rules"
)

// leftOut is what public lists check and no rule does.
type leftOut struct{ Provider, ID, Reason string }

// TestLeftOut holds that what is left out is no rule, has a reason, and that the
// rules which the reason names are there.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	var list []leftOut
	if err := yaml.Unmarshal(rules.LeftOut, &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range allRules(t) {
		known[r.ID] = true
	}
	for _, l := range list {
		if !slices.ContainsFunc(rules.Clouds(), func(c rules.Cloud) bool { return c.Name == l.Provider && strings.HasPrefix(l.ID, c.Name+"-") }) || !isSentence(strings.TrimSpace(l.Reason)) {
			t.Errorf("%s: provider %q, reason %q", l.ID, l.Provider, l.Reason)
		}
		if known[l.ID] {
			t.Errorf("%s is a rule", l.ID)
		}
		for _, word := range strings.FieldsFunc(l.Reason, func(r rune) bool { return strings.ContainsRune(" ,;:.\n", r) }) {
			if strings.HasPrefix(word, l.Provider+"-") && !known[word] {
				t.Errorf("%s: the reason names %s, which is no rule", l.ID, word)
			}
		}
	}
	if !slices.IsSortedFunc(list, func(a, b leftOut) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the list is not in the order of ids")
	}
}
