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
	"posture/scanners/azure"
	"posture/scanners/gcp"
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

// recentBackupRules returns the rules of a cloud that ask of a resource when its
// last backup was made.
func recentBackupRules(t *testing.T, cloud rules.Cloud) []backupRule {
	t.Helper()
	names, err := fs.Glob(cloud.Files, cloud.Name+"/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []backupRule
	for _, name := range names {
		content, err := fs.ReadFile(cloud.Files, name)
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

// TestBackupGrace: what is too new to have been backed up has no finding yet, in
// every rule that asks when the last backup was made. On AWS there is one way to
// say so, with one parameter.
func TestBackupGrace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	clouds := map[string]struct {
		docs  map[string]any
		least int // rules
	}{"aws": {aws.Catalogue().Docs(), 7}, "gcp": {gcp.Catalogue().Docs(), 2}, "azure": {azure.Catalogue().Docs(), 4}}
	for _, cloud := range rules.Clouds() {
		c := clouds[cloud.Name]
		loaded, all := load(t, cloud.Files, c.docs), recentBackupRules(t, cloud)
		if c.docs == nil || len(all) < c.least {
			t.Errorf("%s: %d rules ask for a recent backup, expected at least %d", cloud.Name, len(all), c.least)
		}
		for _, rule := range all {
			status := func(created time.Time, unread ...posture.Unread) string {
				findings, err := loaded.Judge(unbacked(rule.Resource, c.docs[rule.Resource], created, unread), now)
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
			denied := posture.Unread{Field: "created", Cause: posture.Cause{Reason: posture.Denied}}
			got := []string{status(now.Add(-time.Hour)), status(now.AddDate(-1, 0, 0)), status(time.Time{}, denied)}
			if diff := cmp.Diff([]string{"none", "fail", "unknown"}, got); diff != "" {
				t.Errorf("%s: made an hour ago, a year ago, nobody knows when (-want +got):\n%s", rule.ID, diff)
			}
			if cloud.Name == "aws" {
				checkGrace(t, rule)
			}
		}
	}
}

// checkGrace holds how rules for AWS say what is too new.
func checkGrace(t *testing.T, rule backupRule) {
	t.Helper()
	if !strings.Contains(rule.Applies, `resource.created < now - duration(string(params.max_age_hours) + "h")`) {
		t.Errorf("%s: applies says %q", rule.ID, rule.Applies)
	}
	if p := rule.Params["max_age_hours"]; p["min"] != 1 || p["max"] != 8760 {
		t.Errorf("%s: max_age_hours is %v", rule.ID, p)
	}
}

// unbacked returns a resource in use, with a document like that one, that was
// made then and never backed up.
func unbacked(typ string, like any, created time.Time, unread []posture.Unread) posture.Resource {
	doc := reflect.New(reflect.TypeOf(like))
	doc.Elem().FieldByName("Created").Set(reflect.ValueOf(created))
	if attached := doc.Elem().FieldByName("Attached"); attached.IsValid() {
		attached.SetBool(true)
	}
	return posture.Resource{
		Account: "111122223333", Region: "us-east-1", Type: typ, ID: "one", Name: "one",
		Tags: map[string]string{"criticality": "high"}, Doc: doc.Interface(), Unread: unread,
	}
}
