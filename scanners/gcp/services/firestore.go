package services

import (
	"context"

	"google.golang.org/api/firestore/v1"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// FirestoreDatabase is what rules may ask of a database of Firestore, in
// Datastore mode too.
type FirestoreDatabase struct {
	PointInTimeRecovery bool `json:"point_in_time_recovery"` // it can be set back to any minute of the last week
	DeleteProtection    bool `json:"delete_protection"`      // it cannot be deleted by mistake
	BackupSchedules     int  `json:"backup_schedules"`       // how many schedules back it up, daily or weekly
}

var firestoreDatabases = engine.Service{
	Type: scanners.Type{
		Name:    "firestore.googleapis.com/Database",
		Doc:     FirestoreDatabase{},
		Calls:   []scanners.Call{{Op: opFirestoreSchedules, Permission: "datastore.backupSchedules.list", Each: true, For: []string{"backup_schedules"}}},
		Console: scanners.Console{Path: "/firestore/databases?project={project}"},
	},
	Versions: []string{"v1"},
	Get: []engine.Get{{
		Op: "firestore.databases.get", Permission: "datastore.databases.getMetadata", Root: "https://firestore.googleapis.com/v1/", Version: "v1",
	}},
	Read: readFirestoreDatabase,
}

const opFirestoreSchedules = "firestore.backupSchedules.list"

// firestoreData is what is read of a database (firestore.databases.get). What
// is missing there is off.
type firestoreData struct {
	Recovery   string `json:"pointInTimeRecoveryEnablement" gives:"point_in_time_recovery"`
	Protection string `json:"deleteProtectionState" gives:"delete_protection"`
}

func readFirestoreDatabase(ctx context.Context, r *engine.Reading) any {
	var data firestoreData
	r.Decode(&data)
	doc := &FirestoreDatabase{
		PointInTimeRecovery: data.Recovery == "POINT_IN_TIME_RECOVERY_ENABLED",
		DeleteProtection:    data.Protection == "DELETE_PROTECTION_ENABLED",
	}
	if !r.Wants("backup_schedules") {
		return doc
	}
	schedules, err := firestoreSchedules(ctx, r, path(r.Asset.Name))
	if r.Got(err, "backup_schedules") {
		doc.BackupSchedules = schedules
	}
	return doc
}

// firestoreSchedules returns how many backup schedules a database has. The API
// answers with all of them at once.
func firestoreSchedules(ctx context.Context, r *engine.Reading, database string) (int, error) {
	client, err := engine.Client(ctx, r, firestore.NewService)
	if err != nil {
		return 0, scanners.Failed(opFirestoreSchedules, err)
	}
	answer, err := engine.Do(r, opFirestoreSchedules, func() (*firestore.GoogleFirestoreAdminV1ListBackupSchedulesResponse, error) {
		return client.Projects.Databases.BackupSchedules.List(database).Context(ctx).Do()
	})
	if err != nil {
		return 0, err
	}
	return len(answer.BackupSchedules), nil
}
