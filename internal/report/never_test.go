package report_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/internal/report"
)

// TestNever: no format shows a time that never was as a date, in whatever form
// the evidence holds it. What people read says never; JSON says null.
func TestNever(t *testing.T) {
	failing := finding("logs", posture.Fail)
	failing.Evidence = []posture.Value{
		{Path: "resource.a", Value: nil}, {Path: "resource.b", Value: "0001-01-01T00:00:00Z"}, {Path: "resource.c", Value: time.Time{}},
		{Path: "resource.d", Value: []any{map[string]any{"at": nil}, "0001-01-01T00:00:00Z"}},
	}
	for _, format := range report.Formats() {
		got := html.UnescapeString(string(written(t, reportOf([]posture.Finding{failing}), format)))
		want := []string{"a = never; b = never; c = never; d = [{"}
		if strings.Contains(format, "json") {
			want = []string{`"path":"resource.a","value":null`, `"path":"resource.b","value":null`, `"path":"resource.c","value":null`, `[{"at":null},null]`}
		}
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s lacks %s:\n%s", format, part, got)
			}
		}
		if strings.Contains(got, "0001-01-01") || len(want) == 1 && strings.Contains(got, "null") {
			t.Errorf("%s shows a time that never was:\n%s", format, got)
		}
	}
}
