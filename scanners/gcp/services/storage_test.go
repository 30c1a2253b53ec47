package services

import (
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/logging/v2"
	"google.golang.org/api/storage/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
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
				PublicGrants: []engine.Grant{
					{Role: "roles/storage.objectViewer", Member: "allUsers", On: "//storage.googleapis.com/shop-test-open"},
					{Role: "roles/storage.legacyBucketReader", Member: "allAuthenticatedUsers", On: "//storage.googleapis.com/shop-test-open"},
				},
				InheritedPublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
				LocationType:          "region",
			},
			"shop-audit": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, RetentionDays: 365, RetentionLocked: true,
				LocationType: "region", DataAccessLogged: true, ReceivesLogs: true,
			},
			"shop-test-requests": &StorageBucket{
				UniformAccess: true, LocationType: "region", ReceivesLogs: true,
				InheritedPublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
			"shop-test-logs": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, LocationType: "multi-region", ReceivesLogs: true,
				InheritedPublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
		},
	}.run(t)
}

// newerPrevention is a policy of one project in the newer form.
const newerPrevention = `{"name": "//orgpolicy.googleapis.com/projects/100000000002/policies/storage.publicAccessPrevention",
"asset_type": "orgpolicy.googleapis.com/Policy", "ancestors": ["projects/100000000002", "organizations/3001"], "resource": {"version": "v2",
"data": {"name": "projects/100000000002/policies/storage.publicAccessPrevention", "spec": {"rules": [{"enforce": true}]}}}}`

// TestPreventionInForce: policies in the newer form decide for buckets, too,
// and what is set above the scope is asked for once.
func TestPreventionInForce(t *testing.T) {
	t.Parallel()
	const name, above = "shop-test-open", "GET /v2/projects/100000000002/policies/storage.publicAccessPrevention:getEffectivePolicy"
	prevents := func(t *testing.T, inventory *engine.Inventory) (bool, []posture.Unread, int) {
		t.Helper()
		result := enginetest.Scan(t, inventory, posture.Want{storageBuckets.Name: {"public_access_prevention"}})
		bucket, ok := result.Resources[name].Doc.(*StorageBucket)
		if !ok {
			t.Fatalf("no bucket: %v", result.Resources)
		}
		unread := []posture.Unread{}
		for _, u := range result.Resources[name].Unread {
			if u.Field == "public_access_prevention" {
				unread = append(unread, u)
			}
		}
		return bucket.PublicAccessPrevention, unread, result.Reports["shop-test"].Calls[opEffectivePolicy]
	}
	t.Run("newer form", func(t *testing.T) {
		t.Parallel()
		server := bench.Serve(t, "storage")
		server.Add(assetOf(t, newerPrevention))
		if yes, unread, calls := prevents(t, bench.Open(t, server, enginetest.Organization(t))); !yes || len(unread) > 0 || calls != 0 {
			t.Errorf("prevents %v, unread %v, %d calls", yes, unread, calls)
		}
	})
	t.Run("above the scope", func(t *testing.T) {
		t.Parallel()
		server := bench.Serve(t, "storage")
		server.AnswerJSON(above, `{"name": "x", "spec": {"rules": [{"enforce": true}]}}`)
		if yes, unread, calls := prevents(t, bench.Open(t, server, enginetest.Must[engine.Root](t)(engine.InProject("shop-test")))); !yes || len(unread) > 0 || calls != 1 {
			t.Errorf("prevents %v, unread %v, %d calls", yes, unread, calls)
		}
	})
	t.Run("above the scope, refused", func(t *testing.T) {
		t.Parallel()
		yes, unread, _ := prevents(t, bench.Open(t, bench.Serve(t, "storage"), enginetest.Must[engine.Root](t)(engine.InProject("shop-test"))))
		refused := posture.Cause{Reason: posture.Denied, Operation: opEffectivePolicy, Code: "PERMISSION_DENIED", Permission: "orgpolicy.policy.get"}
		if diff := cmp.Diff([]posture.Unread{{Field: "public_access_prevention", Cause: refused}}, unread); yes || diff != "" {
			t.Error(yes, diff)
		}
	})
}

// assetOf returns the asset that an export would write so.
func assetOf(t *testing.T, text string) *assetpb.Asset {
	t.Helper()
	var a assetpb.Asset
	if err := protojson.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// TestExempted: members that one configuration leaves out are not logged,
// though another one names nobody.
func TestExempted(t *testing.T) {
	t.Parallel()
	logged, exempt := map[string]bool{}, map[string]bool{}
	for _, p := range []*engine.Policy{
		{Audit: []engine.AuditLog{{Service: "allServices", Type: "DATA_READ"}, {Service: "pubsub.googleapis.com", Type: "DATA_WRITE", Exempted: []string{"user:bob@example.com"}}}},
		{Audit: []engine.AuditLog{{Service: "storage.googleapis.com", Type: "DATA_READ", Exempted: []string{"user:ada@example.com"}}}},
		{Audit: []engine.AuditLog{{Service: "storage.googleapis.com", Type: "DATA_WRITE"}}},
	} {
		addLogged(p, logged, exempt, "storage.googleapis.com")
	}
	want := []map[string]bool{{"DATA_READ": true, "DATA_WRITE": true}, {"DATA_READ": true, "DATA_WRITE": false}}
	if diff := cmp.Diff(want, []map[string]bool{logged, exempt}); diff != "" {
		t.Error(diff)
	}
}
