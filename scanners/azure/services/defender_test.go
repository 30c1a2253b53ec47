package services

import "testing"

func TestDefender(t *testing.T) {
	t.Parallel()
	serviceTest{
		data:  "defender",
		types: []string{pricingType, securityContacts.Name},
		want: map[string]any{
			"pricings shop-prod": &DefenderPlans{
				On: []string{"Arm", "Containers"}, Partial: []string{"VirtualMachines"}, Off: []string{"AppServices"}, Retired: []string{"Dns", "KubernetesService"},
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
