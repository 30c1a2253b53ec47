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
	"posture/scanners/gcp"
)

// TestGCPBackupGrace: what is too new to have been backed up has no finding yet,
// in every rule of Google Cloud that asks when the last backup was made.
func TestGCPBackupGrace(t *testing.T) {
	files, now, asked := rules.Clouds()[1].Files, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), 0
	names, err := fs.Glob(files, "gcp/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loaded := load(t, files, gcp.Catalogue().Docs())
	for _, name := range names {
		var rule backupRule
		content, err := fs.ReadFile(files, name)
		if err != nil || yaml.Unmarshal(content, &rule) != nil {
			t.Fatal(name, err)
		}
		if rule.Category != "backup" || !strings.Contains(rule.Require, "resource.last_") {
			continue
		}
		asked++
		status := func(created time.Time, unread ...posture.Unread) string {
			doc := reflect.New(reflect.TypeOf(gcp.Catalogue().Docs()[rule.Resource]))
			doc.Elem().FieldByName("Created").Set(reflect.ValueOf(created))
			r := posture.Resource{Provider: posture.GCP, Account: "corner-shop", Region: "europe-west1", Type: rule.Resource, ID: "one", Name: "one", Doc: doc.Interface(), Unread: unread}
			findings, err := loaded.Judge(r, now)
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
		missing := posture.Unread{Field: "created", Cause: posture.Cause{Reason: posture.Failed}}
		got := []string{status(now.Add(-time.Hour)), status(now.AddDate(-1, 0, 0)), status(time.Time{}, missing)}
		if diff := cmp.Diff([]string{"none", "fail", "unknown"}, got); diff != "" {
			t.Errorf("%s: made an hour ago, a year ago, nobody knows when (-want +got):\n%s", rule.ID, diff)
		}
	}
	if asked < 2 {
		t.Errorf("%d rules ask for a recent backup, expected at least 2", asked)
	}
}
