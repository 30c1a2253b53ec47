package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/scanners/aws/engine"
)

// restoreFields are the fields that restore jobs give.
var restoreFields = []string{"last_restore", "restore_tests", "failed_tests"}

// readRestores sets when a restore last completed, and what became of the last
// test of each kind of resource.
func readRestores(ctx context.Context, r *engine.Reading, doc *BackupRecovery) {
	const op = "backup:ListRestoreJobs"
	if !r.Wants(restoreFields...) {
		return
	}
	pages := backup.NewListRestoreJobsPaginator(backupClient(r.Place), &backup.ListRestoreJobsInput{MaxResults: aws.Int32(1000)})
	jobs, err := engine.ListAll(ctx, bounded(pages, op), func(out *backup.ListRestoreJobsOutput) []types.RestoreJobsListMember { return out.RestoreJobs })
	r.Got(err, restoreFields...)
	tests := map[string]types.RestoreJobsListMember{}
	for _, job := range jobs {
		switch choice(r, job.Status, op, restoreFields...) {
		case types.RestoreJobStatusPending, types.RestoreJobStatusRunning:
			continue // not at its end yet
		}
		if job.CompletionDate == nil && job.Status != types.RestoreJobStatusCompleted {
			job.CompletionDate = job.CreationDate
		}
		if job.CompletionDate == nil {
			r.Absent(op, restoreFields...)
			continue
		}
		if done := *job.CompletionDate; restored(r, job) && done.After(doc.LastRestore) {
			doc.LastRestore = done
		}
		if by := job.CreatedBy; by == nil || aws.ToString(by.RestoreTestingPlanArn) == "" {
			continue
		}
		kind := word(r, aws.ToString(job.ResourceType), op, "restore_tests", "failed_tests")
		if before, found := tests[kind]; !found || before.CompletionDate.Before(*job.CompletionDate) {
			tests[kind] = job
		}
	}
	doc.RestoreTests = len(tests)
	for kind, job := range tests {
		if !restored(r, job) {
			doc.FailedTests = append(doc.FailedTests, kind)
		}
	}
	slices.Sort(doc.FailedTests)
}

// restored reports whether a job restored what it was to, and nobody who looked
// found the result wanting.
func restored(r *engine.Reading, job types.RestoreJobsListMember) bool {
	r.Got(newValue(job.ValidationStatus, "backup:ListRestoreJobs"), restoreFields...)
	return job.Status == types.RestoreJobStatusCompleted &&
		job.ValidationStatus != types.RestoreValidationStatusFailed && job.ValidationStatus != types.RestoreValidationStatusTimedOut
}
