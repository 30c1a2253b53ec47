package services

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

func TestBackupRecovery(t *testing.T) {
	recovery := func(doc BackupRecovery, unread ...posture.Unread) []posture.Resource {
		doc.Jobs, doc.FailedBackups = 4, []string{"arn:aws:rds:us-east-1:111122223333:db:sales"}
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

// TestBackupJobs: of each resource the last job that ended decides.
func TestBackupJobs(t *testing.T) {
	const op = "backup:ListBackupJobs"
	job := func(state, resource string, at int) string {
		return fmt.Sprintf(`{"State": %q, "ResourceArn": %q, "CreationDate": %d}`, state, resource, at)
	}
	only := func(jobs ...string) map[string]string {
		return map[string]string{op: `{"BackupJobs": [` + strings.Join(jobs, ", ") + `]}`}
	}
	type want struct {
		Jobs   int
		Failed []string
		Unread []posture.Unread
	}
	for name, test := range map[string]struct {
		sections map[string]string
		jobs     int
		failed   []string
		unread   []posture.Unread
	}{
		"none":                      {sections: only()},
		"all completed":             {sections: only(job("COMPLETED", "a", 1), job("COMPLETED", "b", 1)), jobs: 2},
		"completed after it failed": {sections: only(job("FAILED", "a", 1), job("COMPLETED", "a", 2)), jobs: 2},
		"failed after it completed": {sections: only(job("FAILED", "a", 2), job("COMPLETED", "a", 1)), jobs: 2, failed: []string{"a"}},
		"in every way":              {sections: only(job("ABORTED", "a", 1), job("EXPIRED", "b", 1), job("PARTIAL", "c", 1)), jobs: 3, failed: []string{"a", "b", "c"}},
		"still running":             {sections: only(job("RUNNING", "a", 2), job("FAILED", "a", 1), job("CREATED", "b", 2), job("PENDING", "c", 2), job("ABORTING", "d", 2)), jobs: 1, failed: []string{"a"}},
		"a state nobody knows":      {sections: only(job("SLEEPING", "a", 1)), jobs: 1, failed: []string{"a"}, unread: unknownValue(op, "backup_jobs", "failed_backups")},
		"of nobody knows what":      {sections: only(`{"State": "FAILED", "CreationDate": 1}`), unread: unsaid(op, "failed_backups")},
		"refused":                   {sections: map[string]string{op + " error=AccessDeniedException": ""}, unread: refused(op, "AccessDeniedException", op, "backup_jobs", "failed_backups")},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::Backup::Recovery").Resources[0]
			doc := got.Doc.(*BackupRecovery)
			if diff := cmp.Diff(want{test.jobs, test.failed, test.unread}, want{doc.Jobs, doc.FailedBackups, got.Unread}, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("jobs, failed, unread (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyBackups: a listing without end is left, and what it would have told is unread.
func TestManyBackups(t *testing.T) {
	pages := 0
	endless := &byToken[int]{
		ask:  func(context.Context, *string) (int, error) { pages++; return pages, nil },
		next: func(int) *string { return aws.String("more") },
	}
	_, err := engine.ListAll(t.Context(), bounded(endless, "backup:ListBackupJobs"), func(page int) []int { return []int{page} })
	if !errors.Is(err, errManyBackups) || pages != backupPages {
		t.Errorf("%d pages, %v", pages, err)
	}
}
