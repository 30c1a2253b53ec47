package services

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
)

// TestLateBackups: a rule is late when no backup of its own completed since the
// last run that had to be complete by now.
func TestLateBackups(t *testing.T) {
	now := time.Now()
	ago := func(hours int) int64 { return now.Add(-time.Duration(hours) * time.Hour).Unix() }
	const jobs, points, versions, get = "backup:ListBackupJobs", listPoints, "backup:ListBackupPlanVersions", "backup:GetBackupPlan"
	const ours = `"CreatedBy": {"BackupPlanId": "daily", "BackupRuleId": "r"}`
	// The rule runs at midnight. It has an hour to start and an hour to complete, so
	// that its last run was due to be complete 2 to 26 hours ago.
	rule := func(more ...string) string {
		all := append(more, `"RuleName": "nightly", "RuleId": "r", "TargetBackupVaultName": "main", "StartWindowMinutes": 60, "CompletionWindowMinutes": 60`)
		return `{` + strings.Join(all, ", ") + `}`
	}
	const midnight, weekly = `"ScheduleExpression": "cron(0 0 ? * * *)"`, `"ScheduleExpression": "rate(7 days)"`
	plan := func(rules ...string) string { return `{"BackupPlan": {"Rules": [` + strings.Join(rules, ", ") + `]}}` }
	job := func(state string, at int64, by string) string {
		return fmt.Sprintf(`{"BackupJobs": [{"State": %q, "ResourceArn": "a", "CreationDate": %d, %s}]}`, state, at, by)
	}
	point := func(status string, at int64, by string) string {
		return fmt.Sprintf(`{"RecoveryPoints": [{"Status": %q, "ResourceArn": "a", "CreationDate": %d, %s}]}`, status, at, by)
	}
	for name, test := range map[string]struct {
		rules    []string
		sections map[string]string
		late     bool
		unread   []posture.Unread
		asked    int // listings of recovery points
	}{
		"a job completed":                     {sections: map[string]string{jobs: job("COMPLETED", ago(1), ours)}},
		"a job runs":                          {sections: map[string]string{jobs: job("RUNNING", ago(1), ours)}},
		"a job failed":                        {sections: map[string]string{jobs: job("FAILED", ago(1), ours)}, late: true, asked: 1},
		"a job of another rule":               {sections: map[string]string{jobs: job("COMPLETED", ago(1), `"CreatedBy": {"BackupPlanId": "daily", "BackupRuleId": "other"}`)}, late: true, asked: 1},
		"a job of another plan":               {sections: map[string]string{jobs: job("COMPLETED", ago(1), `"CreatedBy": {"BackupPlanId": "other", "BackupRuleId": "r"}`)}, late: true, asked: 1},
		"a job of a person":                   {sections: map[string]string{jobs: job("COMPLETED", ago(1), `"BackupType": "on demand"`)}, late: true, asked: 1},
		"a job that is too old":               {sections: map[string]string{jobs: job("COMPLETED", ago(51), ours)}, late: true, asked: 1},
		"a recovery point":                    {sections: map[string]string{points + " BackupVaultName=main": point("COMPLETED", ago(1), ours)}, asked: 1},
		"a recovery point in the making":      {sections: map[string]string{points + " BackupVaultName=main": point("CREATING", ago(1), ours)}, asked: 1},
		"a recovery point that was deleted":   {sections: map[string]string{points + " BackupVaultName=main": point("DELETING", ago(1), ours)}, asked: 1},
		"a part of a recovery point":          {sections: map[string]string{points + " BackupVaultName=main": point("PARTIAL", ago(1), ours)}, late: true, asked: 1},
		"a recovery point that is too old":    {sections: map[string]string{points + " BackupVaultName=main": point("COMPLETED", ago(51), ours)}, late: true, asked: 1},
		"a recovery point nobody understands": {sections: map[string]string{points + " BackupVaultName=main": point("ASLEEP", ago(1), ours)}, unread: unknownValue(points, "late"), asked: 1},
		"recovery points refused":             {sections: map[string]string{points + " BackupVaultName=main error=AccessDeniedException": ""}, unread: refused(points, "AccessDeniedException", points, "late"), asked: 1},
		"jobs refused, a recovery point":      {sections: map[string]string{jobs + " error=AccessDeniedException": "", points + " BackupVaultName=main": point("COMPLETED", ago(1), ours)}, asked: 1},
		"jobs refused, none":                  {sections: map[string]string{jobs + " error=AccessDeniedException": ""}, unread: refused(jobs, "AccessDeniedException", jobs, "late"), asked: 1},
		"jobs refused half-way, none":         {sections: map[string]string{jobs: `{"BackupJobs": [], "NextToken": "two"}`, jobs + " nextToken=two error=AccessDeniedException": ""}, unread: refused(jobs, "AccessDeniedException", jobs, "late"), asked: 1},
		"the plan was changed since":          {sections: map[string]string{versions + " backupPlanId=daily": fmt.Sprintf(`{"BackupPlanVersionsList": [{"CreationDate": %d}]}`, ago(0))}, asked: 1},
		"versions refused":                    {sections: map[string]string{versions + " backupPlanId=daily error=AccessDeniedException": ""}, unread: refused(versions, "AccessDeniedException", versions, "late"), asked: 1},
		"versions without dates":              {sections: map[string]string{versions + " backupPlanId=daily": `{"BackupPlanVersionsList": [{}]}`}, unread: unsaid(versions, "late"), asked: 1},
		"every week, none in two":             {rules: []string{rule(weekly)}, late: true, asked: 1},
		"every week, none in two, and expired": {rules: []string{rule(weekly, `"Lifecycle": {"DeleteAfterDays": 3}`)}, asked: 1,
			unread: []posture.Unread{{Field: "late", Cause: posture.Cause{Reason: posture.NotFound, Operation: points, Code: "expired"}}}},
		"every week, this one":            {rules: []string{rule(weekly)}, sections: map[string]string{points + " BackupVaultName=main": point("COMPLETED", ago(72), ours)}, asked: 1},
		"continuous":                      {rules: []string{rule(midnight, `"EnableContinuousBackup": true`)}},
		"a zone that nobody knows":        {rules: []string{rule(midnight, `"ScheduleExpressionTimezone": "Mars/Olympus"`)}, unread: []posture.Unread{{Field: "late", Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: get, Code: "time zone"}}}},
		"one late, one that is not known": {rules: []string{rule(midnight), rule(midnight, `"ScheduleExpressionTimezone": "Mars/Olympus"`)}, late: true, asked: 1},
		"in an air-gapped vault": {rules: []string{rule(midnight, `"TargetLogicallyAirGappedBackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:gapped"`)}, asked: 2,
			sections: map[string]string{points + " BackupVaultName=gapped": point("AVAILABLE", ago(1), ours)}},
	} {
		t.Run(name, func(t *testing.T) {
			rules := test.rules
			if rules == nil {
				rules = []string{rule(midnight)}
			}
			sections := map[string]string{
				get + " backupPlanId=daily": plan(rules...), jobs: `{"BackupJobs": []}`, points + " BackupVaultName=main": `{"RecoveryPoints": []}`,
				versions + " backupPlanId=daily": `{"BackupPlanVersionsList": [{"CreationDate": 1700000000}]}`,
			}
			for section, answer := range test.sections {
				delete(sections, strings.TrimSuffix(section, " error=AccessDeniedException"))
				sections[section] = answer
			}
			cloud := cloudOf(fixtures(t, sections))
			got := scanWant(t, serve(t, cloud), posture.Want{"AWS::Backup::BackupPlan": {"late", "selections"}}).get(t, "every day")
			if late := got.Doc.(*BackupPlan).Late; len(late) > 0 != test.late {
				t.Errorf("late: %v, want %v", late, test.late)
			}
			if diff := cmp.Diff(test.unread, got.Unread, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			asked := 0
			for _, request := range cloud.Log() {
				if request.Op() == points {
					asked++
				}
			}
			if asked != test.asked {
				t.Errorf("%d listings of recovery points, want %d", asked, test.asked)
			}
		})
	}
}
