package services

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// BackupRecovery is what rules may ask of whether backups of one region can be
// restored. There is one in every region, also where nothing is backed up.
type BackupRecovery struct {
	ProtectedResources int       `json:"protected_resources"` // resources that AWS Backup holds a recovery point of
	TestingPlans       int       `json:"testing_plans"`       // plans that try restores on a schedule
	LastRestore        time.Time `json:"last_restore"`        // when a restore last completed, and was not found wanting afterwards; the zero time if never
	RestoreTests       int       `json:"restore_tests"`       // kinds of resources of which restore testing has restored something
	FailedTests        []string  `json:"failed_tests"`        // those whose last test failed: "RDS"
	Jobs               int       `json:"backup_jobs"`         // backup jobs of the past two days that have ended
	FailedBackups      []string  `json:"failed_backups"`      // ARNs of resources of which the last of those did not complete; ten at most are named
	Copies             int       `json:"copy_jobs"`           // copy jobs of the past two days that have ended
	FailedCopies       []string  `json:"failed_copies"`       // ARNs of resources of which the last of those to a vault did not complete; ten at most are named
}

// CloudFormation has no such type: it stands for the recovery points of a
// region together.
var backupRecoveries = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Backup::Recovery",
		Service: "backup",
		Doc:     BackupRecovery{},
		Calls: []scanners.Call{
			{Op: "backup:ListProtectedResources", For: []string{"protected_resources"}},
			{Op: "backup:ListRestoreTestingPlans", For: []string{"testing_plans"}},
			{Op: "backup:ListRestoreJobs", For: restoreFields},
			{Op: "backup:ListBackupJobs", For: []string{"backup_jobs", "failed_backups"}},
			{Op: "backup:ListCopyJobs", For: []string{"copy_jobs", "failed_copies"}},
		},
		Console: scanners.Console{Path: "/backup/home?region={region}#/"},
	},
	Scan: scanBackupRecovery,
}

// scanBackupRecovery emits the region's one resource.
func scanBackupRecovery(ctx context.Context, p *engine.Place) error {
	var doc BackupRecovery
	r := p.Read()
	if r.Wants("protected_resources") {
		protected, err := protectedByBackup(ctx, p)
		r.Got(err, "protected_resources")
		doc.ProtectedResources = len(protected)
	}
	if r.Wants("testing_plans") {
		pages := backup.NewListRestoreTestingPlansPaginator(backupClient(p), &backup.ListRestoreTestingPlansInput{MaxResults: aws.Int32(1000)})
		plans, err := engine.ListAll(ctx, pages, func(out *backup.ListRestoreTestingPlansOutput) []types.RestoreTestingPlanForList {
			return out.RestoreTestingPlans
		})
		r.Got(err, "testing_plans")
		doc.TestingPlans = len(plans)
	}
	readRestores(ctx, r, &doc)
	readBackupJobs(ctx, r, &doc)
	readCopyJobs(ctx, r, &doc)
	r.Emit(p.ARN("backup", "recovery"), "Recovery with AWS Backup", nil, &doc)
	return nil
}
