package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"google.golang.org/api/spanner/v1"

	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// SpannerDatabase is what rules may ask of a database of Spanner.
type SpannerDatabase struct {
	DropProtection  bool     `json:"drop_protection"`  // neither it nor its instance can be deleted by mistake
	BackupSchedules []string `json:"backup_schedules"` // names of the schedules that back it up
	FreeTrial       bool     `json:"free_trial"`       // its instance is free of charge, and has neither backups nor schedules
}

const typeSpannerInstance = "spanner.googleapis.com/Instance"

var spannerDatabases = engine.Service{
	Type: scanners.Type{
		Name:    "spanner.googleapis.com/Database",
		Doc:     SpannerDatabase{},
		Calls:   []scanners.Call{{Op: opSpannerSchedules, Permission: "spanner.backupSchedules.list", Each: true, For: []string{"backup_schedules"}}},
		Console: scanners.Console{Path: "/spanner/instances/{instances}/databases/{databases}/details/tables?project={project}"},
	},
	Versions: []string{"v1"},
	Joins:    []engine.Join{{Type: typeSpannerInstance, For: []string{"free_trial"}}},
	Get: []engine.Get{{
		Op: "spanner.databases.get", Permission: "spanner.databases.get", Root: "https://spanner.googleapis.com/v1/", Version: "v1",
	}},
	Read: readSpannerDatabase,
}

const opSpannerSchedules = "spanner.backupSchedules.list"

// spannerDatabaseData is what is read of a database (spanner.databases.get).
// The API leaves out drop protection that is off.
type spannerDatabaseData struct {
	DropProtection bool `json:"enableDropProtection" gives:"drop_protection"`
}

func readSpannerDatabase(ctx context.Context, r *engine.Reading) any {
	var data spannerDatabaseData
	r.Decode(&data)
	doc := &SpannerDatabase{DropProtection: data.DropProtection, FreeTrial: onFreeTrial(r, "free_trial")}
	if !r.Wants("backup_schedules") {
		return doc
	}
	schedules, err := spannerSchedules(ctx, r, path(r.Asset.Name))
	if r.Got(err, "backup_schedules") {
		doc.BackupSchedules = schedules
	}
	return doc
}

// spannerInstanceData is what a database looks at of instances
// (spanner.instances.get).
type spannerInstanceData struct {
	Type string `json:"instanceType"` // PROVISIONED or FREE_INSTANCE
}

// onFreeTrial reports whether the database's instance is one that is free of
// charge. Where the instance is not there it marks the field as unread.
func onFreeTrial(r *engine.Reading, field string) bool {
	name, _, _ := strings.Cut(r.Asset.Name, "/databases/")
	found := indexOf(r, typeSpannerInstance, field, func(instances []engine.Joined[spannerInstanceData]) map[string]string {
		types := map[string]string{}
		for _, i := range instances {
			types[i.Name] = cmp.Or(i.Data.Type, "PROVISIONED")
		}
		return types
	})
	if found[name] == "" && r.Wants(field) {
		r.Missing(typeSpannerInstance, field)
	}
	return found[name] == "FREE_INSTANCE"
}

// spannerSchedules returns the names of a database's backup schedules.
func spannerSchedules(ctx context.Context, r *engine.Reading, database string) ([]string, error) {
	client, err := engine.Client(ctx, r, spanner.NewService)
	if err != nil {
		return nil, scanners.Failed(opSpannerSchedules, err)
	}
	list := client.Projects.Instances.Databases.BackupSchedules.List(database).PageSize(100).Context(ctx)
	ask := func(token string) (*spanner.ListBackupSchedulesResponse, error) {
		if token != "" {
			list.PageToken(token)
		}
		return engine.Do(r, opSpannerSchedules, func() (*spanner.ListBackupSchedulesResponse, error) { return list.Do() })
	}
	var names []string
	next := func(page *spanner.ListBackupSchedulesResponse) string { return page.NextPageToken }
	err = answer.Pages(ask, next, func(page *spanner.ListBackupSchedulesResponse) bool {
		for _, schedule := range page.BackupSchedules {
			names = append(names, engine.LastOf(schedule.Name))
		}
		return true
	})
	slices.Sort(names)
	return names, scanners.Failed(opSpannerSchedules, err)
}
