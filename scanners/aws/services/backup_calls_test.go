package services

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"posture/scanners/aws/awstest"
)

// vaultWorld is an account and region with so many resources, each of which a plan
// has backed up every day for as many days as recovery points are kept. Another
// rule of the plan runs every week.
type vaultWorld struct {
	resources, days int
	cloud           *awstest.Cloud // for all other calls
}

const vaultPage = 1000

func (w vaultWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case r.URL.Path == "/resources":
		w.page(rw, query.Get("nextToken"), "Results", w.resources, `{"ResourceArn": %q, "ResourceType": "EBS", "LastBackupTime": %d}`)
	case r.URL.Path == "/backup-jobs":
		w.page(rw, query.Get("nextToken"), "BackupJobs", w.resources*w.since(query.Get("createdAfter")),
			`{"ResourceArn": %q, "State": "COMPLETED", "CreationDate": %d, "CreatedBy": {"BackupPlanId": "daily", "BackupRuleId": "r"}}`)
	case strings.HasSuffix(r.URL.Path, "/recovery-points"):
		rule := "r"
		if query.Get("backupPlanId") != "" {
			rule = "weekly"
		}
		w.page(rw, query.Get("nextToken"), "RecoveryPoints", w.resources*w.since(query.Get("createdAfter")),
			`{"ResourceArn": %q, "Status": "COMPLETED", "IsEncrypted": true, "CreationDate": %d, "CreatedBy": {"BackupPlanId": "daily", "BackupRuleId": "`+rule+`"}}`)
	default:
		w.cloud.ServeHTTP(rw, r)
	}
}

// since returns how many days of backups lie after a time, all without one.
func (w vaultWorld) since(text string) int {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return w.days
	}
	return min(w.days, int(time.Since(at).Hours()/24))
}

// page writes a thousand of so many items; the token is where to go on.
func (w vaultWorld) page(rw http.ResponseWriter, token, list string, count int, item string) {
	from, _ := strconv.Atoi(token) // none: the first page
	var items []string
	for i := from; i < min(from+vaultPage, count); i++ {
		items = append(items, fmt.Sprintf(item, fmt.Sprintf("arn:aws:ec2:us-east-1:111122223333:volume/vol-%d", i%w.resources), time.Now().Add(-time.Hour).Unix()))
	}
	next := ""
	if from+vaultPage < count {
		next = fmt.Sprintf(`, "NextToken": "%d"`, from+vaultPage)
	}
	rw.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(rw, `{%q: [%s]%s}`, list, strings.Join(items, ", "), next)
}

// TestCallsOfBackups holds what 100,000 recovery points cost: pages of a thousand,
// and nothing by the resource. docs/benchmarks.md has the figures.
func TestCallsOfBackups(t *testing.T) {
	estate := fixtures(t, map[string]string{
		"backup:ListBackupPlans": `{"BackupPlansList": [{"BackupPlanArn": "arn:aws:backup:us-east-1:111122223333:backup-plan:daily", "BackupPlanId": "daily", "BackupPlanName": "every day"}]}`,
		"backup:GetBackupPlan backupPlanId=daily": `{"BackupPlan": {"Rules": [
			{"RuleName": "daily", "RuleId": "r", "TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 ? * * *)"},
			{"RuleName": "weekly", "RuleId": "weekly", "TargetBackupVaultName": "main", "ScheduleExpression": "rate(7 days)"}]}}`,
		"backup:ListBackupVaults": `{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:main", "BackupVaultName": "main", "NumberOfRecoveryPoints": 100000}]}`,
	})
	world := vaultWorld{resources: 2858, days: 35, cloud: cloudOf(estate)}
	got := scanWant(t, serve(t, world), wantAll("AWS::Backup::BackupPlan", "AWS::Backup::BackupVault", "AWS::Backup::Recovery"))
	want := map[string]int{
		"backup:ListProtectedResources":          3,
		"backup:ListBackupJobs":                  6,      // two days of jobs
		"backup:ListRecoveryPointsByBackupVault": 21 + 1, // a week of them for encryption, and the weekly rule's first page
		"backup:ListRecoveryPointsByResource":    0,
	}
	total := 0
	for op, calls := range got.Report.Calls {
		if strings.HasPrefix(op, "backup:") {
			total += calls
		}
	}
	for op, calls := range want {
		if got.Report.Calls[op] != calls {
			t.Errorf("%s: %d calls, want %d", op, got.Report.Calls[op], calls)
		}
	}
	if total > 50 {
		t.Errorf("%d calls to AWS Backup for 100,000 recovery points", total)
	}
	t.Logf("%d calls", total)
	for _, r := range got.Resources {
		if plan, ok := r.Doc.(*BackupPlan); ok && len(plan.Late) > 0 || len(r.Unread) > 0 {
			t.Errorf("%s: %+v, unread %+v", r.Name, r.Doc, r.Unread)
		}
	}
}
