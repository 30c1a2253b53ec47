package gcp

import (
	"testing"

	"google.golang.org/api/sqladmin/v1"

	"posture/internal/posture"
)

func TestSQLInstances(t *testing.T) {
	serviceTest{
		data: "sqladmin", types: []string{"sqladmin.googleapis.com/Instance"},
		schemas: map[string]any{"sqladmin.googleapis.com/Instance v1": sqladmin.DatabaseInstance{}},
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
	}.run(t)
}
