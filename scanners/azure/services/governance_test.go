package services

import "testing"

func TestGovernance(t *testing.T) {
	t.Parallel()
	serviceTest{
		data:  "governance",
		types: []string{assignmentType, resourceGroups.Name},
		want: map[string]any{
			"policyAssignments shop-prod": &PolicyAssignments{Initiatives: []Initiative{
				{Name: "Defender for Cloud default", Definition: "1f3afdf9-d0c9-4c3d-847f-89da613e70a8", Enforced: true, Disabled: []string{"identityEffect"}},
				{Name: "overridden", Definition: "4054785f-702b-4a98-9215-009cbd58b141", Enforced: true, Disabled: []string{"backup", "mfa"}},
				{Name: "own", Definition: "/providers/microsoft.management/managementgroups/platform/providers/microsoft.authorization/policysetdefinitions/baseline"},
				{Name: "selected", Definition: "4054785f-702b-4a98-9215-009cbd58b141", Disabled: []string{"all, or all but some"}, Narrowed: true},
			}},
			"resourceGroups Shop":                   &ResourceGroup{DeleteLock: true},
			"resourceGroups open":                   &ResourceGroup{},
			"resourceGroups MC_shop_aks_westeurope": &ResourceGroup{Managed: true},
		},
	}.run(t)
}
