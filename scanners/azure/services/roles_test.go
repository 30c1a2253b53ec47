package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

const (
	rolesType       = "Microsoft.Authorization/roleAssignments"
	definitionsType = "Microsoft.Authorization/roleDefinitions"
)

func TestRoles(t *testing.T) {
	const ben = "00000002-0000-0000-0000-000000000000"
	serviceTest{
		data:  "roles",
		types: []string{rolesType, definitionsType},
		want: map[string]any{
			"roleAssignments shop-prod": &RoleAssignments{
				Owners: 3, OwnerApplications: 1, // Ann twice, Cat by a group, Dan who may activate it; who was deleted is none
				Guests:       []string{"Eve Sun: Contributor at resource group shop"},
				Blocked:      []string{"Dan Fox: Owner at the subscription", "Dan Fox: Reader at shopgood"},
				AccessAdmins: []string{ben}, AccessAdminPaths: []string{"user " + ben + " at the tenant's root"},
			},
			"roleDefinitions shop-prod": &RoleDefinitions{Custom: 2, FullAccess: []string{"Deployer"}},
		},
	}.run(t)
}

// scanRoles returns what is read of the subscription's roles with other answers
// than those of the test data, and why fields are unread.
func scanRoles(t *testing.T, answers string) (doc *RoleAssignments, unread map[string]posture.Cause) {
	t.Helper()
	server := serveWith(t, answers, "roles")
	root := engine.Root{Tenant: enginetest.Tenant}
	result := enginetest.Scan(t, Registry(), root, enginetest.Options(server), enginetest.Everything(Registry(), rolesType))
	if len(result.Resources) != 1 {
		t.Fatalf("%d resources", len(result.Resources))
	}
	unread = map[string]posture.Cause{}
	for _, u := range result.Resources[0].Unread {
		unread[u.Field] = u.Cause
	}
	return result.Resources[0].Doc.(*RoleAssignments), unread
}

// TestRoleVariants holds what changes who counts, and what is not known.
func TestRoleVariants(t *testing.T) {
	const (
		at     = "-- GET /subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/"
		fields = "?$select=id,displayName,userPrincipalName,userType,accountEnabled"
		team   = "/v1.0/groups/00000007-0000-0000-0000-000000000000/transitiveMembers" + fields + "&$top=999 --\n"
		dan    = "/v1.0/users/00000004-0000-0000-0000-000000000000" + fields + " --\n"
		denial = at + `denyAssignments --
{"value": [{"properties": {"scope": "/subscriptions/11111111-2222-3333-4444-555555555555", "doNotApplyToChildScopes": false, "permissions": [{"actions": ["*"], "notActions": []}],
  "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}], "excludePrincipals": [{"id": "00000001-0000-0000-0000-000000000000", "type": "User"}]}}]}
`
	)
	for name, test := range map[string]struct {
		answers string
		owners  int64 // people
		unread  map[string]posture.Reason
	}{
		"a deny assignment leaves one owner": {denial, 1, nil},
		"nobody may activate roles without a licence": {`-- GET 400 /subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/roleEligibilityScheduleInstances --
{"error": {"code": "AadPremiumLicenseRequired", "message": "no licence"}}`, 2, nil},
		"the group is not readable": {"-- GET 403 " + team + `{"error": {"code": "Authorization_RequestDenied"}}`, 0, reasons(posture.Denied, peopleFields...)},
		"the group was deleted":     {"-- GET 404 " + team + `{"error": {"code": "Request_ResourceNotFound"}}`, 2, nil},
		"members without their kind": {"-- GET " + team + `{"value": [{"id": "00000003-0000-0000-0000-000000000000"}]}`, 0,
			reasons(posture.NotAnswered, peopleFields...)},
		"an account that may not be read": {"-- GET " + dan + `{"id": "00000004-0000-0000-0000-000000000000", "displayName": null, "accountEnabled": null}`, 3,
			reasons(posture.NotAnswered, "blocked", "guests")},
		"a group of another tenant": {at + `roleAssignments --
{"value": [{"properties": {"scope": "/subscriptions/11111111-2222-3333-4444-555555555555", "roleDefinitionId": "/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "principalId": "1", "principalType": "ForeignGroup"}}]}`, 1,
			reasons(posture.NotUnderstood, peopleFields...)},
		"a role that is not listed": {at + `roleAssignments --
{"value": [{"properties": {"scope": "/", "roleDefinitionId": "/x/none", "principalId": "1", "principalType": "User"}}]}`, 1,
			reasons(posture.NotUnderstood, accessFields...)},
		"an assignment that does not say where": {at + `roleAssignments --
{"value": [{"properties": {"roleDefinitionId": "/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "principalId": "00000001-0000-0000-0000-000000000000", "principalType": "User"}}]}`, 1,
			reasons(posture.NotUnderstood, accessFields...)},
		"a denial that does not say where": {at + `denyAssignments --
{"value": [{"properties": {"permissions": [{"actions": ["*"], "notActions": []}], "principals": [{"id": "00000000-0000-0000-0000-000000000000"}]}}]}`, 3,
			reasons(posture.NotUnderstood, ownerFields...)},
	} {
		t.Run(name, func(t *testing.T) {
			doc, unread := scanRoles(t, test.answers)
			why := map[string]posture.Reason{}
			for field, cause := range unread {
				why[field] = cause.Reason
			}
			if test.unread == nil {
				test.unread = map[string]posture.Reason{}
			}
			if diff := cmp.Diff(test.unread, why); diff != "" {
				t.Error(diff)
			}
			if doc.Owners != test.owners {
				t.Errorf("%d owners, want %d", doc.Owners, test.owners)
			}
		})
	}
}

// reasons returns one reason for each of the fields.
func reasons(why posture.Reason, fields ...string) map[string]posture.Reason {
	all := map[string]posture.Reason{}
	for _, field := range fields {
		all[field] = why
	}
	return all
}
