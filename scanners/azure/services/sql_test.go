package services

import (
	"slices"
	"testing"
)

// refusedBy returns what is told of fields whose call was denied.
func refusedBy(call string, fields ...string) []string {
	var all []string
	for _, field := range fields {
		all = append(all, field+": "+call+": access denied; grant "+call)
	}
	return all
}

func TestSQLServers(t *testing.T) {
	lacks, odd := lackingOf(sqlServerType), strangeOf(sqlServerType)
	lostGroup := lackingOf(typeNSG)
	neverScanned := "high_findings: " + readSubAssessments + ": high_findings was not in the answer"
	refused := slices.Concat([]string{neverScanned},
		refusedBy(sqlServerType+"/encryptionProtector/read", "customer_key"),
		refusedBy(sqlServerType+"/administrators/read", entraFields...),
		refusedBy(sqlServerType+"/auditingSettings/read", auditFields...),
		refusedBy(sqlServerType+"/sqlVulnerabilityAssessments/read", assessmentFields...))
	serviceTest{
		data:  "sql",
		types: []string{sqlServerType},
		want: map[string]any{
			"servers sqlgood": &SQLServer{
				MinTLS: "1.2", CustomerKey: true, EntraAdmin: true, Auditing: true, AuditDays: 365, Assessment: "express", RecurringScans: true,
			},
			"servers sqlblob": &SQLServer{
				MinTLS: "1.3", CustomerKey: true, EntraAdmin: true, Auditing: true, AuditForever: true, Assessment: "express", RecurringScans: true,
			},
			"servers sqlbad": &SQLServer{
				MinTLS: "none", Passwords: true, Public: true, OpenRanges: []string{"0.0.0.0-255.255.255.255"}, AllAzure: true, HighFindings: 2,
			},
			"servers sqlnarrow": &SQLServer{
				MinTLS: "1.1", EntraAdmin: true, Passwords: true, Public: true, Auditing: true, AuditDays: 30, Assessment: "classic",
			},
			"servers sqlodd":     &SQLServer{EntraAdmin: true, Public: true, Auditing: true},
			"servers sqlsynapse": &SQLServer{MinTLS: "1.2", Managed: true},
			"servers sqlbare":    &SQLServer{Public: true},
			"servers migood": &SQLServer{
				ManagedInstance: true, MinTLS: "1.2", CustomerKey: true, EntraAdmin: true, Assessment: "classic", RecurringScans: true,
			},
			"servers mibad": &SQLServer{
				ManagedInstance: true, MinTLS: "1.0", EntraAdmin: true, Passwords: true, Public: true, OpenRanges: []string{"*"}, HighFindings: 1,
			},
			"servers miclosed": &SQLServer{ManagedInstance: true, MinTLS: "1.2", EntraAdmin: true, Passwords: true, Public: true},
			"servers milost":   &SQLServer{ManagedInstance: true, MinTLS: "1.2", EntraAdmin: true, Public: true},
		},
		unread: map[string][]string{
			"servers sqlblob":   {neverScanned},
			"servers sqlnarrow": {neverScanned},
			"servers miclosed":  {neverScanned},
			"servers milost":    {neverScanned, lostGroup("all_azure"), lostGroup("open_ranges")},
			"servers sqlodd": {
				neverScanned, odd("Perhaps", "assessment"), odd("Perhaps", "recurring_scans"), odd("address range", "open_ranges"),
				odd("key of encryption", "customer_key"), odd("public network access", "public"), odd("retention outside of Azure", "audit_days"),
				odd("retention outside of Azure", "audit_forever"), odd("version of TLS", "min_tls"),
			},
			"servers sqlsynapse": refused,
			"servers sqlbare": slices.Concat(refused, []string{lacks("min_tls"), lacks("public")},
				refusedBy(sqlServerType+"/firewallRules/read", reachFields...)),
		},
	}.run(t)
}

func TestSQLDatabases(t *testing.T) {
	lacks := lackingOf(sqlDatabaseType)
	missing := func(call, field string) string {
		return field + ": " + sqlDatabaseType + call + ": answered with an error (ResourceNotFound)"
	}
	serviceTest{
		data:  "sql",
		types: []string{sqlDatabaseType},
		want: map[string]any{
			"databases master": &SQLDatabase{System: true, Tier: "System", RegionHasPair: true},
			"databases orders": &SQLDatabase{
				Tier: "GeneralPurpose", Encrypted: true, ShortTermDays: 14, LongTerm: true, GeoBackup: true, RegionHasPair: true, ZoneRedundant: true,
			},
			"databases pooled": &SQLDatabase{Tier: "GeneralPurpose", Encrypted: true, ShortTermDays: 7, GeoBackup: true, RegionHasPair: true, ZoneRedundant: true},
			"databases grouped": &SQLDatabase{
				Tier: "Standard", Encrypted: true, ShortTermDays: 7, GeoBackup: true, RegionHasPair: true, FailoverGroup: true,
			},
			"databases copy":  &SQLDatabase{Replica: true, Tier: "GeneralPurpose", Encrypted: true, ShortTermDays: 7, GeoBackup: true, RegionHasPair: true},
			"databases hyper": &SQLDatabase{Tier: "Hyperscale", Encrypted: true, ShortTermDays: 7, LongTerm: true},
			"databases serverless": &SQLDatabase{
				AutoPause: true, Tier: "GeneralPurpose", Encrypted: true, ShortTermDays: 7, GeoBackup: true, RegionHasPair: true,
			},
			"databases free":      &SQLDatabase{Free: true, AutoPause: true, Tier: "GeneralPurpose", ShortTermDays: 1, RegionHasPair: true},
			"databases warehouse": &SQLDatabase{Warehouse: true, Tier: "DataWarehouse", RegionHasPair: true},
			"databases orphan":    &SQLDatabase{Tier: "GeneralPurpose", Encrypted: true, ShortTermDays: 7, RegionHasPair: true},
			"databases bare":      &SQLDatabase{RegionHasPair: true},
			"databases stock": &SQLDatabase{
				ManagedInstance: true, Encrypted: true, ShortTermDays: 14, LongTerm: true, GeoBackup: true, RegionHasPair: true, ZoneRedundant: true,
			},
			"databases old": &SQLDatabase{ManagedInstance: true, ShortTermDays: 1, RegionHasPair: true},
		},
		unread: map[string][]string{
			"databases orphan": {lacks("geo_backup"), lacks("zone_redundant")},
			"databases bare": {
				lacks("geo_backup"), lacks("managed"), lacks("system"), lacks("tier"), lacks("warehouse"), lacks("zone_redundant"),
				missing("/backupLongTermRetentionPolicies/read", "long_term"), missing("/backupShortTermRetentionPolicies/read", "short_term_days"),
				missing("/transparentDataEncryption/read", "encrypted"),
			},
		},
	}.run(t)
}
