package services

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/enginetest"
	"posture/scanners/gcp/gcptest"
)

const anyFindings = "GET /v2/organizations/3001/sources/-/findings"

// answerFindings makes a server answer with findings made at the times, by
// severity, a page each.
func answerFindings(server *gcptest.Server, bySeverity map[string][]string) {
	server.Answer(anyFindings, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for severity, pages := range bySeverity {
			if !strings.Contains(r.URL.Query().Get("filter"), `severity="`+severity+`"`) {
				continue
			}
			page := 0
			_, _ = fmt.Sscan(r.URL.Query().Get("pageToken"), &page)
			next := ""
			if page+1 < len(pages) {
				next = fmt.Sprintf(`, "nextPageToken": "%d"`, page+1)
			}
			_, _ = fmt.Fprintf(w, `{"listFindingsResults": [{"finding": {"createTime": %q}}]%s}`, pages[page], next)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
}

func TestSecurityCenter(t *testing.T) {
	t.Parallel()
	const sources = "GET /v2/organizations/3001/sources"
	on := `{"sources": [{"name": "organizations/3001/sources/1", "displayName": "Security Health Analytics"}]}`
	day := func(n int) time.Time { return time.Date(2026, 11, n, 10, 0, 0, 0, time.UTC) }
	refused := func(op string, fields ...string) []posture.Unread {
		var unread []posture.Unread
		for _, field := range fields {
			unread = append(unread, posture.Unread{Field: field, Cause: posture.Cause{
				Reason: posture.Denied, Operation: op, Code: "PERMISSION_DENIED", Permission: op,
			}})
		}
		return unread
	}
	many := []string{"2026-11-05T10:00:00Z", "2026-11-03T10:00:00Z", "2026-11-07T10:00:00Z", "2026-11-09T10:00:00Z", "2026-11-09T10:00:00Z", "2026-11-01T10:00:00Z"}
	for name, test := range map[string]struct {
		sources  string
		findings map[string][]string
		want     SecurityCenter
		unread   []posture.Unread
	}{
		"nothing open": {on, map[string][]string{}, SecurityCenter{Top: true, Enabled: true}, nil},
		"off":          {"{}", map[string][]string{}, SecurityCenter{Top: true}, nil},
		"open": {on, map[string][]string{"CRITICAL": {"2026-11-19T10:00:00Z"}, "HIGH": many[:3]}, SecurityCenter{
			Top: true, Enabled: true, OpenCriticalFindings: true, OldestCriticalFinding: day(19), OpenHighFindings: true, OldestHighFinding: day(3),
		}, nil},
		"more than are looked at": {on, map[string][]string{"HIGH": many}, SecurityCenter{
			Top: true, Enabled: true, OpenHighFindings: true, OldestHighFinding: day(3),
		}, []posture.Unread{{Field: "older_findings", Cause: posture.Cause{Reason: posture.TooMuch, Operation: opFindings, Code: "too many findings"}}}},
		"refused": {"", nil, SecurityCenter{Top: true}, append(refused(opSources, "enabled"), refused(opFindings,
			"older_findings", "oldest_critical_finding", "oldest_high_finding", "open_critical_findings", "open_high_findings")...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t)
			if test.sources != "" {
				server.AnswerJSON(sources, test.sources)
			}
			if test.findings != nil {
				answerFindings(server, test.findings)
			}
			got := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(securityCenters.Name)).Resources
			if diff := cmp.Diff(&test.want, got["3001"].Doc); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.unread, got["3001"].Unread); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(&SecurityCenter{}, got["shop-prod"].Doc); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSecurityCenterUnknown: an organization that Security Command Center does
// not know has it off; what else it says decides nothing.
func TestSecurityCenterUnknown(t *testing.T) {
	t.Parallel()
	for status, unread := range map[int]bool{http.StatusNotFound: false, http.StatusBadRequest: true} {
		server := bench.Serve(t)
		server.Answer("GET /v2/organizations/3001/sources", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error": {"code": %d, "message": "no"}}`, status)
		})
		got := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), posture.Want{securityCenters.Name: {"enabled"}}).Resources["3001"]
		marked := false
		for _, u := range got.Unread {
			marked = marked || u.Field == "enabled"
		}
		if marked != unread {
			t.Errorf("%d: unread: %v", status, got.Unread)
		}
	}
}
