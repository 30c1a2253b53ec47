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
	odd := plan("odd", "odd", BackupPlan{Rules: []BackupRule{{Name: "odd", NeverExpires: true}}}, notUnderstood) // nothing is assigned to it, so that it is not late
	testReading(t, "AWS::Backup::BackupPlan", []readingTest{
		{name: "two pages", want: []posture.Resource{daily, odd}},
		{name: "second page broken", sections: map[string]string{"backup:ListBackupPlans nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{daily}, cause: brokenListing("backup:ListBackupPlans")},
		{name: "plan refused", sections: map[string]string{"backup:GetBackupPlan backupPlanId=daily error=AccessDeniedException": ""},
			want: []posture.Resource{plan("daily", "every day", BackupPlan{Selections: 1}, refused(op, "AccessDeniedException", op, "rules", "late")...), odd}},
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
