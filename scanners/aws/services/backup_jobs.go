package services

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

const (
	jobsSince    = 48 * time.Hour     // how far back jobs are looked at, so that one that ends between two daily scans is seen
	pointsSince  = 7 * 24 * time.Hour // how far back recovery points are, so that those of weekly plans are among them
	backupPages  = 100                // of 1000 each, that are read of one listing
	namedBackups = 10                 // resources that a document names at most
)

var errManyBackups error = &posture.ReasonError{Reason: posture.TooMuch, Code: "backups", Text: "there are more backups than are read"}

// bounded returns the pages of a listing, and refuses to read more than
// backupPages of them.
func bounded[P, O any](pages engine.Pager[P, O], operation string) engine.Pager[P, O] {
	return &boundedPager[P, O]{Pager: pages, operation: operation}
}

type boundedPager[P, O any] struct {
	engine.Pager[P, O]
	operation string
	read      int
}

func (b *boundedPager[P, O]) NextPage(ctx context.Context, options ...func(*O)) (page P, err error) {
	if b.read++; b.read > backupPages {
		return page, engine.Malformed(b.operation, errManyBackups)
	}
	return b.Pager.NextPage(ctx, options...)
}

// backupJobList lists the backup jobs of the past two days, once per region. With
// an error come those that were listed before it.
func backupJobList(ctx context.Context, p *engine.Place) ([]types.BackupJob, error) {
	return engine.Once(p, "backup jobs", func() ([]types.BackupJob, error) {
		pages := backup.NewListBackupJobsPaginator(backupClient(p), &backup.ListBackupJobsInput{
			ByCreatedAfter: aws.Time(time.Now().Add(-jobsSince)), MaxResults: aws.Int32(1000)})
		return engine.ListAll(ctx, bounded(pages, "backup:ListBackupJobs"), func(out *backup.ListBackupJobsOutput) []types.BackupJob { return out.BackupJobs })
	})
}

// readBackupJobs sets how many backup jobs ended lately, and of which resources
// the last one did not complete.
func readBackupJobs(ctx context.Context, r *engine.Reading, doc *BackupRecovery) {
	const op = "backup:ListBackupJobs"
	if !r.Wants("backup_jobs", "failed_backups") {
		return
	}
	jobs, err := backupJobList(ctx, r.Place)
	r.Got(err, "backup_jobs", "failed_backups")
	last := map[string]types.BackupJob{}
	for _, job := range jobs {
		switch choice(r, job.State, op, "backup_jobs", "failed_backups") {
		case types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning, types.BackupJobStateAborting:
			continue // not at its end yet
		}
		if job.CreationDate == nil || aws.ToString(job.ResourceArn) == "" {
			r.Absent(op, "failed_backups")
			continue
		}
		doc.Jobs++
		if before, found := last[*job.ResourceArn]; !found || before.CreationDate.Before(*job.CreationDate) {
			last[*job.ResourceArn] = job
		}
	}
	for arn, job := range last {
		if job.State != types.BackupJobStateCompleted {
			doc.FailedBackups = append(doc.FailedBackups, arn)
		}
	}
	doc.FailedBackups = firstNamed(doc.FailedBackups)
}

// readCopyJobs sets how many copy jobs ended lately, and of which resources the
// last one to a vault did not complete.
func readCopyJobs(ctx context.Context, r *engine.Reading, doc *BackupRecovery) {
	const op = "backup:ListCopyJobs"
	if !r.Wants("copy_jobs", "failed_copies") {
		return
	}
	pages := backup.NewListCopyJobsPaginator(backupClient(r.Place), &backup.ListCopyJobsInput{
		ByCreatedAfter: aws.Time(time.Now().Add(-jobsSince)), MaxResults: aws.Int32(1000)})
	jobs, err := engine.ListAll(ctx, bounded(pages, op), func(out *backup.ListCopyJobsOutput) []types.CopyJob { return out.CopyJobs })
	r.Got(err, "copy_jobs", "failed_copies")
	last := map[[2]string]types.CopyJob{}
	for _, job := range jobs {
		switch choice(r, job.State, op, "copy_jobs", "failed_copies") {
		case types.CopyJobStateCreated, types.CopyJobStateRunning:
			continue // not at its end yet
		}
		if job.CreationDate == nil || aws.ToString(job.ResourceArn) == "" {
			r.Absent(op, "failed_copies")
			continue
		}
		doc.Copies++
		way := [2]string{*job.ResourceArn, aws.ToString(job.DestinationBackupVaultArn)}
		if before, found := last[way]; !found || before.CreationDate.Before(*job.CreationDate) {
			last[way] = job
		}
	}
	for way, job := range last {
		if job.State != types.CopyJobStateCompleted {
			doc.FailedCopies = append(doc.FailedCopies, way[0])
		}
	}
	doc.FailedCopies = firstNamed(doc.FailedCopies)
}

// firstNamed returns as many ARNs as a document names, in order and each once.
func firstNamed(arns []string) []string {
	slices.Sort(arns)
	arns = slices.Compact(arns)
	return arns[:min(len(arns), namedBackups)]
}

// readPlainBackups sets of which resources the vault got unencrypted recovery
// points lately. An answer without a status, which every one has, says nothing of
// encryption either.
func readPlainBackups(ctx context.Context, r *engine.Reading, vault types.BackupVaultListMember, doc *BackupVault) {
	const op, field = listPoints, "plain_backups"
	if !r.Wants(field) || doc.RecoveryPoints == 0 || doc.RestoreAccess {
		return
	}
	pages := backup.NewListRecoveryPointsByBackupVaultPaginator(backupClient(r.Place), &backup.ListRecoveryPointsByBackupVaultInput{
		BackupVaultName: vault.BackupVaultName, ByCreatedAfter: aws.Time(time.Now().Add(-pointsSince)), MaxResults: aws.Int32(1000)})
	points, err := engine.ListAll(ctx, bounded(pages, op), func(out *backup.ListRecoveryPointsByBackupVaultOutput) []types.RecoveryPointByBackupVault {
		return out.RecoveryPoints
	})
	for _, point := range points {
		status := word(r, point.Status, op, field)
		if leaving := status == string(types.RecoveryPointStatusDeleting); !point.IsEncrypted && status != "" && !leaving {
			doc.PlainBackups = append(doc.PlainBackups, cmp.Or(aws.ToString(point.ResourceArn), aws.ToString(point.RecoveryPointArn)))
		}
	}
	if doc.PlainBackups = firstNamed(doc.PlainBackups); len(doc.PlainBackups) == 0 {
		r.Got(err, field) // one that was seen is enough
	}
}
