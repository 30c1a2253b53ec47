package services

import (
	"testing"

	"posture/scanners/gcp/engine"
)

func TestServiceBuckets(t *testing.T) {
	t.Parallel()
	project := &engine.Node{Key: "projects/100000000001", ID: "shop-prod"}
	for name, want := range map[string]bool{
		"gcf-sources-100000000001-europe-west1":                               true,
		"gcf-v2-sources-100000000001-europe-west1":                            true,
		"gcf-v2-uploads-100000000001.europe-west1.cloudfunctions.appspot.com": true,
		"run-sources-shop-prod-europe-west1":                                  true,
		"staging.shop-prod.appspot.com":                                       true,
		"artifacts.shop-prod.appspot.com":                                     true,
		"eu.artifacts.shop-prod.appspot.com":                                  true,
		"dataproc-staging-europe-west1-100000000001-abcdefgh":                 true,
		"dataproc-temp-europe-west1-100000000001-abcdefgh":                    true,
		"cloud-ai-platform-0a1b2c3d-0000-4000-8000-0123456789ab":              true,
		"shop-prod.appspot.com":                                               false, // the application's own data
		"gcf-sources-100000000002-europe-west1":                               false,
		"run-sources-shop-test-europe-west1":                                  false,
		"staging.shop-test.appspot.com":                                       false,
		"dataproc-staging-europe-west1-100000000002-abcdefgh":                 false,
		"dataproc-results-100000000001-x":                                     false,
		"cloud-ai-platform-models":                                            false,
		"my-gcf-sources-100000000001-europe-west1":                            false,
		"": false,
	} {
		if got := serviceBucket(name, project); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestServiceNodes(t *testing.T) {
	t.Parallel()
	job := map[string]string{"dataflow_job_id": "2026-11-20_01"}
	for _, test := range []struct {
		name   string
		labels map[string]string
		want   bool
	}{
		{"count-11200930-a1b2-harness-x9y8", job, true},
		{"gke-shop-pool-1", map[string]string{"goog-gke-node": ""}, true},
		{"crunch-w-0", map[string]string{"goog-dataproc-cluster-name": "crunch"}, true},
		{"count-11200930-a1b2-harness-x9y8", nil, false},
		{"till", job, false},
		{"till-harness-x9y8", job, false},
		{"gke-shop-pool-1", nil, false},
		{"till", map[string]string{"goog-gke-node": ""}, false},
		{"till", map[string]string{"goog-dataproc-cluster-name": "crunch"}, false},
	} {
		if got := serviceNode(test.name, test.labels); got != test.want {
			t.Errorf("%s %v: %v, want %v", test.name, test.labels, got, test.want)
		}
	}
}
