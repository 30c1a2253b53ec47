package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestStorage(t *testing.T) {
	lacks := lackingOf("Microsoft.Storage/storageAccounts")
	refused := func(op, field string) string { return field + ": " + op + ": access denied; grant " + op }
	serviceTest{
		data:  "storage",
		types: []string{"Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/blobServices"},
		want: map[string]any{
			"storageAccounts shopgood": &StorageAccount{
				RequiresTLS: true, MinTLS: "1.2", CustomerKey: true, DoubleEncrypted: true, KeyAgeDays: 21,
				TrustedServices: true, PrivateEndpoints: 1, ZoneRedundant: true, GeoRedundant: true, Kind: "StorageV2", HoldsActivityLog: true,
			},
			"storageAccounts shopbad": &StorageAccount{
				MinTLS: "1.0", SharedKey: true, KeyAgeDays: 730, Anonymous: true, AnyNetwork: true, TrustedServices: true, Kind: "StorageV2",
				HoldsActivityLog: true, ActivityLogPublic: true,
			},
			"storageAccounts shopbare": &StorageAccount{MinTLS: "1.0", SharedKey: true, Anonymous: true, Kind: "StorageV2"},
			"storageAccounts shoplake": &StorageAccount{
				RequiresTLS: true, MinTLS: "1.2", KeyAgeDays: 21, TrustedServices: true, GeoRedundant: true, Kind: "StorageV2", HoldsActivityLog: true,
			},
			"storageAccounts shopfiles": &StorageAccount{
				RequiresTLS: true, MinTLS: "1.2", KeyAgeDays: 21, TrustedServices: true, ZoneRedundant: true, Kind: "FileStorage",
			},
			"storageAccounts shopblocks": &StorageAccount{RequiresTLS: true, MinTLS: "1.2", KeyAgeDays: 21, TrustedServices: true, Kind: "BlockBlobStorage"},

			"blobServices shopgood": &BlobService{
				SoftDeleteDays: 14, ContainerSoftDeleteDays: 7, Versioning: true, PointInTimeRestore: true, CanRestore: true, CanDelete: true, DeletesBlobs: true,
			},
			"blobServices shopbad":  &BlobService{CanRestore: true, CanDelete: true, Unlogged: []string{"blob", "queue", "table"}},
			"blobServices shopbare": &BlobService{CanRestore: true, CanDelete: true, Unlogged: []string{"blob", "queue", "table"}},
			"blobServices shoplake": &BlobService{
				SoftDeleteDays: 7, ContainerSoftDeleteDays: 7, HierarchicalNamespace: true, CanDelete: true,
			},
			"blobServices shopblocks": &BlobService{SoftDeleteDays: 7, ContainerSoftDeleteDays: 7, CanDelete: true, Unlogged: []string{"blob"}},
		},
		unread: map[string][]string{
			"storageAccounts shopbare": {
				lacks("customer_key"), lacks("double_encrypted"), lacks("key_age_days"), lacks("any_network"), lacks("requires_tls"), lacks("trusted_services"),
				refused(readContainers, "activity_log_public"), refused(readContainers, "holds_activity_log"),
			},
			"blobServices shopbare": {
				refused(readBlobServices, "container_soft_delete_days"), refused(readBlobServices, "point_in_time_restore"),
				refused(readBlobServices, "soft_delete_days"), refused(readBlobServices, "versioning"),
				refused(readLifecycle, "deletes_blobs"), refused(readDiagnosticSettings, "unlogged"),
			},
		},
	}.run(t)
}

// TestBlobContainers: the containers of an account that refuses to list them
// are missing from an incomplete listing.
func TestBlobContainers(t *testing.T) {
	t.Parallel()
	server := serve(t, "storage")
	e, err := engine.Open(Registry(), engine.Scope{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	complete, docs := map[string]bool{}, map[string]any{}
	for _, r := range enginetest.ScanKnown(t, e, enginetest.Everything(Registry(), blobContainers.Name), complete) {
		docs[r.Name] = r.Doc
		if r.Name == "bare" && len(r.Unread) != 2 {
			t.Errorf("unread: %v", r.Unread)
		}
	}
	want := map[string]any{
		"insights-activity-logs": &BlobContainer{Immutable: true, PlatformLogs: true}, "backups": &BlobContainer{Unlocked: true},
		"evidence": &BlobContainer{Immutable: true}, "insights-operational-logs": &BlobContainer{PlatformLogs: true},
		"images": &BlobContainer{}, "bare": &BlobContainer{},
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Error(diff)
	}
	if complete[blobContainers.Name] {
		t.Error("the listing counts as complete")
	}
}
