package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/logging/v2"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

// loggingSchemas are Google's own types of the test data.
var loggingSchemas = map[string]any{
	"logging.googleapis.com/LogBucket v2": logging.LogBucket{},
	typeLogSink + " v2":                   logging.LogSink{},
}

func TestLogBuckets(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "logging", schemas: loggingSchemas, types: []string{"logging.googleapis.com/LogBucket"},
		want: map[string]any{
			"_Required": &LogBucket{RetentionDays: 400, Locked: true},
			"archive":   &LogBucket{RetentionDays: 3650},
			"_Default":  &LogBucket{RetentionDays: 30},
			"old":       &LogBucket{RetentionDays: 1, Deleted: true},
			"terse":     &LogBucket{},
		},
		unread: map[string][]posture.Unread{
			"terse": {{Field: "retention_days", Cause: absent("logging.googleapis.com/LogBucket")}},
		},
	}.run(t)
}

func TestLogExports(t *testing.T) {
	t.Parallel()
	byFolder := &LogExport{AllEntries: true, Sinks: []string{"folders/2001/sinks/everything"}}
	serviceTest{
		data: "logging", schemas: loggingSchemas, types: []string{typeLogSink},
		want: map[string]any{
			"3001":      &LogExport{AllEntries: true, Sinks: []string{"organizations/3001/sinks/own-only"}},
			"2001":      byFolder,
			"shop-prod": byFolder,
			"shop-test": &LogExport{},
			"shop-lab":  &LogExport{},
		},
	}.run(t)
}

// TestLogExportsAboveScope scans one project: what is above it is asked for
// directly.
func TestLogExportsAboveScope(t *testing.T) {
	t.Parallel()
	refused := posture.Cause{Reason: posture.Denied, Operation: opListSinks, Code: "PERMISSION_DENIED", Permission: "logging.sinks.list"}
	for name, test := range map[string]struct {
		answer string
		want   LogExport
		unread []posture.Unread
	}{
		"one for all below": {
			answer: `{"sinks": [{"name": "all", "destination": "storage.googleapis.com/audit", "includeChildren": true, "exclusions": [{"name": "off", "disabled": true}]}]}`,
			want:   LogExport{AllEntries: true, Sinks: []string{"organizations/3001/sinks/all"}},
		},
		"one for itself only": {answer: `{"sinks": [{"name": "all", "destination": "storage.googleapis.com/audit"}]}`},
		"refused":             {unread: []posture.Unread{{Field: "all_entries", Cause: refused}, {Field: "sinks", Cause: refused}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t, "logging")
			if test.answer != "" {
				server.AnswerJSON("GET /v2/organizations/3001/sinks", test.answer)
			}
			got := enginetest.Scan(t, bench.Open(t, server, enginetest.Must[engine.Root](t)(engine.InProject("shop-test"))), bench.Everything(typeLogSink)).Resources["shop-test"]
			if diff := cmp.Diff(&test.want, got.Doc); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestKept: a sink that only keeps entries where they are kept anyway exports
// nothing.
func TestKept(t *testing.T) {
	t.Parallel()
	const in = "/locations/global/buckets/"
	for destination, want := range map[string]bool{
		"logging.googleapis.com/projects/1" + in + "_Default":       false,
		"logging.googleapis.com/projects/shop" + in + "_Required":   false,
		"logging.googleapis.com/projects/shop" + in + "archive":     true,
		"logging.googleapis.com/projects/central" + in + "_Default": true,
		"storage.googleapis.com/_Default":                           true,
	} {
		var sink exportData
		sink.Destination = destination
		if got := sink.all("projects/1", "projects/shop"); got != want {
			t.Errorf("%s: exports %v", destination, got)
		}
	}
}
