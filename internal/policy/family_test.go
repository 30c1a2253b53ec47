package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBasis shows which criteria a rule supports and why: always in the order of
// the criteria.
func TestBasis(t *testing.T) {
	family := "family: tls"
	for _, c := range []struct {
		name, soc2 string
		want       Basis
	}{
		{"a list", "soc2: [CC6.7, CC6.1]", Basis{Reasons: []Reason{{"CC6.1", ""}, {"CC6.7", ""}}}},
		{"a family", family, Basis{Family: "tls", Reasons: []Reason{{"CC6.1", "access"}, {"CC6.7", "in transit"}}}},
		{"dropped", family + "\ncriteria: {drop: [{id: CC6.1, why: not here}]}", Basis{
			Family: "tls", Reasons: []Reason{{"CC6.7", "in transit"}}, Dropped: []Reason{{"CC6.1", "not here"}},
		}},
		{"added", family + "\ncriteria: {add: [{id: C1.1, why: held}]}", Basis{
			Family: "tls", Reasons: []Reason{{"CC6.1", "access"}, {"CC6.7", "in transit"}, {"C1.1", "held"}}, Added: []string{"C1.1"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Load(testOptions(t, map[string]string{"a.yaml": strings.Replace(ruleText("a", "resource.versioning"), "soc2: [CC6.1]", c.soc2, 1)}))
			if err != nil {
				t.Fatal(err)
			}
			got, ok := p.Basis("a")
			if diff := cmp.Diff(c.want, got); diff != "" || !ok {
				t.Errorf("found %t\n%s", ok, diff)
			}
			if diff := cmp.Diff(c.want.IDs(), p.Rules()[0].SOC2); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, ok := loadRules(t, nil).Basis("a"); ok {
		t.Errorf("of a rule that there is not: %+v", got)
	}
}
