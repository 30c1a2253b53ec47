package services

import "testing"

func TestGoogleAgents(t *testing.T) {
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
