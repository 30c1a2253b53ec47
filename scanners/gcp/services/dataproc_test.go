package services

import (
	"testing"

	"google.golang.org/api/dataproc/v1"
)

func TestDataprocClusters(t *testing.T) {
	t.Parallel()
	key := "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k"
	typ := "dataproc.googleapis.com/Cluster"
	serviceTest{
		data: "dataproc", types: []string{typ}, schemas: map[string]any{typ + " v1": dataproc.Cluster{}},
		want: map[string]any{
			"nightly": &DataprocCluster{KMSKey: key},
			"jobs":    &DataprocCluster{KMSKey: key},
			"on-gke":  &DataprocCluster{OnGKE: true},
			"trial":   &DataprocCluster{},
		},
	}.run(t)
}
