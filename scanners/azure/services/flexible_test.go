package services

import (
	"slices"
	"testing"
)

func TestFlexibleServers(t *testing.T) {
	lacks, odd := lackingOf(mySQLType), strangeOf(mySQLType)
	stopped := func(call string, fields ...string) []string {
		var all []string
		for _, field := range fields {
			all = append(all, field+": "+call+": answered with an error (ServerStoppedError)")
		}
		return all
	}
	bare := []string{
		lacks("all_azure"), lacks("backup_days"), lacks("burstable"), lacks("customer_key"), lacks("geo_backup"), lacks("open_ranges"),
		lacks("public"), lacks("replica"), lacks("version"), lacks("zone_redundant"),
	}
	serviceTest{
		data:  "flexible",
		types: []string{mySQLType},
		want: map[string]any{
			"flexibleServers mygood": &FlexibleServer{
				Engine: "mysql", Version: "8.0.21", CustomerKey: true, RequiresTLS: true, MinTLS: "1.2", EntraAdmin: true, AuditLog: true, AuditsConnections: true,
				GeoBackup: true, BackupDays: 14, ZoneRedundant: true, RegionHasZones: true, RegionHasPair: true,
			},
			"flexibleServers mybad": &FlexibleServer{
				Engine: "mysql", Version: "5.7", Burstable: true, MinTLS: "1.0", Public: true, OpenRanges: []string{"0.0.0.0-255.255.255.255"}, AllAzure: true, Passwords: true,
				BackupDays: 1, RegionHasZones: true, RegionHasPair: true,
			},
			"flexibleServers myreplica": &FlexibleServer{
				Engine: "mysql", Version: "8.0.21", Replica: true, RequiresTLS: true, MinTLS: "1.2", AuditLog: true, AuditsConnections: true, BackupDays: 7, RegionHasPair: true,
			},
			"flexibleServers mybare": &FlexibleServer{Engine: "mysql", RegionHasZones: true, RegionHasPair: true},
			"flexibleServers pggood": &FlexibleServer{
				Engine: "postgres", Version: "16", CustomerKey: true, RequiresTLS: true, Public: true, EntraAdmin: true,
				LogsConnections: true, LogsDisconnections: true, LogsCheckpoints: true, LogsExported: true,
				GeoBackup: true, BackupDays: 14, ZoneRedundant: true, RegionHasZones: true, RegionHasPair: true,
			},
			"flexibleServers pgbad": &FlexibleServer{
				Engine: "postgres", Version: "14", Public: true, OpenRanges: []string{"0.0.0.0-127.255.255.255", "128.0.0.0-255.255.255.255"}, Passwords: true,
				BackupDays: 7, RegionHasZones: true, RegionHasPair: true,
			},
			"flexibleServers pg18": &FlexibleServer{
				Engine: "postgres", Version: "18", Burstable: true, Replica: true, RequiresTLS: true, Passwords: true,
				LogsConnections: true, LogsDisconnections: true, LogsCheckpoints: true, LogFileDays: 7, BackupDays: 7, RegionHasZones: true,
			},
			"flexibleServers pgodd": &FlexibleServer{
				Engine: "postgres", Version: "16", Public: true, LogsDisconnections: true, BackupDays: 7, RegionHasZones: true, RegionHasPair: true,
			},
			"flexibleServers pgbare": &FlexibleServer{Engine: "postgres", RegionHasZones: true, RegionHasPair: true},
		},
		unread: map[string][]string{
			"flexibleServers mybad": {"passwords: " + mySQLType + "/configurations/read: passwords was not in the answer"},
			"flexibleServers mybare": slices.Concat(bare,
				refusedBy(mySQLType+"/administrators/read", "entra_admin"),
				refusedBy(mySQLType+"/configurations/read", mySQLParameters...)),
			"flexibleServers pgbare": slices.Concat(bare, []string{lacks("passwords")},
				stopped(postgresType+"/administrators/read", "entra_admin"),
				stopped(postgresType+"/configurations/read", postgresParameters...)),
			"flexibleServers pgodd": {
				odd("Perhaps", "geo_backup"), odd("Sometimes", "passwords"), odd("address range", "open_ranges"), odd("encryption", "customer_key"),
				odd("high availability", "zone_redundant"), odd("public network access", "public"), odd("replication role", "replica"),
				odd("value of logfiles.retention_days", "log_file_days"), odd("value of require_secure_transport", "requires_tls"),
				"logs_checkpoints: " + postgresType + "/configurations/read: logs_checkpoints was not in the answer",
			},
		},
	}.run(t)
}
