package services

import (
	"testing"
	"time"

	"google.golang.org/api/compute/v1"
)

// diskSchemas are Google's own types of the test data.
var diskSchemas = map[string]any{
	typeVM + " v1":                         compute.Instance{},
	"compute.googleapis.com/Disk v1":       compute.Disk{},
	"compute.googleapis.com/RegionDisk v1": compute.Disk{},
	typeSnapshot + " v1":                   compute.Snapshot{},
	typeResourcePolicy + " v1":             compute.ResourcePolicy{},
}

func TestDisks(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_disk", schemas: diskSchemas, types: []string{"compute.googleapis.com/Disk"},
		want: map[string]any{
			"orders": &Disk{
				Created:   made2026,
				KMSKey:    "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
				Scheduled: []string{"daily"},
			},
			"ledger":   &Disk{Created: made2026, CustomerSupplied: true, LastSnapshot: time.Date(2026, 11, 19, 9, 0, 0, 0, time.UTC)},
			"web-q9w8": &Disk{Created: made2026, Replaceable: true},
			"old":      &Disk{Created: made2026, LastSnapshot: time.Date(2026, 1, 20, 9, 0, 0, 0, time.UTC)},
			"bare":     &Disk{Created: made2026},
		},
	}.run(t)
}
