package services

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/enginetest"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	const detectors = "GET /v1/organizations/3001/locations/global/securityCenterServices/security-health-analytics"
	unread := func(reason posture.Reason, op, code, permission string) []posture.Unread {
		cause := posture.Cause{Reason: reason, Operation: op, Code: code, Permission: permission}
		return []posture.Unread{{Field: "two_step_enforced", Cause: cause}}
	}
	off := unread(posture.NotUsed, opDetectors, "MFA_NOT_ENFORCED is off", "")
	const on = `{"effectiveEnablementState": "ENABLED", "modules": {"MFA_NOT_ENFORCED": {"effectiveEnablementState": "ENABLED"}}}`
	const none = `{}`
	for name, test := range map[string]struct {
		detectors, findings string
		enforced            bool
		unread              []posture.Unread
	}{
		"nothing found":        {on, none, true, nil},
		"found":                {on, `{"listFindingsResults": [{"finding": {"createTime": "2026-11-01T00:00:00Z"}}]}`, false, nil},
		"not named":            {`{"effectiveEnablementState": "ENABLED"}`, none, true, nil},
		"off":                  {`{"effectiveEnablementState": "DISABLED"}`, none, false, off},
		"off by itself":        {`{"effectiveEnablementState": "ENABLED", "modules": {"MFA_NOT_ENFORCED": {"effectiveEnablementState": "DISABLED"}}}`, none, false, off},
		"in no state we know":  {`{"effectiveEnablementState": "INGEST_ONLY"}`, none, false, off},
		"says nothing":         {none, none, false, []posture.Unread{{Field: "two_step_enforced", Cause: posture.Cause{Reason: posture.NotAnswered, Operation: opDetectors, Field: "two_step_enforced"}}}},
		"detectors refused":    {"", none, false, unread(posture.Denied, opDetectors, "PERMISSION_DENIED", opDetectors)},
		"findings refused":     {on, "", false, unread(posture.Denied, opFindings, "PERMISSION_DENIED", opFindings)},
		"detectors make sense": {`{"modules": []}`, none, false, unread(posture.NotUnderstood, opDetectors, "Modules", "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := bench.Serve(t)
			for key, answer := range map[string]string{detectors: test.detectors, anyFindings: test.findings} {
				if answer != "" {
					server.AnswerJSON(key, answer)
				}
			}
			got := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(directories.Name)).Resources
			if diff := cmp.Diff(&Directory{Level: "organization", TwoStepEnforced: test.enforced}, got["3001"].Doc); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.unread, got["3001"].Unread); diff != "" {
				t.Error(diff)
			}
			if project := got["shop-prod"]; len(project.Unread) != 1 || project.Unread[0].Cause.Reason != posture.NotRequested {
				t.Errorf("of a project is unread: %v", project.Unread)
			}
		})
	}
}

// TestDirectoryOnTwoPages: a page without results may be followed by others.
func TestDirectoryOnTwoPages(t *testing.T) {
	t.Parallel()
	server := bench.Serve(t)
	server.AnswerJSON("GET /v1/organizations/3001/locations/global/securityCenterServices/security-health-analytics", `{"effectiveEnablementState": "ENABLED"}`)
	asked := 0
	server.Answer(anyFindings, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			_, _ = io.WriteString(w, `{"nextPageToken": "2"}`)
			return
		}
		_, _ = io.WriteString(w, `{"listFindingsResults": [{"finding": {}}]}`)
	})
	got := enginetest.Scan(t, bench.Open(t, server, enginetest.Organization(t)), bench.Everything(directories.Name)).Resources["3001"]
	if diff := cmp.Diff(&Directory{Level: "organization"}, got.Doc); diff != "" || asked != 2 {
		t.Errorf("%d pages: %s", asked, diff)
	}
}

// secondTries is how often a second reading is tried.
const secondTries = 3

// TestDirectoryIsPatient: a first reading is tried as often as the options
// say, and not as a second one.
func TestDirectoryIsPatient(t *testing.T) {
	t.Parallel()
	server := bench.Serve(t)
	asked := 0
	server.Answer("GET /v1/organizations/3001/locations/global/securityCenterServices/security-health-analytics", func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked <= secondTries+1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = io.WriteString(w, `{"effectiveEnablementState": "ENABLED"}`)
	})
	server.AnswerJSON(anyFindings, `{}`)
	inventory := bench.Open(t, server, enginetest.Organization(t), func(o *engine.Options) { o.Attempts = secondTries + 2 })
	got := enginetest.Scan(t, inventory, bench.Everything(directories.Name)).Resources["3001"]
	if diff := cmp.Diff(&Directory{Level: "organization", TwoStepEnforced: true}, got.Doc); diff != "" || len(got.Unread) > 0 {
		t.Errorf("asked %d times, unread %v: %s", asked, got.Unread, diff)
	}
}
