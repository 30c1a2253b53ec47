package services

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/api/sqladmin/v1"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
)

// vaulted is the cause of what only the Backup and DR Service knows.
func vaulted(typ string) posture.Cause {
	return posture.Cause{Reason: posture.NotUsed, Operation: "read " + typ, Code: "kept by Backup and DR"}
}

func TestSQLInstances(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "sqladmin", types: []string{"sqladmin.googleapis.com/Instance"},
		schemas: map[string]any{"sqladmin.googleapis.com/Instance v1": sqladmin.DatabaseInstance{}},
		want: map[string]any{
			"orders": &SQLInstance{
				Engine: "postgres", KMSKey: "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k", RequiresTLS: true,
				Flags: map[string]string{
					"log_connections": "on", "log_disconnections": "on", "cloudsql.enable_pgaudit": "on",
					"log_statement": "ddl", "log_min_duration_statement": "-1",
				},
				AutomatedBackups: true, BackupsKept: 14, PointInTimeRecovery: true, Regional: true, DeletionProtection: true,
			},
			"orders-replica": &SQLInstance{Engine: "postgres", Replica: true, RequiresTLS: true, Flags: map[string]string{}},
			"legacy": &SQLInstance{
				Engine: "mysql", PublicIP: true, OpenNetworks: []string{"0.0.0.0/0"}, Flags: map[string]string{"local_infile": "on"},
				AutomatedBackups: true, PointInTimeRecovery: true,
			},
			"terse": &SQLInstance{Engine: "sqlserver", Flags: map[string]string{}},
			"catalogue": &SQLInstance{
				Engine: "mysql", RequiresTLS: true, Flags: map[string]string{"local_infile": "off", "skip_show_database": "on"},
				AutomatedBackups: true, BackupsKept: 3,
			},
			"vaulted": &SQLInstance{Engine: "postgres", RequiresTLS: true, Flags: map[string]string{}},
			"ledger": &SQLInstance{
				Engine: "sqlserver", RequiresTLS: true, AutomatedBackups: true, BackupsKept: 3,
				Flags: map[string]string{"remote access": "off", "3625": "on", "external scripts enabled": "off"},
			},
		},
		unread: map[string][]posture.Unread{
			"legacy": {{Field: "backups_kept", Cause: absent("sqladmin.googleapis.com/Instance")}},
			"terse":  {{Field: "public_ip", Cause: absent("sqladmin.googleapis.com/Instance")}},
			"vaulted": {
				{Field: "automated_backups", Cause: vaulted("sqladmin.googleapis.com/Instance")},
				{Field: "backups_kept", Cause: vaulted("sqladmin.googleapis.com/Instance")},
			},
		},
	}.run(t)
}

func TestSQLBackups(t *testing.T) {
	t.Parallel()
	refused := posture.Cause{Reason: posture.Denied, Operation: opBackupRuns, Code: "PERMISSION_DENIED", Permission: "cloudsql.backupRuns.list"}
	serviceTest{
		data: "sqladmin", types: []string{"sqladmin.googleapis.com/BackupRun"},
		schemas: map[string]any{"sqladmin.googleapis.com/Instance v1": sqladmin.DatabaseInstance{}},
		want: map[string]any{
			"orders":         &SQLBackup{Created: made2026, LastBackup: time.Date(2026, 11, 20, 2, 10, 0, 0, time.UTC), Elsewhere: true},
			"orders-replica": &SQLBackup{Created: made2026, Replica: true},
			"legacy":         &SQLBackup{Created: made2026},
			"terse":          &SQLBackup{Created: made2026},
			"vaulted":        &SQLBackup{Created: made2026},
			"catalogue":      &SQLBackup{Created: made2026, LastBackup: time.Date(2026, 11, 20, 3, 5, 0, 0, time.UTC)},
			"ledger":         &SQLBackup{Created: made2026, LastBackup: time.Date(2026, 11, 13, 3, 5, 0, 0, time.UTC), Elsewhere: true},
		},
		unread: map[string][]posture.Unread{
			"terse": {{Field: "last_backup", Cause: refused}, {Field: "elsewhere", Cause: refused}},
			"vaulted": {
				{Field: "last_backup", Cause: vaulted("sqladmin.googleapis.com/BackupRun")},
				{Field: "elsewhere", Cause: vaulted("sqladmin.googleapis.com/BackupRun")},
			},
		},
	}.run(t)
}

// TestReplica: which instances are not backed up, because another one is.
func TestReplica(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"CLOUD_SQL_INSTANCE": false, "READ_REPLICA_INSTANCE": true, "READ_POOL_INSTANCE": true, "ON_PREMISES_INSTANCE": false, "": false,
	} {
		if got := (sqlData{InstanceType: kind}).replica(); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

// TestOutside: of a stand-in for a server elsewhere nothing is known but what
// kind it is.
func TestOutside(t *testing.T) {
	t.Parallel()
	outside := strings.ReplaceAll(bench.Text(t, "sqladmin"), `"CLOUD_SQL_INSTANCE"`, `"ON_PREMISES_INSTANCE"`)
	inventory := bench.Export(t, bench.Text(t, "hierarchy"), outside)
	found := 0
	for _, r := range enginetest.Scan(t, inventory, bench.Everything(sqlInstances.Name, sqlBackups.Name)).ByID {
		replica := strings.Contains(r.Name, "replica")
		strange := map[string]bool{}
		for _, u := range r.Unread {
			strange[u.Field] = strange[u.Field] || u.Cause.Code == "unknown server outside of Cloud SQL"
		}
		for _, field := range map[string][]string{sqlInstances.Name: standInFields, sqlBackups.Name: {"last_backup", "elsewhere"}}[r.Type] {
			found++
			if strange[field] == replica {
				t.Errorf("%s of %s %s is unread for it: %v", field, r.Type, r.Name, strange[field])
			}
		}
		if strange["engine"] || strange["replica"] {
			t.Errorf("what kind %s is was read", r.Name)
		}
	}
	if found == 0 {
		t.Error("nothing was looked at")
	}
}

// made2026 is when the resources of the test data were made.
var made2026 = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
