package gcp

import (
	"testing"

	"google.golang.org/api/logging/v2"
	"google.golang.org/api/storage/v1"
)

func TestBuckets(t *testing.T) {
	serviceTest{
		data: "storage", types: []string{"storage.googleapis.com/Bucket"},
		schemas: map[string]any{
			"storage.googleapis.com/Bucket v1": storage.Bucket{}, typeLogSink + " v2": logging.LogSink{},
		},
		want: map[string]any{
			"shop-orders": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, KMSKey: "projects/shop-prod/locations/eu/keyRings/r/cryptoKeys/k",
				Versioning: true, SoftDeleteDays: 7, RetentionDays: 365, RetentionLocked: true, DeletesObjects: true,
				AccessLogBucket: "shop-access-logs", LocationType: "multi-region", DataAccessLogged: true,
			},
			"shop-test-open": &StorageBucket{
				PublicGrants: []Grant{
					{Role: "roles/storage.objectViewer", Member: "allUsers", On: "//storage.googleapis.com/shop-test-open"},
					{Role: "roles/storage.legacyBucketReader", Member: "allAuthenticatedUsers", On: "//storage.googleapis.com/shop-test-open"},
				},
				InheritedPublicGrants: []Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
				LocationType:          "region",
			},
			"shop-audit": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, RetentionDays: 365, RetentionLocked: true,
				LocationType: "region", DataAccessLogged: true, ReceivesLogs: true,
			},
			"shop-test-requests": &StorageBucket{
				UniformAccess: true, LocationType: "region", ReceivesLogs: true,
				InheritedPublicGrants: []Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
			"shop-test-logs": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, LocationType: "multi-region", ReceivesLogs: true,
				InheritedPublicGrants: []Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
		},
	}.run(t)
}
