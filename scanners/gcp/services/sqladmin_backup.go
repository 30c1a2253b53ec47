package services

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/sqladmin/v1"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// SQLBackup is what rules may ask of the backups that an instance of Cloud SQL
// really has.
type SQLBackup struct {
	StandIn    bool      `json:"stand_in"`    // the instance only stands in for a server outside of Cloud SQL
	Replica    bool      `json:"replica"`     // the instance is a read replica or a pool of them: its primary is backed up
	Created    time.Time `json:"created"`     // when the instance was made
	LastBackup time.Time `json:"last_backup"` // when the latest successful one ended; the zero time: never
	Elsewhere  bool      `json:"elsewhere"`   // that one is kept in several regions, or in another one than the instance
}

var sqlBackups = engine.Service{
	Type: scanners.Type{
		Name:    "sqladmin.googleapis.com/BackupRun",
		Doc:     SQLBackup{},
		Calls:   []scanners.Call{{Op: opBackupRuns, Permission: "cloudsql.backupRuns.list", Each: true, For: []string{"last_backup", "elsewhere"}}},
		Console: scanners.Console{Path: "/sql/instances/{instances}/backups?project={project}"},
	},
	Of:       "sqladmin.googleapis.com/Instance",
	Versions: sqlInstances.Versions,
	Get:      []engine.Get{sqlGet},
	Read:     readSQLBackup,
}

const opBackupRuns = "sqladmin.backupRuns.list"

// sqlBackupData is what is read of the instance (sql.instances.get).
type sqlBackupData struct {
	sqlData
	Name    string     `gives:"last_backup,elsewhere"`
	Project string     `gives:"last_backup,elsewhere"`
	Region  string     `gives:"elsewhere"`
	Made    *time.Time `json:"createTime" gives:"created"`
}

func readSQLBackup(ctx context.Context, r *engine.Reading) any {
	var data sqlBackupData
	r.Decode(&data)
	r.ID += "/backupRuns"
	doc := &SQLBackup{StandIn: data.outside(), Replica: data.replica(), Created: engine.Need(r, data.Made, "created").UTC()}
	if doc.Replica || !r.Wants("last_backup", "elsewhere") {
		return doc
	}
	if data.outside() {
		r.Strange("server outside of Cloud SQL", "last_backup", "elsewhere")
		return doc
	}
	if data.Settings.Backup.vaulted() {
		markVaulted(r, "last_backup", "elsewhere")
		return doc
	}
	run, err := lastBackup(ctx, r, data.Project, data.Name)
	if !r.Got(err, "last_backup", "elsewhere") || run == nil {
		return doc
	}
	ended, err := time.Parse(time.RFC3339, run.EndTime)
	if r.Got(scanners.Failed(opBackupRuns, err), "last_backup") {
		doc.LastBackup = ended
	}
	doc.Elsewhere = elsewhere(run.Location, data.Region)
	return doc
}

// elsewhere reports whether a backup's location, a region or a name for
// several, outlasts the instance's region.
func elsewhere(location, region string) bool {
	return location != "" && !strings.EqualFold(location, region)
}

// lastBackup returns the latest backup that succeeded, nil when there is none.
// The API lists the latest first.
func lastBackup(ctx context.Context, r *engine.Reading, project, instance string) (*sqladmin.BackupRun, error) {
	client, err := engine.Client(ctx, r, sqladmin.NewService)
	if err != nil {
		return nil, scanners.Failed(opBackupRuns, err)
	}
	list := client.BackupRuns.List(project, instance).MaxResults(50).Context(ctx)
	ask := func(token string) (*sqladmin.BackupRunsListResponse, error) {
		if token != "" {
			list.PageToken(token)
		}
		page, err := engine.Do(r, opBackupRuns, func() (*sqladmin.BackupRunsListResponse, error) { return list.Do() })
		if err == nil && page.Kind == "" && len(page.Items) == 0 {
			err = scanners.Failed(opBackupRuns, errNoKind)
		}
		return page, err
	}
	var latest *sqladmin.BackupRun // there may be none, and that is an answer
	next := func(page *sqladmin.BackupRunsListResponse) string { return page.NextPageToken }
	err = answer.Pages(ask, next, func(page *sqladmin.BackupRunsListResponse) bool {
		n := slices.IndexFunc(page.Items, func(run *sqladmin.BackupRun) bool { return run.Status == "SUCCESSFUL" })
		if n >= 0 {
			latest = page.Items[n]
		}
		return n < 0
	})
	return latest, scanners.Failed(opBackupRuns, err)
}

// errNoKind: every answer of some APIs says what it is, also one of an empty list.
var errNoKind error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not say what it is"}
