package services

import (
	"testing"
	"time"

	"google.golang.org/api/iam/v1"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

var iamSchemas = map[string]any{
	serviceAccounts.Name + " v1":   iam.ServiceAccount{},
	typeAccountKey + " v1":         iam.ServiceAccountKey{},
	identityProviders.Name + " v1": iam.WorkloadIdentityPoolProvider{},
}

// strangeOf returns the cause of a field that holds what is not known.
func strangeOf(s *engine.Service, what string) posture.Cause {
	return posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + s.Name, Code: "unknown " + what}
}

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "iam", types: []string{serviceAccounts.Name}, schemas: iamSchemas,
		want: map[string]any{
			"shop@shop-prod.iam.gserviceaccount.com": &ServiceAccount{Email: "shop@shop-prod.iam.gserviceaccount.com"},
			"deploy@shop-test.iam.gserviceaccount.com": &ServiceAccount{
				Email: "deploy@shop-test.iam.gserviceaccount.com", UserKeys: []string{"b1", "b2", "b3"},
				AdminGrants: []engine.Grant{{
					Role: "roles/storage.admin", Member: "serviceAccount:deploy@shop-test.iam.gserviceaccount.com", On: "projects/100000000002",
				}},
			},
			"old@shop-test.iam.gserviceaccount.com": &ServiceAccount{Email: "old@shop-test.iam.gserviceaccount.com", Disabled: true},
		},
		unread: map[string][]posture.Unread{
			"old@shop-test.iam.gserviceaccount.com": {{Field: "user_keys", Cause: strangeOf(&serviceAccounts, "type of a key")}},
		},
	}.run(t)
}

// TestNamelessKeys: an account without a number has no keys of others.
func TestNamelessKeys(t *testing.T) {
	t.Parallel()
	key := engine.Joined[keyData]{Name: "//iam.googleapis.com/projects/p/serviceAccounts/1/keys/k"}
	if found := keysByAccount([]engine.Joined[keyData]{key}); len(found) != 1 || len(found["1"]) != 1 {
		t.Errorf("keys by account: %v", found)
	}
}

func TestServiceAccountKeys(t *testing.T) {
	t.Parallel()
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	prod, test := "110000000000000000001", "110000000000000000002"
	refused := posture.Cause{
		Reason: posture.Denied, Operation: opKeyUse, Code: "PERMISSION_DENIED",
		Permission: "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
	}
	serviceTest{
		data: "iam", types: []string{typeAccountKey}, schemas: iamSchemas,
		rest: map[string]string{
			"GET /v1/projects/100000000002/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities:query": `{"activities": [
				{"fullResourceName": "//iam.googleapis.com/projects/shop-test/serviceAccounts/110000000000000000002/keys/b1",
				 "activityType": "serviceAccountKeyLastAuthentication", "activity": {"lastAuthenticatedTime": "2026-11-18T08:00:00Z"}},
				{"fullResourceName": "//iam.googleapis.com/projects/shop-test/serviceAccounts/110000000000000000002/keys/b2",
				 "activityType": "serviceAccountKeyLastAuthentication", "activity": {"serviceAccountKey": {"projectNumber": "100000000002"}}}]}`,
		},
		want: map[string]any{
			"a0": &ServiceAccountKey{Account: prod, Created: day(2026, 11, 10), Expires: day(2026, 12, 10)},
			"a1": &ServiceAccountKey{Account: prod, UserManaged: true, Disabled: true, Created: day(2026, 11, 10), Expires: never},
			"b1": &ServiceAccountKey{
				Account: test, UserManaged: true, Created: day(2026, 10, 1), Expires: never, LastUsed: time.Date(2026, 11, 18, 8, 0, 0, 0, time.UTC),
			},
			"b2": &ServiceAccountKey{Account: test, UserManaged: true, Uploaded: true, Created: day(2026, 1, 1), Expires: day(2028, 1, 1)},
			"b3": &ServiceAccountKey{Account: test, UserManaged: true, Created: day(2026, 11, 10), Expires: never},
			"c1": &ServiceAccountKey{Account: "110000000000000000003", Created: day(2026, 1, 1), Expires: never},
		},
		unread: map[string][]posture.Unread{
			"a1": {{Field: "last_used", Cause: refused}},
			"c1": {{Field: "user_managed", Cause: strangeOf(&accountKeys, "type of a key")}},
		},
	}.run(t)
}

func TestIdentityProviders(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "iam", types: []string{identityProviders.Name}, schemas: iamSchemas,
		want: map[string]any{
			"github": &IdentityProvider{
				Active: true, Kind: "oidc", Issuer: "https://token.actions.githubusercontent.com",
				Condition: "assertion.repository_owner_id == '1234'", Restricted: true,
			},
			"aws":    &IdentityProvider{Active: true, Kind: "aws", Issuer: "111122223333"},
			"gitlab": &IdentityProvider{Active: true, Kind: "oidc", Issuer: "https://gitlab.com", Condition: " ( true ) "},
			"okta":   &IdentityProvider{Kind: "saml"},
			"gone":   &IdentityProvider{Kind: "x509"},
		},
	}.run(t)
}
