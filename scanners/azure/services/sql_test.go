package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
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
	guarded := guardedOf(sqlServerType)
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
			"servers sqlsynapse": append(slices.Clone(refused), guarded("all_azure"), guarded("open_ranges"), guarded("public")),
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

// TestOnlyAzure holds which sources of a rule are Azure's own addresses.
func TestOnlyAzure(t *testing.T) {
	for sources, want := range map[string]bool{
		"AzureCloud": true, "azurecloud.westeurope": true, "AzureCloud, AzureCloud.NorthEurope": true,
		"AzureCloud, 203.0.113.0/24": false, "AzureCloudy": false, "Internet": false, "*": false,
	} {
		if onlyAzure(sources) != want {
			t.Errorf("%s: %v", sources, !want)
		}
	}
}

// TestSevere holds which findings of scans count, and which are not understood.
func TestSevere(t *testing.T) {
	for words, want := range map[string][2]bool{
		"Unhealthy High": {true, true}, "unhealthy critical": {true, true}, "Unhealthy Medium": {false, true}, "Unhealthy Low": {false, true},
		"Healthy High": {false, true}, "NotApplicable Quantum": {false, true},
		"Unhealthy Quantum": {}, "Unhealthy ": {}, "Quantum High": {}, " High": {},
	} {
		var f subAssessment
		f.Properties.Status.Code, f.Properties.Status.Severity, _ = strings.Cut(words, " ")
		if severe, known := f.severe(); severe != want[0] || known != want[1] {
			t.Errorf("%q: %v, %v", words, severe, known)
		}
	}
}

// TestInstanceSubnet reads who reaches the public endpoint of an instance, by the
// group of its subnet.
func TestInstanceSubnet(t *testing.T) {
	const (
		instance = "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shop/providers/microsoft.sql/managedinstances/odd"
		network  = netGroup + "virtualnetworks/odd"
		allow    = `{"properties": {"access": "Allow", "direction": "Inbound", "priority": 200, "protocol": "Tcp", "sourceAddressPrefix": "Internet", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "3342"}}`
		deny     = `{"properties": {"access": "Deny", "direction": "Inbound", "priority": 100, "protocol": "*", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "%s", "destinationPortRange": "*"}}`
	)
	row := func(id, typ, properties string) string {
		return fmt.Sprintf(`{"id": %q, "name": "odd", "type": %q, "location": "westeurope", "subscriptionId": %q, "properties": {%s}}`, id, typ, enginetest.Subscription, properties)
	}
	for denied, want := range map[string][]string{"10.0.1.0/24": nil, "10.0.0.0/16": nil, "10.0.2.0/24": {"Internet"}} {
		rows := "-- table resources --\n[" + strings.Join([]string{
			row(instance, "microsoft.sql/managedinstances", `"publicDataEndpointEnabled": true, "subnetId": "`+network+`/subnets/a"`),
			row(network, "microsoft.network/virtualnetworks", `"subnets": [{"id": "`+network+`/subnets/a", "properties": {"addressPrefix": "10.0.1.0/24"}}]`),
			row(netGroup+"networksecuritygroups/odd", "microsoft.network/networksecuritygroups",
				`"subnets": [{"id": "`+network+`/subnets/a"}], "defaultSecurityRules": [], "securityRules": [`+allow+", "+fmt.Sprintf(deny, denied)+`]`),
		}, ",") + "]\n"
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, rows)), enginetest.Everything(Registry(), sqlServerType))
		if doc := result.Resources[0].Doc.(*SQLServer); !slices.Equal(doc.OpenRanges, want) {
			t.Errorf("a deny for %s: open to %v, want %v", denied, doc.OpenRanges, want)
		}
	}
}
