package services

import (
	"testing"

	"posture/scanners/azure/engine"
)

func TestDefender(t *testing.T) {
	t.Parallel()
	serviceTest{
		data:  "defender",
		types: []string{pricingType, securityContacts.Name},
		want: map[string]any{
			"pricings shop-prod": &DefenderPlans{
				On: []string{"Arm", "Containers"}, Partial: []string{"VirtualMachines"}, Off: []string{"AppServices", "KeyVaults"}, Retired: []string{"Dns", "KubernetesService"},
			},
			"securityContacts shop-prod": &SecurityContact{HasEmail: true, AlertSeverity: "Medium", Owners: true},
		},
	}.run(t)
}

// TestDefenderUnlisted: where no plan is listed, none is taken for off.
func TestDefenderUnlisted(t *testing.T) {
	t.Parallel()
	lacks := lackingOf(pricingType)
	serviceTest{
		data: "governance", types: []string{pricingType},
		want:   map[string]any{"pricings shop-prod": &DefenderPlans{}},
		unread: map[string][]string{"pricings shop-prod": {lacks("on"), lacks("partial"), lacks("off"), lacks("retired")}},
	}.run(t)
}

// TestPlanLists: a plan that Defender for Cloud says something new of is on no
// list that would pass.
func TestPlanLists(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tier, coverage string
		want           string
		unread         bool
	}{
		"on":                {"Standard", "FullyCovered", "on", false},
		"of an older API":   {"standard", "", "on", false},
		"for some":          {"Standard", "PartiallyCovered", "partial", false},
		"for none":          {"Standard", "NotCovered", "off", false},
		"a new coverage":    {"Standard", "Odd", "off", true},
		"off":               {"Free", "", "off", false},
		"off, on for some":  {"Free", "PartiallyCovered", "off", false},
		"a new tier":        {"Premium", "FullyCovered", "off", true},
		"nothing is known ": {"", "", "off", true},
	} {
		var plan engine.Joined[pricing]
		plan.Name = "VirtualMachines"
		plan.Data.Properties.PricingTier, plan.Data.Properties.ResourcesCoverageStatus = c.tier, c.coverage
		r, doc := &engine.Reading{}, &DefenderPlans{}
		got := map[*[]string]string{&doc.On: "on", &doc.Partial: "partial", &doc.Off: "off", &doc.Retired: "retired"}[doc.listOf(r, plan)]
		if got != c.want || len(r.Unread()) > 0 != c.unread {
			t.Errorf("%s: %s, unread %v", name, got, r.Unread())
		}
	}
}
