package aws

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

// BackupRecovery is what rules may ask of whether backups of one region can be
// restored. There is one in every region, also where nothing is backed up.
type BackupRecovery struct {
	ProtectedResources int       `json:"protected_resources"` // resources of which AWS Backup holds a recovery point
	TestingPlans       int       `json:"testing_plans"`       // plans that try restores on a schedule
	LastRestore        time.Time `json:"last_restore"`        // when a restore last completed; the zero time if never
}

// CloudFormation has no such type: it stands for the recovery points of a
// region together.
var backupRecoveries = scanner{
	Type: "AWS::Backup::Recovery",
	Doc:  BackupRecovery{},
	Calls: []call{
		{Op: "backup:ListProtectedResources", For: []string{"protected_resources"}},
		{Op: "backup:ListRestoreTestingPlans", For: []string{"testing_plans"}},
		{Op: "backup:ListRestoreJobs", For: []string{"last_restore"}},
	},
	Scan: scanBackupRecovery,
}

// scanBackupRecovery emits the region's one resource.
func scanBackupRecovery(ctx context.Context, p *place) error {
	var doc BackupRecovery
	r := p.read()
	if r.Wants("protected_resources") {
		protected, err := protectedByBackup(ctx, p)
		r.Got(err, "protected_resources")
		doc.ProtectedResources = len(protected)
	}
	if r.Wants("testing_plans") {
		pages := backup.NewListRestoreTestingPlansPaginator(backupClient(p), &backup.ListRestoreTestingPlansInput{MaxResults: aws.Int32(1000)})
		plans, err := listAll(ctx, pages, func(out *backup.ListRestoreTestingPlansOutput) []types.RestoreTestingPlanForList {
			return out.RestoreTestingPlans
		})
		r.Got(err, "testing_plans")
		doc.TestingPlans = len(plans)
	}
	r.readLastRestore(ctx, &doc)
	r.emit(p.arn("backup", "recovery"), "Recovery with AWS Backup", nil, &doc)
	return nil
}

func (r *reading) readLastRestore(ctx context.Context, doc *BackupRecovery) {
	if !r.Wants("last_restore") {
		return
	}
	pages := backup.NewListRestoreJobsPaginator(backupClient(r.place),
		&backup.ListRestoreJobsInput{ByStatus: types.RestoreJobStatusCompleted, MaxResults: aws.Int32(1000)})
	jobs, err := listAll(ctx, pages, func(out *backup.ListRestoreJobsOutput) []types.RestoreJobsListMember { return out.RestoreJobs })
	r.Got(err, "last_restore")
	for _, job := range jobs {
		if done := aws.ToTime(job.CompletionDate); done.After(doc.LastRestore) {
			doc.LastRestore = done
		}
	}
}
