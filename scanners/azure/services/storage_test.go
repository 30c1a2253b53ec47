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
				SoftDeleteDays: 14, ContainerSoftDeleteDays: 7, Versioning: true, PointInTimeRestore: true, CanRestore: true, CanVersion: true, CanDelete: true, DeletesBlobs: true,
			},
			"blobServices shopbad":  &BlobService{CanRestore: true, CanVersion: true, CanDelete: true, Unlogged: []string{"blob", "queue", "table"}},
			"blobServices shopbare": &BlobService{CanRestore: true, CanVersion: true, CanDelete: true, Unlogged: []string{"blob", "queue", "table"}},
			"blobServices shoplake": &BlobService{
				SoftDeleteDays: 7, ContainerSoftDeleteDays: 7, CanDelete: true,
			},
			"blobServices shopblocks": &BlobService{SoftDeleteDays: 7, ContainerSoftDeleteDays: 7, CanVersion: true, CanDelete: true, Unlogged: []string{"blob"}},
		},
		unread: map[string][]string{
			"storageAccounts shopbare": {
				lacks("customer_key"), lacks("double_encrypted"), lacks("key_age_days"), lacks("any_network"), lacks("requires_tls"), lacks("trusted_services"),
				lacks("min_tls"), lacks("shared_key"), lacks("anonymous"), lacks("private_endpoints"),
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
	e, err := engine.Open(Registry(), engine.Root{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
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
		"images": &BlobContainer{}, "ledger": &BlobContainer{Immutable: true}, "bare": &BlobContainer{},
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Error(diff)
	}
	if complete[blobContainers.Name] {
		t.Error("the listing counts as complete")
	}
}

// TestBlobKinds: what accounts of each kind can have.
func TestBlobKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind           string
		standard, lake bool
		want           BlobService
	}{
		"second generation":             {"StorageV2", true, false, BlobService{CanRestore: true, CanVersion: true, CanDelete: true}},
		"a data lake":                   {"StorageV2", true, true, BlobService{CanDelete: true}},
		"page blobs of the second":      {"StorageV2", false, false, BlobService{}},
		"first generation":              {"Storage", true, false, BlobService{}},
		"page blobs of the first":       {"Storage", false, false, BlobService{}},
		"blobs only":                    {"BlobStorage", true, false, BlobService{CanVersion: true, CanDelete: true}},
		"block blobs":                   {"BlockBlobStorage", false, false, BlobService{CanVersion: true, CanDelete: true}},
		"a data lake on premium blocks": {"BlockBlobStorage", false, true, BlobService{CanDelete: true}},
	} {
		var got BlobService
		got.readKind(c.kind, c.standard, c.lake)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestImmutabilityPolicy: only a locked policy counts.
func TestImmutabilityPolicy(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]BlobContainer{"Locked": {Immutable: true}, "Unlocked": {Unlocked: true}, "Disabled": {}, "Odd": {}, "": {}} {
		var got BlobContainer
		r := &engine.Reading{}
		got.readPolicy(r, state)
		if known := state != "Odd" && state != ""; got != want || len(r.Unread()) == 0 != known {
			t.Errorf("%q: %+v, unread %v", state, got, r.Unread())
		}
	}
}
