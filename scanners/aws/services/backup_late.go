package services

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

// LateBackup is a rule of a plan whose last run that was due completed no backup.
type LateBackup struct {
	Rule string    `json:"rule"` // the rule's name
	Due  time.Time `json:"due"`  // when that run was to begin
}

const (
	startWindow    = 8 * time.Hour  // how long a job may wait to begin, where the rule does not say
	longCompletion = 24 * time.Hour // how long a job is waited for at most; one that still runs then counts as it is
)

var errBackupsExpired error = &posture.ReasonError{Reason: posture.NotFound, Code: "expired", Text: "the backups of the last run are not kept until the next one is due"}

// readLate says which rules of a plan completed no backup since they were last due.
// Most are decided by the jobs of the region, which are listed once; each other rule
// takes a listing of its plan's recovery points, and late ones one of the plan's
// versions. Rules for continuous backups have no runs.
func readLate(ctx context.Context, r *engine.Reading, plan types.BackupPlansListMember, rules []types.BackupRule) []LateBackup {
	const field = "late"
	var late []LateBackup
	var unsure error
	for _, rule := range rules {
		due, err := lastDue(rule, time.Now())
		ran := due.IsZero() || aws.ToBool(rule.EnableContinuousBackup)
		if err == nil && !ran {
			ran, err = ranSince(ctx, r.Place, plan, rule, due)
		}
		unsure = cmp.Or(unsure, err)
		if err == nil && !ran {
			late = append(late, LateBackup{Rule: aws.ToString(rule.RuleName), Due: due})
		}
	}
	if len(late) > 0 {
		made, err := versionMade(ctx, r.Place, plan)
		unsure = cmp.Or(unsure, err)
		if late = dueSince(late, made); err == nil && len(late) > 0 {
			return late // one that is certain is enough
		}
	}
	r.Got(unsure, field)
	return nil
}

// dueSince leaves out what was due before the plan was changed: its rules were others then.
func dueSince(late []LateBackup, made time.Time) []LateBackup {
	var due []LateBackup
	for _, rule := range late {
		if rule.Due.After(made) {
			due = append(due, rule)
		}
	}
	return due
}

// lastDue returns when the last run of a rule began that must have completed by
// now; the zero time where there was none.
func lastDue(rule types.BackupRule, now time.Time) (time.Time, error) {
	const op = "backup:GetBackupPlan"
	wait := startWindow
	if rule.StartWindowMinutes != nil {
		wait = time.Duration(*rule.StartWindowMinutes) * time.Minute
	}
	completion := longCompletion
	if rule.CompletionWindowMinutes != nil {
		completion = min(completion, time.Duration(*rule.CompletionWindowMinutes)*time.Minute)
	}
	when, _, err := newSchedule(aws.ToString(rule.ScheduleExpression), aws.ToString(rule.ScheduleExpressionTimezone))
	if err != nil {
		return time.Time{}, engine.Malformed(op, err)
	}
	due, err := when.lastRun(now.Add(-wait - completion))
	return due, engine.Malformed(op, err)
}

// ranSince reports whether a backup by the rule that began since a time has
// completed, or still runs. Where the jobs could not be read, that no recovery point
// is there says nothing: it may have been deleted since.
func ranSince(ctx context.Context, p *engine.Place, plan types.BackupPlansListMember, rule types.BackupRule, due time.Time) (bool, error) {
	jobs, unread := backupJobList(ctx, p)
	for _, job := range jobs {
		if by := job.CreatedBy; by != nil && madeBy(by, plan, rule) && !aws.ToTime(job.CreationDate).Before(due) && goesWell(job.State) {
			return true, nil
		}
	}
	ran, err := hasPointSince(ctx, p, plan, rule, due)
	if err == nil && !ran {
		err = unread
	}
	return ran, err
}

func madeBy(by *types.RecoveryPointCreator, plan types.BackupPlansListMember, rule types.BackupRule) bool {
	return aws.ToString(by.BackupPlanId) == aws.ToString(plan.BackupPlanId) && aws.ToString(by.BackupRuleId) == aws.ToString(rule.RuleId)
}

func goesWell(state types.BackupJobState) bool {
	switch state {
	case types.BackupJobStateCompleted, types.BackupJobStateCreated, types.BackupJobStatePending, types.BackupJobStateRunning:
		return true
	default:
		return false
	}
}

// hasPointSince asks the vaults of a rule for the plan's recovery points since a
// time. Where they do not last so long, that there is none says nothing.
func hasPointSince(ctx context.Context, p *engine.Place, plan types.BackupPlansListMember, rule types.BackupRule, due time.Time) (bool, error) {
	vaults := []string{aws.ToString(rule.TargetBackupVaultName)}
	if _, gapped, found := strings.Cut(aws.ToString(rule.TargetLogicallyAirGappedBackupVaultArn), ":backup-vault:"); found {
		vaults = append(vaults, gapped)
	}
	for _, vault := range vaults {
		pages := bounded(backup.NewListRecoveryPointsByBackupVaultPaginator(backupClient(p), &backup.ListRecoveryPointsByBackupVaultInput{
			BackupVaultName: &vault, ByBackupPlanId: plan.BackupPlanId, ByCreatedAfter: &due, MaxResults: aws.Int32(1000)}), listPoints)
		found := false
		err := engine.EachPage(ctx, pages, func(page *backup.ListRecoveryPointsByBackupVaultOutput) (err error) {
			if found, err = anyPointSince(page.RecoveryPoints, plan, rule, due); found {
				return errPointFound
			}
			return err
		})
		if found {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	var kept BackupRule
	if kept.keep(rule.Lifecycle); !kept.NeverExpires && time.Since(due) > time.Duration(kept.RetentionDays)*24*time.Hour {
		return false, engine.Malformed(listPoints, errBackupsExpired)
	}
	return false, nil
}

// errPointFound ends a listing of which nothing more is asked.
var errPointFound = errors.New("a recovery point was found")

const listPoints = "backup:ListRecoveryPointsByBackupVault"

// anyPointSince reports whether a recovery point of a rule is there that is, was or
// will be whole.
func anyPointSince(points []types.RecoveryPointByBackupVault, plan types.BackupPlansListMember, rule types.BackupRule, due time.Time) (bool, error) {
	for _, point := range points {
		if by := point.CreatedBy; by == nil || !madeBy(by, plan, rule) || aws.ToTime(point.CreationDate).Before(due) {
			continue
		}
		if err := answered(point.Status, listPoints); err != nil || point.Status != types.RecoveryPointStatusPartial {
			return err == nil, err
		}
	}
	return false, nil
}

// versionMade returns when the plan was last changed.
func versionMade(ctx context.Context, p *engine.Place, plan types.BackupPlansListMember) (time.Time, error) {
	const op = "backup:ListBackupPlanVersions"
	pages := backup.NewListBackupPlanVersionsPaginator(backupClient(p), &backup.ListBackupPlanVersionsInput{BackupPlanId: plan.BackupPlanId, MaxResults: aws.Int32(1000)})
	versions, err := engine.ListAll(ctx, pages, func(out *backup.ListBackupPlanVersionsOutput) []types.BackupPlansListMember {
		return out.BackupPlanVersionsList
	})
	var made time.Time
	for _, version := range versions {
		if at := aws.ToTime(version.CreationDate); at.After(made) {
			made = at
		}
	}
	if err == nil && made.IsZero() {
		err = engine.Malformed(op, errVersions)
	}
	return made, err
}

var errVersions error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "versions of a plan without their dates"}
