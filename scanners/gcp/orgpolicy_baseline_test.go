package gcp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/orgpolicy/v2"

	"posture/internal/posture"
)

func TestOrgPolicies(t *testing.T) {
	serviceTest{
		data: "orgpolicy", types: []string{typeOrgPolicy},
		schemas: map[string]any{typeOrgPolicy + " v2": orgpolicy.GoogleCloudOrgpolicyV2Policy{}},
		want: map[string]any{
			"3001": &OrgPolicies{Level: "organization", DomainsRestricted: true, KeyCreationDisabled: true},
			"2001": &OrgPolicies{
				Level: "folder", DomainsRestricted: true, KeyCreationDisabled: true, PublicAccessPrevented: true, LocationsLimited: true,
			},
			"shop-prod": &OrgPolicies{
				Level: "project", DomainsRestricted: true, KeyCreationDisabled: true, PublicAccessPrevented: true, LocationsLimited: true,
			},
			"shop-lab":  &OrgPolicies{Level: "project", DomainsRestricted: true, KeyCreationDisabled: true},
			"shop-test": &OrgPolicies{Level: "project"},
		},
	}.run(t)
}

// TestOrgPoliciesOfOneProject: what the project says itself is decided, what
// may be said above it is asked for.
func TestOrgPoliciesOfOneProject(t *testing.T) {
	server := serve(t, "orgpolicy")
	for name, rules := range map[string]string{
		"iam.managed.allowedPolicyMembers":     `{"enforce": true}`,
		"iam.disableServiceAccountKeyCreation": `{"enforce": false}`,
		"gcp.resourceLocations":                `{"values": {"allowedValues": ["in:eu-locations"]}}`,
	} {
		server.AnswerJSON("GET /v2/projects/100000000002/policies/"+name+":getEffectivePolicy",
			`{"name": "projects/100000000002/policies/`+name+`", "spec": {"rules": [`+rules+`]}}`)
	}
	got := scan(t, open(t, server, must[Scope](t)(InProject("shop-test"))), everything(typeOrgPolicy)).resources["shop-test"]
	if diff := cmp.Diff(&OrgPolicies{Level: "project", DomainsRestricted: true, LocationsLimited: true}, got.Doc); diff != "" {
		t.Error(diff)
	}
	refused := posture.Cause{Reason: posture.Denied, Operation: opEffectivePolicy, Code: "PERMISSION_DENIED", Permission: "orgpolicy.policy.get"}
	if diff := cmp.Diff([]posture.Unread{{Field: "public_access_prevented", Cause: refused}}, got.Unread); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	eu := constraint{Allowed: []string{"in:eu-locations"}}
	adds := constraint{Allowed: []string{"in:us-locations"}, Inherits: true}
	open := constraint{AllowAll: true}
	for name, test := range map[string]struct {
		policies     []constraint // the nearest first
		yes, decided bool
	}{
		"nothing set":                    {nil, false, false},
		"named values":                   {[]constraint{eu}, true, true},
		"all denied":                     {[]constraint{{DenyAll: true}, open}, true, true},
		"all allowed below":              {[]constraint{open, eu}, false, true},
		"the default below":              {[]constraint{{Restores: true}, eu}, false, true},
		"some denied":                    {[]constraint{{Denied: []string{"x"}}}, false, true},
		"adds to named values":           {[]constraint{adds, eu}, true, true},
		"adds to all":                    {[]constraint{adds, open}, false, true},
		"adds to what is not known":      {[]constraint{adds}, true, false},
		"denies some of named values":    {[]constraint{{Denied: []string{"x"}, Inherits: true}, eu}, true, true},
		"adds, and above some is denied": {[]constraint{adds, {Denied: []string{"x"}}}, true, true},
	} {
		if yes, decided := limits(test.policies); yes != test.yes || decided != test.decided {
			t.Errorf("%s: %v, decided %v", name, yes, decided)
		}
	}
}

func TestConstraintOfConditions(t *testing.T) {
	if diff := cmp.Diff(constraint{Name: "c", Enforced: true}, constraintOf(t, `{"enforce": true}`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(constraint{Name: "c", AllowAll: true}, constraintOf(t, `{"enforce": true, "condition": {"expression": "x"}}`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(constraint{Name: "c"}, constraintOf(t, `{"enforce": true}, {"condition": {"expression": "x"}}`)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(constraint{Name: "c", DenyAll: true}, constraintOf(t, `{"denyAll": true}`)); diff != "" {
		t.Error(diff)
	}
}

func constraintOf(t *testing.T, rules string) constraint {
	t.Helper()
	var data orgPolicyData
	a := asset{Data: []byte(`{"name": "projects/1/policies/c", "spec": {"rules": [` + rules + `]}}`)}
	if err := a.decode(&data); err != nil {
		t.Fatal(err)
	}
	return data.constraint()
}
