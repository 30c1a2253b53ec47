package gcp

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// serviceCases are what the test data of each service is to be read as, by
// the resources' names. A new service adds its file here.
var serviceCases = []struct {
	data   string // testdata/<data>.ndjson
	types  []string
	want   map[string]any
	unread map[string][]posture.Unread // by name; nil for all others
}{
	{
		data: "storage", types: []string{"storage.googleapis.com/Bucket"},
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
			"shop-test-logs": &StorageBucket{
				PublicAccessPrevention: true, UniformAccess: true, LocationType: "multi-region", ReceivesLogs: true,
				InheritedPublicGrants: []Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
			},
		},
	},
	{
		data: "compute_firewall", types: []string{"compute.googleapis.com/Firewall"},
		want: map[string]any{
			"allow-web":    &Firewall{Network: "main", Admits: true, Logging: true, OpenIngress: []OpenPorts{{"tcp", 443, 443, "0.0.0.0/0"}}},
			"allow-inside": &Firewall{Network: "main", Admits: true},
			"allow-admin": &Firewall{Network: "main", Admits: true, OpenIngress: []OpenPorts{
				{"tcp", 22, 22, "::/0"}, {"tcp", 3389, 3389, "::/0"}, {"tcp", 8000, 8100, "::/0"}, {"icmp", 0, 65535, "::/0"},
			}},
			"allow-anyone": &Firewall{Network: "main", Admits: true, OpenIngress: []OpenPorts{{"all", 0, 65535, "0.0.0.0/0"}}},
			"allow-tagged": &Firewall{Network: "main", Admits: true},
			"off":          &Firewall{Network: "main"},
			"deny-all":     &Firewall{Network: "main"},
			"out":          &Firewall{Network: "main"},
		},
	},
	{
		data: "sqladmin", types: []string{"sqladmin.googleapis.com/Instance"},
		want: map[string]any{
			"orders": &SQLInstance{
				Engine: "postgres", KMSKey: "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k", RequiresTLS: true,
				Flags:            map[string]string{"log_connections": "on", "log_disconnections": "on", "cloudsql.enable_pgaudit": "on"},
				AutomatedBackups: true, BackupsKept: 14, PointInTimeRecovery: true, Regional: true, DeletionProtection: true,
			},
			"orders-replica": &SQLInstance{Engine: "postgres", Replica: true, RequiresTLS: true, Flags: map[string]string{}},
			"legacy": &SQLInstance{
				Engine: "mysql", PublicIP: true, OpenNetworks: []string{"0.0.0.0/0"}, Flags: map[string]string{"local_infile": "on"},
				AutomatedBackups: true, PointInTimeRecovery: true,
			},
			"terse": &SQLInstance{Engine: "sqlserver", Flags: map[string]string{}},
		},
		unread: map[string][]posture.Unread{
			"legacy": {{Field: "backups_kept", Cause: absent("sqladmin.googleapis.com/Instance")}},
			"terse":  {{Field: "public_ip", Cause: absent("sqladmin.googleapis.com/Instance")}},
		},
	},
	{
		data: "hierarchy", types: []string{typeProject},
		want: map[string]any{
			"shop-prod": &CloudProject{
				Domains: []string{"example.com"}, InheritedDomains: []string{"example.com", "gmail.com"},
				InheritedBasicGrants: []Grant{{Role: "roles/editor", Member: "group:operators@example.com", On: "folders/2001"}},
				EffectiveKMSDuties:   []string{"user:kim@example.com"},
				AuditLogs:            AuditLogs{DataRead: true, DataWrite: true},
				InheritedAuditLogs:   AuditLogs{AdminRead: true},
			},
			"shop-test": &CloudProject{
				PublicGrants: []Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
				Domains:      []string{"example.com"}, InheritedDomains: []string{"example.com"},
				BasicGrants: []Grant{{Role: "roles/owner", Member: "user:ada@example.com", On: "projects/100000000002"}},
				ActAsGrants: []Grant{
					{"roles/iam.serviceAccountUser", "user:ada@example.com", "request.time < timestamp('2027-01-01T00:00:00Z')", "projects/100000000002"},
					{"roles/iam.serviceAccountUser", "user:bob@example.com", "request.time < timestamp('2027-01-01T00:00:00Z')", "projects/100000000002"},
				},
				AccountDuties: []string{"user:ada@example.com"}, EffectiveAccountDuties: []string{"user:ada@example.com"},
				AuditLogs:          AuditLogs{Exempted: []string{"user:ada@example.com"}},
				InheritedAuditLogs: AuditLogs{AdminRead: true},
			},
		},
	},
}

// absent is the cause of a field that the inventory left out.
func absent(typ string) posture.Cause {
	return posture.Cause{Reason: posture.Failed, Operation: "read " + typ, Code: "not in the inventory"}
}

func TestServices(t *testing.T) {
	for _, test := range serviceCases {
		t.Run(test.data, func(t *testing.T) {
			var more []string
			if test.data != "hierarchy" {
				more = append(more, test.data)
			}
			result := scan(t, open(t, serve(t, more...), organization(t)), everything(test.types...))
			docs := map[string]any{}
			unread := map[string][]posture.Unread{}
			for name, r := range result.resources {
				docs[name] = r.Doc
				if len(r.Unread) > 0 {
					unread[name] = r.Unread
				}
			}
			if diff := cmp.Diff(test.want, docs); diff != "" {
				t.Error(diff)
			}
			if test.unread == nil {
				test.unread = map[string][]posture.Unread{}
			}
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}
