package services

import (
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
)

func TestBackupPlans(t *testing.T) {
	const op = "backup:GetBackupPlan"
	plan := func(id, name string, doc BackupPlan, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:backup:us-east-1:111122223333:backup-plan:" + id, Name: name, Doc: &doc, Unread: unread}
	}
	rules := []BackupRule{
		{Name: "daily", IntervalHours: 24, RetentionDays: 35, CrossRegionCopy: true},
		{Name: "weekly", IntervalHours: 168, NeverExpires: true, Continuous: true},
	}
	daily := plan("daily", "every day", BackupPlan{Rules: rules, Selections: 1})
	notUnderstood := posture.Unread{Field: "rules", Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: "backup:GetBackupPlan", Code: "schedule"}}
	odd := plan("odd", "odd", BackupPlan{Rules: []BackupRule{{Name: "odd", NeverExpires: true}}}, notUnderstood)
	testReading(t, "AWS::Backup::BackupPlan", []readingTest{
		{name: "two pages", want: []posture.Resource{daily, odd}},
		{name: "second page broken", sections: map[string]string{"backup:ListBackupPlans nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{daily}, cause: brokenListing("backup:ListBackupPlans")},
		{name: "plan refused", sections: map[string]string{"backup:GetBackupPlan backupPlanId=daily error=AccessDeniedException": ""},
			want: []posture.Resource{plan("daily", "every day", BackupPlan{Selections: 1}, refused(op, "AccessDeniedException", op, "rules")...), odd}},
		{name: "selections refused", sections: map[string]string{"backup:ListBackupSelections backupPlanId=daily error=AccessDeniedException": ""},
			want: []posture.Resource{plan("daily", "every day", BackupPlan{Rules: rules},
				refused("backup:ListBackupSelections", "AccessDeniedException", "backup:ListBackupSelections", "selections")...), odd}},
	})
}

func TestBackupVaults(t *testing.T) {
	const op = "backup:GetBackupVaultAccessPolicy"
	const key = "arn:aws:kms:us-east-1:111122223333:key/backup"
	vault := func(name string, doc BackupVault, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:backup:us-east-1:111122223333:backup-vault:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	plain := vault("Default", BackupVault{KMSKey: "arn:aws:kms:us-east-1:111122223333:key/amazon-backup"})
	locked := vault("main", BackupVault{KMSKey: key, CustomerKey: true, Locked: true, MinRetentionDays: 35, RecoveryPoints: 12, PlainBackups: []string{"arn:aws:rds:us-east-1:111122223333:db:sales"}})
	const points = "backup:ListRecoveryPointsByBackupVault"
	unsure := func(found []string, unread ...posture.Unread) []posture.Resource {
		doc := *locked.Doc.(*BackupVault)
		doc.PlainBackups = found
		return []posture.Resource{plain, vault("main", doc, unread...), vault("policy", BackupVault{KMSKey: key, CustomerKey: true, DeletionDenied: true})}
	}
	testReading(t, "AWS::Backup::BackupVault", []readingTest{
		{name: "three vaults", want: []posture.Resource{plain, locked, vault("policy", BackupVault{KMSKey: key, CustomerKey: true, DeletionDenied: true})}},
		{name: "policy refused", sections: map[string]string{op + " backupVaultName=policy error=AccessDeniedException": ""},
			want: []posture.Resource{plain, locked, vault("policy", BackupVault{KMSKey: key, CustomerKey: true}, refused(op, "AccessDeniedException", op, vaultPolicyFields...)...)}},
		{name: "policy with an exception", sections: map[string]string{op + " backupVaultName=policy": `{"Policy":
			"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"backup:*\",\"Resource\":\"*\",\"Condition\":{\"StringNotEquals\":{\"aws:PrincipalTag/x\":\"y\"}}}]}"}`},
			want: []posture.Resource{plain, locked, vault("policy", BackupVault{KMSKey: key, CustomerKey: true})}},
		{name: "recovery points refused", sections: map[string]string{points + " BackupVaultName=main error=AccessDeniedException": ""},
			want: unsure(nil, refused(points, "AccessDeniedException", points, "plain_backups")...)},
		{name: "recovery points refused after a plain one", sections: map[string]string{
			points + " BackupVaultName=main": `{"RecoveryPoints": [{"ResourceArn": "r", "Status": "COMPLETED", "IsEncrypted": false}], "NextToken": "two"}`, points + " BackupVaultName=main nextToken=two error=AccessDeniedException": ""},
			want: unsure([]string{"r"})},
		{name: "a recovery point that says nothing", sections: map[string]string{points + " BackupVaultName=main": `{"RecoveryPoints": [{"ResourceArn": "r"}]}`}, want: unsure(nil, unsaid(points, "plain_backups")...)},
		{name: "malformed policy", sections: map[string]string{op + " backupVaultName=policy": `{"Policy": "{"}`},
			want: []posture.Resource{plain, locked, vault("policy", BackupVault{KMSKey: key, CustomerKey: true}, unclear(op, vaultPolicyFields...)...)}},
	})
}

// TestLosingBackups: a policy that leaves open one way to lose backups does not
// protect them.
func TestLosingBackups(t *testing.T) {
	protected := func(denied []string) bool {
		policy := `{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"` + strings.Join(denied, `\",\"`) + `\"],\"Resource\":\"*\"}]}`
		estate := fixtures(t, map[string]string{"backup:GetBackupVaultAccessPolicy backupVaultName=policy": `{"Policy": "` + policy + `"}`})
		return scanTypes(t, estate, "AWS::Backup::BackupVault").get(t, "policy").Doc.(*BackupVault).DeletionDenied
	}
	for i, open := range losingBackups {
		if protected(slices.Delete(slices.Clone(losingBackups), i, i+1)) {
			t.Errorf("with %s open the vault counts as protected", open)
		}
	}
	for _, denied := range [][]string{losingBackups, {"backup:*"}, {"backup:Delete*", "backup:Update*", "backup:Put*"}} {
		if !protected(denied) {
			t.Errorf("with %v denied the vault counts as unprotected", denied)
		}
	}
}

func TestScheduleHours(t *testing.T) {
	for schedule, want := range map[string]int{
		"":                        24,
		"rate(12 hours)":          12,
		"rate(1 day)":             24,
		"rate(90 minutes)":        2,
		"cron(0 5 ? * * *)":       24,
		"cron(0 5,17 * * ? *)":    12,
		"cron(0/30 * * * ? *)":    1,
		"cron(15 0/6 ? * * *)":    6,
		"cron(0 5 ? * 1 *)":       168,
		"cron(0 5 ? * SUN *)":     168,
		"cron(0 5 ? * MON-FRI *)": 72,
		"cron(0 5 1 * ? *)":       31 * 24,
		"cron(0 5 1 JAN,jul ? *)": 184 * 24,
		"cron(0 5 L * ? *)":       31 * 24,
		"cron(0 5 ? * 6#3 *)":     31 * 24,
		"cron(0 5 29 2 ? *)":      4*365*24 + 24,
	} {
		if got, err := scheduleHours(schedule); got != want || err != nil {
			t.Errorf("%s: %d hours, %v; want %d", schedule, got, err, want)
		}
	}
	for _, schedule := range []string{
		"daily", "rate(0 days)", "rate(x days)", "rate(1 year)", "cron(0 5 * *)", "cron(0 25 ? * * *)", "cron(a 5 ? * * *)",
		"cron(0 5 ? * FRI-MON *)", "cron(0/0 5 ? * * *)", "cron(0 5 ? * * *", "rate(99999999999999999999 days)",
	} {
		if got, err := scheduleHours(schedule); err == nil {
			t.Errorf("%s: %d hours, want an error", schedule, got)
		}
	}
}

func FuzzScheduleHours(f *testing.F) {
	f.Add("cron(0/15 5-9 ? JAN,DEC MON#2 *)")
	f.Add("rate(5 days)")
	f.Fuzz(func(t *testing.T, schedule string) {
		if hours, err := scheduleHours(schedule); err == nil && hours < 1 {
			t.Errorf("%q waits %d hours", schedule, hours)
		}
	})
}
