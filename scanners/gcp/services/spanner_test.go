package services

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"google.golang.org/api/spanner/v1"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
)

func TestSpannerDatabases(t *testing.T) {
	t.Parallel()
	typ := "spanner.googleapis.com/Database"
	refused := posture.Cause{Reason: posture.Denied, Operation: opSpannerSchedules, Code: "PERMISSION_DENIED", Permission: "spanner.backupSchedules.list"}
	serviceTest{
		data: "spanner", types: []string{typ}, schemas: map[string]any{typ + " v1": spanner.Database{}, typeSpannerInstance + " v1": spanner.Instance{}},
		want: map[string]any{
			"orders":      &SpannerDatabase{DropProtection: true, BackupSchedules: []string{"daily", "weekly"}},
			"unprotected": &SpannerDatabase{BackupSchedules: []string{"daily"}},
			"trial":       &SpannerDatabase{DropProtection: true},
			"refused":     &SpannerDatabase{DropProtection: true},
			"tryout":      &SpannerDatabase{DropProtection: true, FreeTrial: true},
			"orphan":      &SpannerDatabase{DropProtection: true},
		},
		unread: map[string][]posture.Unread{
			"refused": {{Field: "backup_schedules", Cause: refused}},
			"orphan":  {{Field: "free_trial", Cause: absent(typeSpannerInstance)}},
		},
	}.run(t)
}

// TestSpannerSchedulesByPages: all pages are read, or the field is not.
func TestSpannerSchedulesByPages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		last   int // the status of the last page
		want   []string
		unread bool
	}{
		"all":          {http.StatusOK, []string{"a", "b"}, false},
		"last refused": {http.StatusForbidden, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t, "spanner")
			server.Answer("GET /v1/projects/shop-prod/instances/main/databases/orders/backupSchedules", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("pageToken") == "" {
					_, _ = io.WriteString(w, `{"backupSchedules": [{"name": "x/backupSchedules/b"}], "nextPageToken": "two"}`)
					return
				}
				w.WriteHeader(test.last)
				_, _ = io.WriteString(w, `{"backupSchedules": [{"name": "x/backupSchedules/a"}]}`)
			})
			orders := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything("spanner.googleapis.com/Database")).Resources["orders"]
			doc, _ := orders.Doc.(*SpannerDatabase)
			if !slices.Equal(doc.BackupSchedules, test.want) || (len(orders.Unread) > 0) != test.unread {
				t.Errorf("read %v, unread %v", doc.BackupSchedules, orders.Unread)
			}
		})
	}
}
