package services

import "testing"

func TestCosmos(t *testing.T) {
	const typ = "Microsoft.DocumentDB/databaseAccounts"
	lacks, odd := lackingOf(typ), strangeOf(typ)
	guarded := guardedOf("Microsoft.DocumentDB/databaseAccounts")
	serviceTest{
		data:  "cosmos",
		types: []string{typ},
		want: map[string]any{
			"databaseAccounts good": &CosmosAccount{
				API: "nosql", CustomerKey: true, MinTLS: "1.2", ContinuousBackup: true, Regions: 2, ZoneRedundant: true, Failover: true, PrivateEndpoints: 1,
			},
			"databaseAccounts bad":        &CosmosAccount{API: "nosql", MinTLS: "1.0", Keys: true, Regions: 1, AnyNetwork: true},
			"databaseAccounts mongo":      &CosmosAccount{API: "mongodb", MinTLS: "1.2", Keys: true, BackupGeo: true, Regions: 2, ZoneRedundant: true, Failover: true, AllAzure: true},
			"databaseAccounts serverless": &CosmosAccount{API: "table", Serverless: true, MinTLS: "1.2", Keys: true, ContinuousBackup: true, Regions: 1},
			"databaseAccounts halves":     &CosmosAccount{API: "gremlin", MinTLS: "1.1", Keys: true, Regions: 1, ZoneRedundant: true, AnyNetwork: true},
			"databaseAccounts odd":        &CosmosAccount{API: "cassandra", Keys: true, Regions: 1, ZoneRedundant: true},
			"databaseAccounts bare":       &CosmosAccount{API: "nosql", Keys: true, AnyNetwork: true},
		},
		unread: map[string][]string{
			"databaseAccounts serverless": {guarded("all_azure"), guarded("any_network")},
			"databaseAccounts halves":     {lacks("backup_geo"), lacks("zone_redundant")},
			"databaseAccounts odd": {
				odd("backup policy", "backup_geo"), odd("backup policy", "continuous_backup"),
				odd("kind", "api"), odd("public network access", "all_azure"), odd("public network access", "any_network"),
				odd("region", "zone_redundant"), odd("version of TLS", "min_tls"),
			},
			"databaseAccounts bare": {
				lacks("all_azure"), lacks("any_network"), lacks("api"), lacks("backup_geo"), lacks("continuous_backup"),
				lacks("customer_key"), lacks("failover"), lacks("keys"), lacks("min_tls"), lacks("regions"),
				lacks("serverless"), lacks("zone_redundant"),
			},
		},
	}.run(t)
}
