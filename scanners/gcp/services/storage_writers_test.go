package services

import (
	"slices"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
)

// TestWriters holds whose sinks write by which account.
func TestWriters(t *testing.T) {
	t.Parallel()
	const of = "@gcp-sa-logging.iam.gserviceaccount.com"
	type owner struct {
		key string
		is  bool
	}
	for member, want := range map[string]owner{
		"serviceAccount:service-100000000001" + of:                 {"projects/100000000001", true},
		"serviceAccount:p100000000001-123456" + of:                 {"projects/100000000001", true},
		"serviceAccount:p100000000001" + of:                        {"projects/100000000001", true},
		"serviceAccount:service-org-3001" + of:                     {"organizations/3001", true},
		"serviceAccount:o3001-123456" + of:                         {"organizations/3001", true},
		"serviceAccount:o3001" + of:                                {"organizations/3001", true},
		"serviceAccount:service-folder-2001" + of:                  {"folders/2001", true},
		"serviceAccount:f2001-123456" + of:                         {"folders/2001", true},
		"serviceAccount:service-billingaccount-0A1B2C-3D4E5F" + of: {"", true},
		"serviceAccount:b0A1B2C-3D4E5F-123" + of:                   {"", true},
		"serviceAccount:cloud-logs@system.gserviceaccount.com":     {"", true},
		"serviceAccount:app@shop-prod.iam.gserviceaccount.com":     {"", false},
		"user:service-100000000001" + of:                           {"", false},
		"allUsers":                                                 {"", false},
	} {
		if key, is := ownerOfWriter(member); (owner{key, is}) != want {
			t.Errorf("%s: %q, %v; want %+v", member, key, is, want)
		}
	}
}

// TestStrangersWriteLogs holds that a bucket is neither one that receives logs nor one
// that does not, where sinks that are not scanned may write into it.
func TestStrangersWriteLogs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		member string
		unread bool
	}{
		"another organization's project": {"serviceAccount:service-900000000009@gcp-sa-logging.iam.gserviceaccount.com", true},
		"another organization":           {"serviceAccount:service-org-9009@gcp-sa-logging.iam.gserviceaccount.com", true},
		"a billing account":              {"serviceAccount:service-billingaccount-0A1B2C-3D4E5F@gcp-sa-logging.iam.gserviceaccount.com", true},
		"a project that is scanned":      {"serviceAccount:service-100000000001@gcp-sa-logging.iam.gserviceaccount.com", false},
		"the organization":               {"serviceAccount:service-org-3001@gcp-sa-logging.iam.gserviceaccount.com", false},
		"an application":                 {"serviceAccount:app@shop-prod.iam.gserviceaccount.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t, "storage")
			server.Add(assetOf(t, `{"name": "//storage.googleapis.com/shop-more", "asset_type": "storage.googleapis.com/Bucket", "ancestors": ["projects/100000000002", "organizations/3001"],
				"resource": {"version": "v1", "data": {"name": "shop-more"}}, "update_time": "2026-11-20T10:00:00Z"}`),
				assetOf(t, `{"name": "//storage.googleapis.com/shop-more", "asset_type": "storage.googleapis.com/Bucket", "ancestors": ["projects/100000000002", "organizations/3001"],
				"iam_policy": {"bindings": [{"role": "roles/storage.objectCreator", "members": ["`+test.member+`"]}]}, "update_time": "2026-11-20T10:00:00Z"}`))
			result := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), posture.Want{storageBuckets.Name: {"receives_logs"}})
			bucket := result.Resources["shop-more"]
			doc, is := bucket.Doc.(*StorageBucket)
			if !is {
				t.Fatalf("no bucket: %v", result.Resources)
			}
			unread := slices.ContainsFunc(bucket.Unread, func(u posture.Unread) bool { return u.Field == "receives_logs" })
			if doc.ReceivesLogs || unread != test.unread {
				t.Errorf("receives logs: %v, unread: %v", doc.ReceivesLogs, bucket.Unread)
			}
		})
	}
}
