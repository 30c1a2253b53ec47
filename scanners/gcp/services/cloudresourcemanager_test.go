package services

import (
	"testing"

	"posture/scanners/gcp/engine"
)

func TestProjects(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "hierarchy", types: []string{engine.TypeProject},
		schemas: hierarchySchemas,
		want: map[string]any{
			"shop-prod": &CloudProject{
				Domains: []string{"example.com"}, InheritedDomains: []string{"example.com", "gmail.com"},
				InheritedBasicGrants: []engine.Grant{{Role: "roles/editor", Member: "group:operators@example.com", On: "folders/2001"}},
				EffectiveKMSDuties:   []string{"user:kim@example.com"},
				AuditLogs:            AuditLogs{DataRead: true, DataWrite: true},
				InheritedAuditLogs:   AuditLogs{AdminRead: true},
			},
			"shop-lab": &CloudProject{
				Domains: []string{"example.com"}, InheritedDomains: []string{"example.com"},
				DeletedGrants: []engine.Grant{{
					Role: "roles/bigquery.jobUser", Member: "deleted:user:lin@example.com?uid=100000000000000000007", On: "projects/100000000003",
				}},
				InheritedAuditLogs: AuditLogs{AdminRead: true},
			},
			"shop-test": &CloudProject{
				PublicGrants: []engine.Grant{{Role: "roles/viewer", Member: "allAuthenticatedUsers", On: "projects/100000000002"}},
				Domains:      []string{"example.com"}, InheritedDomains: []string{"example.com"},
				BasicGrants: []engine.Grant{{Role: "roles/owner", Member: "user:ada@example.com", On: "projects/100000000002"}},
				ActAsGrants: []engine.Grant{
					{Role: "roles/iam.serviceAccountUser", Member: "user:ada@example.com", Condition: "request.time < timestamp('2027-01-01T00:00:00Z')", On: "projects/100000000002"},
					{Role: "roles/iam.serviceAccountUser", Member: "user:bob@example.com", Condition: "request.time < timestamp('2027-01-01T00:00:00Z')", On: "projects/100000000002"},
				},
				AccountDuties: []string{"user:ada@example.com"}, EffectiveAccountDuties: []string{"user:ada@example.com"},
				AuditLogs:          AuditLogs{Exempted: []string{"user:ada@example.com"}},
				InheritedAuditLogs: AuditLogs{AdminRead: true},
			},
		},
	}.run(t)
}
