package rules_test

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/aws"
)

// backupRule is what all rules about a recent backup have in common.
type backupRule struct {
	ID       string
	Resource string
	Category string
	Applies  string
	Require  string
	Params   map[string]map[string]any
}

// recentBackupRules returns the rules of AWS that ask when the last backup was made.
func recentBackupRules(t *testing.T) []backupRule {
	t.Helper()
	files := rules.Clouds()[0].Files
	names, err := fs.Glob(files, "aws/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []backupRule
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		var rule backupRule
		if err := yaml.Unmarshal(content, &rule); err != nil {
			t.Fatal(err)
		}
		if rule.Category == "backup" && strings.Contains(rule.Require, "resource.last_") && rule.Resource != "AWS::Backup::Recovery" {
			found = append(found, rule)
		}
	}
	return found
}

// TestBackupGrace: what is too new to have been backed up does not fail, by one
// way and one parameter in every rule.
func TestBackupGrace(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	loaded := loadAWS(t)
	status := func(rule backupRule, created time.Time, unread ...posture.Unread) string {
		findings, err := loaded.Judge(unbacked(rule.Resource, created, unread), now)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Rule == rule.ID {
				return string(f.Status)
			}
		}
		return "none"
	}
	all := recentBackupRules(t)
	if len(all) < 7 {
		t.Errorf("%d rules ask for a recent backup, expected at least 7", len(all))
	}
	for _, rule := range all {
		if !strings.Contains(rule.Applies, `resource.created < now - duration(string(params.max_age_hours) + "h")`) {
			t.Errorf("%s: applies says %q", rule.ID, rule.Applies)
		}
		if p := rule.Params["max_age_hours"]; p["min"] != 1 || p["max"] != 8760 {
			t.Errorf("%s: max_age_hours is %v", rule.ID, p)
		}
		denied := posture.Unread{Field: "created", Cause: posture.Cause{Reason: posture.Denied}}
		got := []string{status(rule, now.Add(-time.Hour)), status(rule, now.AddDate(-1, 0, 0)), status(rule, time.Time{}, denied)}
		if diff := cmp.Diff([]string{"none", "fail", "unknown"}, got); diff != "" {
			t.Errorf("%s: made an hour ago, a year ago, nobody knows when (-want +got):\n%s", rule.ID, diff)
		}
	}
}

// unbacked returns a resource in use that was made then and never backed up.
func unbacked(typ string, created time.Time, unread []posture.Unread) posture.Resource {
	doc := reflect.New(reflect.TypeOf(aws.Catalogue().Docs()[typ]))
	doc.Elem().FieldByName("Created").Set(reflect.ValueOf(created))
	if attached := doc.Elem().FieldByName("Attached"); attached.IsValid() {
		attached.SetBool(true)
	}
	return posture.Resource{
		Provider: posture.AWS, Account: "111122223333", Region: "us-east-1", Type: typ, ID: "one", Name: "one",
		Tags: map[string]string{"criticality": "high"}, Doc: doc.Interface(), Unread: unread,
	}
}
