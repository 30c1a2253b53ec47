package services

import (
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

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

// exemptAssignments are two initiatives: from one the whole subscription is
// exempt, from the other in part, in the past, or somebody else.
const exemptAssignments = `
-- table policyresources --
[
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/exempt", "name": "exempt", "type": "microsoft.authorization/policyassignments", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyDefinitionId": "/providers/Microsoft.Authorization/policySetDefinitions/4054785f-702b-4a98-9215-009cbd58b141", "scope": "/subscriptions/11111111-2222-3333-4444-555555555555", "enforcementMode": "Default"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/kept", "name": "kept", "type": "microsoft.authorization/policyassignments", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyDefinitionId": "/providers/Microsoft.Authorization/policySetDefinitions/4054785f-702b-4a98-9215-009cbd58b141", "scope": "/subscriptions/11111111-2222-3333-4444-555555555555", "enforcementMode": "Default"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyExemptions/whole", "name": "whole", "type": "microsoft.authorization/policyexemptions", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyAssignmentId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/Exempt", "exemptionCategory": "Waiver"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyExemptions/some", "name": "some", "type": "microsoft.authorization/policyexemptions", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyAssignmentId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/kept", "exemptionCategory": "Waiver", "policyDefinitionReferenceIds": ["mfa"]}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyExemptions/past", "name": "past", "type": "microsoft.authorization/policyexemptions", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyAssignmentId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/kept", "exemptionCategory": "Waiver", "expiresOn": "2026-11-01T00:00:00Z"}},
  {"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/lab/providers/Microsoft.Authorization/policyExemptions/lab", "name": "lab", "type": "microsoft.authorization/policyexemptions", "subscriptionId": "11111111-2222-3333-4444-555555555555",
   "properties": {"policyAssignmentId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/kept", "exemptionCategory": "Waiver"}},
  {"id": "/providers/Microsoft.Management/managementGroups/elsewhere/providers/Microsoft.Authorization/policyExemptions/away", "name": "away", "type": "microsoft.authorization/policyexemptions", "subscriptionId": "",
   "properties": {"policyAssignmentId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/policyAssignments/kept", "exemptionCategory": "Waiver"}}
]
`

// TestPolicyExemptions: an initiative from which the whole subscription is exempt
// does not hold for it.
func TestPolicyExemptions(t *testing.T) {
	t.Parallel()
	more, err := azuretest.Parse(txtar.Parse([]byte(exemptAssignments)))
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, "governance")
	server.Change(more)
	result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), assignmentType))
	doc, ok := result.Resources[0].Doc.(*PolicyAssignments)
	if !ok || len(result.Resources[0].Unread) > 0 {
		t.Fatalf("%+v", result.Resources[0])
	}
	named := func(name string) bool {
		return slices.ContainsFunc(doc.Initiatives, func(i Initiative) bool { return i.Name == name })
	}
	if named("exempt") || !named("kept") {
		t.Errorf("%+v", doc.Initiatives)
	}
}
