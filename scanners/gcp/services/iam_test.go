package services

import (
	"testing"

	"posture/scanners/gcp/engine"
)

func TestGoogleAgents(t *testing.T) {
	t.Parallel()
	for member, want := range map[string]bool{
		"serviceAccount:100000000001@cloudservices.gserviceaccount.com":                               true,
		"serviceAccount:gmail-api-push@system.gserviceaccount.com":                                    true,
		"serviceAccount:service-100000000001@compute-system.iam.gserviceaccount.com":                  true,
		"serviceAccount:service-100000000001@gcp-sa-pubsub.iam.gserviceaccount.com":                   true,
		"serviceAccount:service-100000000001@gcp-gae-service.iam.gserviceaccount.com":                 true,
		"serviceAccount:service-100000000001@gae-api-prod.google.com.iam.gserviceaccount.com":         true,
		"serviceAccount:service-100000000001@cloud-memcache-sa.iam.gserviceaccount.com":               true,
		"serviceAccount:service-org-3001@security-center-api.iam.gserviceaccount.com":                 true,
		"serviceAccount:service-p100000000001@gcp-sa-accessapproval.iam.gserviceaccount.com":          true,
		"serviceAccount:p100000000001-abc@gcp-sa-cloud-sql.iam.gserviceaccount.com":                   true,
		"serviceAccount:bq-100000000001@bigquery-encryption.iam.gserviceaccount.com":                  true,
		"serviceAccount:project-100000000001@storage-transfer-service.iam.gserviceaccount.com":        true,
		"serviceAccount:firebase-service-account@firebase-sa-management.iam.gserviceaccount.com":      true,
		"serviceAccount:100000000001-compute@developer.gserviceaccount.com":                           false,
		"serviceAccount:shop-prod@appspot.gserviceaccount.com":                                        false,
		"serviceAccount:100000000001@cloudbuild.gserviceaccount.com":                                  false,
		"serviceAccount:service-100000000001@shop-prod.iam.gserviceaccount.com":                       false,
		"serviceAccount:service-100000000001@trifacta-gcloud-prod.iam.gserviceaccount.com":            false,
		"serviceAccount:agent@gcp-sa-x.example.com.iam.gserviceaccount.com":                           false,
		"serviceAccount:shop@shop-prod.iam.gserviceaccount.com@gcp-sa-pubsub.iam.gserviceaccount.com": false,
		"user:service-100000000001@compute-system.iam.gserviceaccount.com":                            false,
		"deleted:serviceAccount:shop@shop-prod.iam.gserviceaccount.com?uid=1":                         false,
		"allUsers": false,
	} {
		if got := googleAgent(member); got != want {
			t.Errorf("%s: %v, want %v", member, got, want)
		}
	}
}

// TestPublicMembers: who is the public, whatever condition there is. Each kind
// of member has three cases at least.
func TestPublicMembers(t *testing.T) {
	t.Parallel()
	const pools = "principalSet://iam.googleapis.com/projects/10/locations/global/workloadIdentityPools/"
	for kind, members := range map[string]map[string]bool{
		"everybody":           {"allUsers": true, "AllUsers": true, "principalSet://goog/public:all": true},
		"any Google account":  {"allAuthenticatedUsers": true, "allauthenticatedusers": true, "principalSet://goog/public:allAuthenticatedUsers": true},
		"people of a domain":  {"domain:example.com": false, "domain:gmail.com": false, "principalSet://goog/cloudIdentityCustomerId/C01": false},
		"a pool":              {pools + "ci/*": false, pools + "ci/attribute.repository/acme/shop": false, pools + "ci/group/all": false, "principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*": false},
		"an organization":     {"principalSet://cloudresourcemanager.googleapis.com/organizations/30/*": false, "principalSet://cloudresourcemanager.googleapis.com/projects/10/type/ServiceAccount": false, "projectViewer:corner-shop": false},
		"deleted":             {"deleted:user:ann@example.com?uid=1": false, "deleted:serviceAccount:a@shop.iam.gserviceaccount.com?uid=2": false, "deleted:" + pools[:10] + "x": false},
		"names that pretend":  {"user:allUsers": false, "group:allAuthenticatedUsers@example.com": false, "serviceAccount:allUsers@shop.iam.gserviceaccount.com": false},
		"nothing that grants": {"": false, "all": false, "allUsers ": false},
	} {
		for member, want := range members {
			for _, condition := range []string{"", "true", "false", "request.time < timestamp('2030-01-01T00:00:00Z')", "resource.name.startsWith('projects/_/buckets/x')", "not a condition ("} {
				if got := toPublic(engine.Grant{Role: "roles/viewer", Member: member, Condition: condition}); got != want {
					t.Errorf("%s: %s if %q: %v, want %v", kind, member, condition, got, want)
				}
			}
		}
	}
}

func TestMemberDomains(t *testing.T) {
	t.Parallel()
	for member, want := range map[string]string{
		"user:ann@Example.com": "example.com", "group:crew@example.com": "example.com", "domain:example.com": "example.com",
		"deleted:user:ann@gmail.com?uid=1": "", "serviceAccount:a@shop.iam.gserviceaccount.com": "", "allUsers": "",
		"principalSet://iam.googleapis.com/projects/10/locations/global/workloadIdentityPools/ci/*": "",
	} {
		if got := memberDomain(member); got != want {
			t.Errorf("%s: %q, want %q", member, got, want)
		}
	}
}
