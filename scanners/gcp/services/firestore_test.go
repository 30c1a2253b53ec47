package services

import (
	"testing"

	"google.golang.org/api/firestore/v1"

	"posture/internal/posture"
)

func TestFirestoreDatabases(t *testing.T) {
	t.Parallel()
	typ := "firestore.googleapis.com/Database"
	refused := posture.Cause{Reason: posture.Denied, Operation: opFirestoreSchedules, Code: "PERMISSION_DENIED", Permission: "datastore.backupSchedules.list"}
	serviceTest{
		data: "firestore", types: []string{typ}, schemas: map[string]any{typ + " v1": firestore.GoogleFirestoreAdminV1Database{}},
		want: map[string]any{
			"(default)": &FirestoreDatabase{PointInTimeRecovery: true, DeleteProtection: true},
			"scheduled": &FirestoreDatabase{DeleteProtection: true, BackupSchedules: 2},
			"trial":     &FirestoreDatabase{},
			"refused":   &FirestoreDatabase{DeleteProtection: true},
		},
		unread: map[string][]posture.Unread{
			"refused": {{Field: "backup_schedules", Cause: refused}},
		},
	}.run(t)
}
