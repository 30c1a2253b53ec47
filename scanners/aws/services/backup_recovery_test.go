package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestBackupRecovery(t *testing.T) {
	recovery := func(doc BackupRecovery, unread ...posture.Unread) []posture.Resource {
		return []posture.Resource{{ID: "arn:aws:backup:us-east-1:111122223333:recovery", Name: "Recovery with AWS Backup", Doc: &doc, Unread: unread}}
	}
	deny := func(section, operation, field string) (map[string]string, []posture.Unread) {
		return map[string]string{section + " error=AccessDeniedException": ""}, refused(operation, "AccessDeniedException", operation, field)
	}
	last := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	noPlans, plansUnread := deny("backup:ListRestoreTestingPlans", "backup:ListRestoreTestingPlans", "testing_plans")
	noJobs, jobsUnread := deny("backup:ListRestoreJobs", "backup:ListRestoreJobs", "last_restore")
	noneProtected, protectedUnread := deny("backup:ListProtectedResources", "backup:ListProtectedResources", "protected_resources")
	testReading(t, "AWS::Backup::Recovery", []readingTest{
		{name: "tried this year", want: recovery(BackupRecovery{ProtectedResources: 2, TestingPlans: 1, LastRestore: last})},
		{name: "nothing backed up", sections: map[string]string{
			"backup:ListProtectedResources":  `{"Results": []}`,
			"backup:ListRestoreTestingPlans": `{"RestoreTestingPlans": []}`,
			"backup:ListRestoreJobs":         `{"RestoreJobs": []}`,
		}, want: recovery(BackupRecovery{})},
		{name: "plans refused", sections: noPlans, want: recovery(BackupRecovery{ProtectedResources: 2, LastRestore: last}, plansUnread...)},
		{name: "jobs refused", sections: noJobs, want: recovery(BackupRecovery{ProtectedResources: 2, TestingPlans: 1}, jobsUnread...)},
		{name: "protected resources refused", sections: noneProtected, want: recovery(BackupRecovery{TestingPlans: 1, LastRestore: last}, protectedUnread...)},
	})
}
