package gcp

import (
	"testing"
)

func TestProjects(t *testing.T) {
	serviceTest{
		data: "hierarchy", types: []string{typeProject},
		schemas: hierarchySchemas,
		want: map[string]any{
			"shop-prod": &CloudProject{
				Domains: []string{"example.com"}, InheritedDomains: []string{"example.com", "gmail.com"},
				InheritedBasicGrants: []Grant{{Role: "roles/editor", Member: "group:operators@example.com", On: "folders/2001"}},
				EffectiveKMSDuties:   []string{"user:kim@example.com"},
				AuditLogs:            AuditLogs{DataRead: true, DataWrite: true},
				InheritedAuditLogs:   AuditLogs{AdminRead: true},
			},
			"shop-lab": &CloudProject{
				Domains: []string{"example.com"}, InheritedDomains: []string{"example.com"},
				InheritedAuditLogs: AuditLogs{AdminRead: true},
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
	}.run(t)
}
