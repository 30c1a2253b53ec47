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
		sales := []string{"arn:aws:rds:us-east-1:111122223333:db:sales"}
		doc.Jobs, doc.FailedBackups, doc.Copies, doc.FailedCopies = 4, sales, 2, sales
		if !doc.LastRestore.IsZero() {
			doc.RestoreTests, doc.FailedTests = 2, []string{"RDS"}
		}
		return []posture.Resource{{ID: "arn:aws:backup:us-east-1:111122223333:recovery", Name: "Recovery with AWS Backup", Doc: &doc, Unread: unread}}
	}
	deny := func(section, operation string, fields ...string) (map[string]string, []posture.Unread) {
		return map[string]string{section + " error=AccessDeniedException": ""}, refused(operation, "AccessDeniedException", operation, fields...)
	}
	last := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	noPlans, plansUnread := deny("backup:ListRestoreTestingPlans", "backup:ListRestoreTestingPlans", "testing_plans")
	noJobs, jobsUnread := deny("backup:ListRestoreJobs", "backup:ListRestoreJobs", restoreFields...)
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

// TestCopyJobs: of each resource and vault the last job that ended decides.
func TestCopyJobs(t *testing.T) {
	const op = "backup:ListCopyJobs"
	job := func(state, resource, vault string, at int) string {
		return fmt.Sprintf(`{"State": %q, "ResourceArn": %q, "DestinationBackupVaultArn": %q, "CreationDate": %d}`, state, resource, vault, at)
	}
	only := func(jobs ...string) map[string]string {
		return map[string]string{op: `{"CopyJobs": [` + strings.Join(jobs, ", ") + `]}`}
	}
	type want struct {
		Jobs   int
		Failed []string
		Unread []posture.Unread
	}
	for name, test := range map[string]struct {
		sections map[string]string
		want     want
	}{
		"none":                    {only(), want{}},
		"all arrived":             {only(job("COMPLETED", "a", "v", 1), job("COMPLETED", "b", "v", 1)), want{Jobs: 2}},
		"arrived after it failed": {only(job("FAILED", "a", "v", 1), job("COMPLETED", "a", "v", 2)), want{Jobs: 2}},
		"arrived at one of two":   {only(job("FAILED", "a", "v", 1), job("COMPLETED", "a", "w", 2)), want{Jobs: 2, Failed: []string{"a"}}},
		"a part of it":            {only(job("PARTIAL", "a", "v", 1)), want{Jobs: 1, Failed: []string{"a"}}},
		"still on its way":        {only(job("RUNNING", "a", "v", 2), job("CREATED", "b", "v", 2)), want{}},
		"a state nobody knows":    {only(job("SLEEPING", "a", "v", 1)), want{Jobs: 1, Failed: []string{"a"}, Unread: unknownValue(op, "copy_jobs", "failed_copies")}},
		"of nobody knows what":    {only(`{"State": "FAILED", "CreationDate": 1}`), want{Unread: unsaid(op, "failed_copies")}},
		"refused":                 {map[string]string{op + " error=AccessDeniedException": ""}, want{Unread: refused(op, "AccessDeniedException", op, "copy_jobs", "failed_copies")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::Backup::Recovery").Resources[0]
			doc := got.Doc.(*BackupRecovery)
			if diff := cmp.Diff(test.want, want{doc.Copies, doc.FailedCopies, got.Unread}, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("jobs, failed, unread (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRestores: a restore counts when it completed and nobody found it wanting, and
// of each kind of resource the last test decides.
func TestRestores(t *testing.T) {
	const op = "backup:ListRestoreJobs"
	const plan = `"CreatedBy": {"RestoreTestingPlanArn": "p"}`
	only := func(jobs ...string) map[string]string {
		return map[string]string{op: `{"RestoreJobs": [` + strings.Join(jobs, ", ") + `]}`}
	}
	job := func(status, kind string, at int, more ...string) string {
		return `{` + strings.Join(append(more, fmt.Sprintf(`"Status": %q, "ResourceType": %q, "CompletionDate": %d`, status, kind, at)), ", ") + `}`
	}
	type want struct {
		Last   int64
		Tests  int
		Failed []string
		Unread []posture.Unread
	}
	for name, test := range map[string]struct {
		sections map[string]string
		want     want
	}{
		"none":                        {only(), want{}},
		"by hand":                     {only(job("COMPLETED", "EBS", 5)), want{Last: 5}},
		"by hand, in vain":            {only(job("FAILED", "EBS", 5), job("COMPLETED", "EBS", 3)), want{Last: 3}},
		"tested":                      {only(job("COMPLETED", "EBS", 5, plan), job("COMPLETED", "RDS", 6, plan)), want{Last: 6, Tests: 2}},
		"tested in vain":              {only(job("COMPLETED", "EBS", 5, plan), job("FAILED", "EBS", 6, plan), job("ABORTED", "RDS", 6, plan)), want{Last: 5, Tests: 2, Failed: []string{"EBS", "RDS"}}},
		"tested in vain before":       {only(job("COMPLETED", "EBS", 7, plan), job("FAILED", "EBS", 6, plan)), want{Last: 7, Tests: 1}},
		"found wanting":               {only(job("COMPLETED", "EBS", 5, plan, `"ValidationStatus": "FAILED"`)), want{Tests: 1, Failed: []string{"EBS"}}},
		"nobody looked":               {only(job("COMPLETED", "EBS", 5, plan, `"ValidationStatus": "TIMED_OUT"`)), want{Tests: 1, Failed: []string{"EBS"}}},
		"being looked at":             {only(job("COMPLETED", "EBS", 5, plan, `"ValidationStatus": "VALIDATING"`)), want{Last: 5, Tests: 1}},
		"a verdict that nobody knows": {only(job("COMPLETED", "EBS", 5, plan, `"ValidationStatus": "FINE"`)), want{Last: 5, Tests: 1, Unread: unknownValue(op, restoreFields...)}},
		"still running":               {only(job("RUNNING", "EBS", 5, plan), job("PENDING", "EBS", 5, plan)), want{}},
		"no end of a failed one":      {only(`{"Status": "FAILED", "ResourceType": "EBS", "CreationDate": 5, ` + plan + `}`), want{Tests: 1, Failed: []string{"EBS"}}},
		"no end of a completed one":   {only(`{"Status": "COMPLETED", "ResourceType": "EBS", "CreationDate": 5, ` + plan + `}`), want{Unread: unsaid(op, restoreFields...)}},
		"refused":                     {map[string]string{op + " error=AccessDeniedException": ""}, want{Unread: refused(op, "AccessDeniedException", op, restoreFields...)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::Backup::Recovery").Resources[0]
			doc := got.Doc.(*BackupRecovery)
			last := int64(0)
			if !doc.LastRestore.IsZero() {
				last = doc.LastRestore.Unix()
			}
			sortUnread(got.Unread)
			if diff := cmp.Diff(test.want, want{last, doc.RestoreTests, doc.FailedTests, got.Unread}, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b posture.Unread) bool { return a.Field < b.Field })); diff != "" {
				t.Errorf("last, tests, failed, unread (-want +got):\n%s", diff)
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
