package services

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/orgpolicy/v2"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// underCondition is the cause of a field that a condition decides.
var underCondition = posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typeOrgPolicy, Code: "in force under a condition"}

func TestOrgPolicies(t *testing.T) {
	t.Parallel()
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
			"shop-lab":  &OrgPolicies{Level: "project", DomainsRestricted: true}, // the key policy is reset
			"shop-test": &OrgPolicies{Level: "project"},
		},
		unread: map[string][]posture.Unread{"shop-test": {{Field: "key_creation_disabled", Cause: underCondition}}},
	}.run(t)
}

// TestOrgPoliciesOfOneProject: what the project says itself is decided, what
// may be said above it is asked for.
func TestOrgPoliciesOfOneProject(t *testing.T) {
	t.Parallel()
	server := bench.Serve(t, "orgpolicy")
	for name, rules := range map[string]string{
		"iam.managed.allowedPolicyMembers":             `{"enforce": true}`,
		"iam.disableServiceAccountKeyCreation":         `{"enforce": false}`,
		"iam.managed.disableServiceAccountKeyCreation": `{"enforce": false}`,
		"gcp.resourceLocations":                        `{"values": {"allowedValues": ["in:eu-locations"]}}`,
	} {
		server.AnswerJSON("GET /v2/projects/100000000002/policies/"+name+":getEffectivePolicy",
			`{"name": "projects/100000000002/policies/`+name+`", "spec": {"rules": [`+rules+`]}}`)
	}
	got := enginetest.Scan(t, bench.Open(t, server, enginetest.Must[engine.Root](t)(engine.InProject("shop-test"))), bench.Everything(typeOrgPolicy)).Resources["shop-test"]
	if diff := cmp.Diff(&OrgPolicies{Level: "project", DomainsRestricted: true, LocationsLimited: true}, got.Doc); diff != "" {
		t.Error(diff)
	}
	refused := posture.Cause{Reason: posture.Denied, Operation: opEffectivePolicy, Code: "PERMISSION_DENIED", Permission: "orgpolicy.policy.get"}
	if diff := cmp.Diff([]posture.Unread{{Field: "public_access_prevented", Cause: refused}}, got.Unread); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	eu := engine.Constraint{Allowed: []string{"in:eu-locations"}}
	adds := engine.Constraint{Allowed: []string{"in:us-locations"}, Inherits: true}
	open := engine.Constraint{AllowAll: true}
	for name, test := range map[string]struct {
		policies     []engine.Constraint // the nearest first
		yes, decided bool
	}{
		"nothing set":                    {nil, false, false},
		"named values":                   {[]engine.Constraint{eu}, true, true},
		"all denied":                     {[]engine.Constraint{{DenyAll: true}, open}, true, true},
		"all allowed below":              {[]engine.Constraint{open, eu}, false, true},
		"the default below":              {[]engine.Constraint{{Restores: true}, eu}, false, true},
		"some denied":                    {[]engine.Constraint{{Denied: []string{"x"}}}, false, true},
		"adds to named values":           {[]engine.Constraint{adds, eu}, true, true},
		"adds to all":                    {[]engine.Constraint{adds, open}, false, true},
		"adds to what is not known":      {[]engine.Constraint{adds}, true, false},
		"denies some of named values":    {[]engine.Constraint{{Denied: []string{"x"}, Inherits: true}, eu}, true, true},
		"adds, and above some is denied": {[]engine.Constraint{adds, {Denied: []string{"x"}}}, true, true},
	} {
		if yes, decided := limits(test.policies); yes != test.yes || decided != test.decided {
			t.Errorf("%s: %v, decided %v", name, yes, decided)
		}
	}
}

// TestConstraintOfConditions: what a condition decides is not known, unless
// every rule says the same.
func TestConstraintOfConditions(t *testing.T) {
	t.Parallel()
	const when = `, "condition": {"expression": "resource.matchTag('3001/env', 'prod')"}}`
	for rules, want := range map[string]engine.Constraint{
		`{"enforce": true}`:                                                 {Enforced: true},
		`{"enforce": false}`:                                                {},
		`{"enforce": true` + when:                                           {Depends: true},
		`{"enforce": true}, {"enforce": false` + when:                       {Depends: true},
		`{"enforce": true` + when + `, {"enforce": false}`:                  {Depends: true},
		`{"enforce": true}, {"enforce": true` + when:                        {Enforced: true},
		`{"enforce": false}, {"enforce": false` + when:                      {},
		`{"denyAll": true}`:                                                 {DenyAll: true},
		`{"denyAll": true}, {"allowAll": true` + when:                       {Depends: true},
		`{"allowAll": true}, {"denyAll": true` + when:                       {Depends: true},
		`{"values": {"allowedValues": ["in:eu"]}` + when:                    {Depends: true},
		`{"values": {"deniedValues": ["in:eu-locations"]}}`:                 {Denied: []string{"in:eu-locations"}},
		`{"denyAll": true}, {"values": {"allowedValues": ["in:eu"]}` + when: {Allowed: []string{"in:eu"}},
	} {
		want.Name = "c"
		if diff := cmp.Diff(want, constraintOf(t, rules)); diff != "" {
			t.Errorf("%s: %s", rules, diff)
		}
	}
}

func constraintOf(t *testing.T, rules string) engine.Constraint {
	t.Helper()
	var data orgPolicyData
	if err := json.Unmarshal([]byte(`{"name": "projects/1/policies/c", "spec": {"rules": [`+rules+`]}}`), &data); err != nil {
		t.Fatal(err)
	}
	return data.constraint()
}

// TestOrgPoliciesOfAnExport: a policy that is known counts where nothing is
// known of what is nearer; what is not enforced there may be so all the same.
func TestOrgPoliciesOfAnExport(t *testing.T) {
	t.Parallel()
	line := func(enforced bool) string {
		return fmt.Sprintf(`{"name": "//cloudresourcemanager.googleapis.com/organizations/3001", "asset_type": %q, "ancestors": ["organizations/3001"],`+
			` "org_policy": [{"constraint": "constraints/iam.disableServiceAccountKeyCreation", "boolean_policy": {"enforced": %v}}]}`+"\n", engine.TypeOrganization, enforced)
	}
	hierarchy := strings.ReplaceAll(bench.Text(t, "hierarchy"), "storage.publicAccessPrevention", "x.y")
	for enforced, want := range map[bool]string{true: "true unread: false", false: "false unread: true"} {
		found := enginetest.Scan(t, bench.Export(t, hierarchy, line(enforced)), bench.Everything(typeOrgPolicy)).Resources["shop-lab"]
		doc, _ := found.Doc.(*OrgPolicies)
		got := fmt.Sprintf("%v unread: %v", doc.KeyCreationDisabled, slices.Contains(enginetest.Unread(found), "key_creation_disabled"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
