package services

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestDirectory(t *testing.T) {
	lacks := func(field string) string {
		return field + ": read Microsoft.Graph/applications: " + field + " was not in the answer"
	}
	var bare []string
	for _, field := range scanners.FieldsOf(Application{}) {
		bare = append(bare, lacks(field))
	}
	serviceTest{
		data: "directory",
		types: []string{
			"Microsoft.Graph/authorizationPolicy", "Microsoft.Graph/conditionalAccessPolicies", "Microsoft.Graph/users",
			"Microsoft.Graph/directoryRoles", "Microsoft.Graph/applications",
		},
		want: map[string]any{
			"authorizationPolicy directory": &AuthorizationPolicy{
				CreateApplications: true, CreateSecurityGroups: true, Consent: "any", GuestAccess: "limited", Inviters: "everyone",
			},
			"conditionalAccessPolicies directory": &ConditionalAccess{AzureManagement: true, Excluded: 2, ReportOnly: true},
			"users directory":                     &DirectoryUsers{AdminsWithoutMFA: []string{"ben@shop.example"}, WithoutMFA: 2, Users: 3, Stale: 2},
			"directoryRoles directory": &DirectoryRoles{
				GlobalAdmins: 3, EligibleAdmins: 1, AdminApplications: 1, GlobalAdminNames: []string{"Ann Lee", "Ben Oak", "Cat Ray", "deployer"},
			},
			"applications shop-good": &Application{Credentials: 1, LongestDays: 92},
			"applications shop-bad":  &Application{Credentials: 2, Expired: 1, LongestDays: 100_075},
			"applications shop-bare": &Application{},
		},
		unread: map[string][]string{"applications shop-bare": bare},
	}.run(t)
}

// TestAccessPolicies holds which policies ask everybody for MFA.
func TestAccessPolicies(t *testing.T) {
	const grant = `"grantControls": {"operator": "OR", "builtInControls": ["mfa"]}`
	policy := func(conditions, grants string) string {
		return `{"state": "enabled", "conditions": {"clientAppTypes": ["all"], ` + conditions + `}, ` + grants + `}`
	}
	const everybody = `"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]}`
	admins, err := json.Marshal(administratorRoles)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		policy              string
		management, portals bool
	}{
		"all users, all applications": {policy(everybody, grant), true, true},
		"administrators":              {policy(`"users": {"includeRoles": `+string(admins)+`}, "applications": {"includeApplications": ["MicrosoftAdminPortals"]}`, grant), false, true},
		"some of the administrators":  {policy(`"users": {"includeRoles": ["`+globalAdministrator+`"]}, "applications": {"includeApplications": ["MicrosoftAdminPortals"]}`, grant), false, false},
		"a group":                     {policy(`"users": {"includeGroups": ["a"]}, "applications": {"includeApplications": ["All"]}`, grant), false, false},
		"but guests":                  {policy(`"users": {"includeUsers": ["All"], "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"}}, "applications": {"includeApplications": ["All"]}`, grant), false, false},
		"but a role":                  {policy(`"users": {"includeUsers": ["All"], "excludeRoles": ["`+globalAdministrator+`"]}, "applications": {"includeApplications": ["All"]}`, grant), false, false},
		"but the portals":             {policy(`"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"], "excludeApplications": ["MicrosoftAdminPortals"]}`, grant), true, false},
		"but some applications":       {policy(`"users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"], "applicationFilter": {"mode": "exclude", "rule": "x"}}`, grant), false, false},
		"all places":                  {policy(everybody+`, "locations": {"includeLocations": ["All"], "excludeLocations": []}`, grant), true, true},
		"but trusted places":          {policy(everybody+`, "locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}`, grant), false, false},
		"one platform":                {policy(everybody+`, "platforms": {"includePlatforms": ["android"]}`, grant), false, false},
		"at risk":                     {policy(everybody+`, "signInRiskLevels": ["high"]`, grant), false, false},
		"a condition to come":         {policy(everybody+`, "moonPhases": ["full"]`, grant), false, false},
		"browsers only":               {`{"state": "enabled", "conditions": {"clientAppTypes": ["browser"], ` + everybody + `}, ` + grant + `}`, false, false},
		"or a managed device":         {policy(everybody, `"grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}`), false, false},
		"and a managed device":        {policy(everybody, `"grantControls": {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}`), true, true},
		"a strength":                  {policy(everybody, `"grantControls": {"operator": "OR", "builtInControls": [], "authenticationStrength": {"requirementsSatisfied": "mfa"}}`), true, true},
		"a weak strength":             {policy(everybody, `"grantControls": {"operator": "OR", "builtInControls": [], "authenticationStrength": {"requirementsSatisfied": "none"}}`), false, false},
		"nothing asked":               {policy(everybody, `"grantControls": null`), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var p accessPolicy
			if err := json.Unmarshal([]byte(test.policy), &p); err != nil {
				t.Fatal(err)
			}
			if got := p.asksFor(azureManagement, false); got != test.management {
				t.Errorf("management: %v", got)
			}
			if got := p.asksFor(adminPortals, true); got != test.portals {
				t.Errorf("portals: %v", got)
			}
		})
	}
}

// TestDirectoryVariants holds what is not known, and what has a meaning where it
// is not there.
func TestDirectoryVariants(t *testing.T) {
	const (
		policies = "-- GET /v1.0/identity/conditionalAccess/policies?$select=id,state,conditions,grantControls --\n"
		settings = "-- GET /v1.0/policies/authorizationPolicy --\n"
		eligible = `/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$expand=principal&$filter=roleDefinitionId eq '62e90394-69f5-4237-9190-012177145e10' --` + "\n"
		active   = `-- GET /v1.0/roleManagement/directory/roleAssignments?$expand=principal&$filter=roleDefinitionId eq '62e90394-69f5-4237-9190-012177145e10' --` + "\n"
		mfa      = "/v1.0/reports/authenticationMethods/userRegistrationDetails?$select=id,userPrincipalName,userType,isAdmin,isMfaCapable&$top=999 --\n"
	)
	for name, test := range map[string]struct {
		answers, typ string
		want         map[string]posture.Reason
	}{
		"a state to come": {policies + `{"value": [{"state": "paused", "conditions": {}}]}`, "Microsoft.Graph/conditionalAccessPolicies",
			reasons(posture.NotUnderstood, conditionalFields...)},
		"no policies":              {policies + `{"value": []}`, "Microsoft.Graph/conditionalAccessPolicies", nil},
		"an own consent policy":    {settings + `{"allowInvitesFrom": "none", "guestUserRoleId": "2af84b1e-32c8-42b7-82bc-daa82404023b", "defaultUserRolePermissions": {"allowedToCreateApps": false, "allowedToCreateSecurityGroups": false, "allowedToCreateTenants": false, "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.our-own"]}}`, "Microsoft.Graph/authorizationPolicy", reasons(posture.NotUnderstood, "consent")},
		"an old policy":            {settings + `{"allowInvitesFrom": "none"}`, "Microsoft.Graph/authorizationPolicy", reasons(posture.NotAnswered, "consent", "create_applications", "create_security_groups", "create_tenants", "guest_access")},
		"a role of guests to come": {settings + `{"allowInvitesFrom": "friends", "guestUserRoleId": "x", "defaultUserRolePermissions": {"allowedToCreateApps": false, "allowedToCreateSecurityGroups": false, "allowedToCreateTenants": false, "permissionGrantPoliciesAssigned": []}}`, "Microsoft.Graph/authorizationPolicy", reasons(posture.NotUnderstood, "guest_access", "inviters")},
		"no licence for the report": {"-- GET 403 " + mfa + `{"error": {"code": "Authentication_RequestFromNonPremiumTenantOrB2CTenant"}}`, "Microsoft.Graph/users",
			reasons(posture.NoLicence, mfaFields...)},
		"nobody is eligible without a licence": {"-- GET 400 " + eligible + `{"error": {"code": "AadPremiumLicenseRequired"}}`, "Microsoft.Graph/directoryRoles", nil},
		"a holder who is not shown":            {active + `{"value": [{"id": "a", "principal": null}]}`, "Microsoft.Graph/directoryRoles", reasons(posture.NotAnswered, globalFields...)},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveWith(t, test.answers, "directory")
			root := engine.Root{Tenant: enginetest.Tenant, Directory: true}
			result := enginetest.Scan(t, Registry(), root, enginetest.Options(server), enginetest.Everything(Registry(), test.typ))
			if len(result.Resources) != 1 {
				t.Fatalf("%d resources", len(result.Resources))
			}
			got := map[string]posture.Reason{}
			for _, u := range result.Resources[0].Unread {
				got[u.Field] = u.Cause.Reason
			}
			for field, why := range test.want {
				if got[field] != why {
					t.Errorf("%s: %q, want %q", field, got[field], why)
				}
				delete(got, field)
			}
			if len(got) != 0 {
				t.Errorf("unread too: %v", got)
			}
		})
	}
}

// TestEmptyDirectory holds that a tenant without a user is an answer that lacks
// something.
func TestEmptyDirectory(t *testing.T) {
	const empty = `-- GET /v1.0/reports/authenticationMethods/userRegistrationDetails?$select=id,userPrincipalName,userType,isAdmin,isMfaCapable&$top=999 --
{"value": []}
-- GET /v1.0/users?$select=id,accountEnabled,createdDateTime,signInActivity&$top=500 --
{"value": []}
`
	result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant, Directory: true}, enginetest.Options(serveWith(t, empty, "directory")), enginetest.Everything(Registry(), "Microsoft.Graph/users"))
	var unread []string
	for _, u := range result.Resources[0].Unread {
		unread = append(unread, u.Field)
	}
	slices.Sort(unread)
	if want := []string{"admins_without_mfa", "stale", "users", "without_mfa"}; !slices.Equal(unread, want) {
		t.Errorf("unread %v, want %v", unread, want)
	}
}

// TestLastSignIn holds that accounts older than the record of their creation count
// from their last sign-in.
func TestLastSignIn(t *testing.T) {
	early, late := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	type activity = struct{ LastSuccessfulSignInDateTime *time.Time }
	for name, test := range map[string]struct {
		user signIns
		want time.Time
	}{
		"never, and no creation": {signIns{}, time.Time{}},
		"only its creation":      {signIns{CreatedDateTime: &early}, early},
		"only a sign-in":         {signIns{SignInActivity: &activity{&late}}, late},
		"a failed sign-in":       {signIns{CreatedDateTime: &early, SignInActivity: &activity{}}, early},
		"both":                   {signIns{CreatedDateTime: &early, SignInActivity: &activity{&late}}, late},
	} {
		if got := test.user.last(); !got.Equal(test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
