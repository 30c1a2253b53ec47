package services

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
	"posture/scanners/gcp/engine"
)

// SecurityCenter is what rules may ask of Security Command Center. It is
// looked at where the scope begins, once: what is found below is found there.
type SecurityCenter struct {
	Top                   bool      `json:"top"`                     // the scope begins here; of all below nothing else is read
	Enabled               bool      `json:"enabled"`                 // it has sources of findings
	OpenCriticalFindings  bool      `json:"open_critical_findings"`  // a finding of critical severity is active and not muted
	OldestCriticalFinding time.Time `json:"oldest_critical_finding"` // when the oldest such finding was made
	OpenHighFindings      bool      `json:"open_high_findings"`      // the same, of high severity
	OldestHighFinding     time.Time `json:"oldest_high_finding"`
	OlderFindings         bool      `json:"older_findings"` // there are older ones than those two; unread when too many are open to look at all
}

var securityCenters = engine.Service{
	Type: scanners.Type{
		Name: "securitycenter.googleapis.com/OrganizationSettings",
		Doc:  SecurityCenter{},
		Calls: []scanners.Call{
			{Op: opSources, Permission: "securitycenter.sources.list", For: []string{"enabled"}},
			{Op: opFindings, Permission: "securitycenter.findings.list", For: findingFields},
		},
		Console: scanners.Console{Path: "/security/command-center/findings?{scope}={id}"},
	},
	Versions: []string{"v2"},
	Once:     true,
	Read:     readSecurityCenter,
}

const (
	opSources  = "securitycenter.sources.list"
	opFindings = "securitycenter.findings.list"
)

var findingFields = []string{
	"open_critical_findings", "oldest_critical_finding", "open_high_findings", "oldest_high_finding", "older_findings",
}

func readSecurityCenter(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.ID+"/securityCenter", r.Owner().ID
	doc := &SecurityCenter{Top: beginsScope(r)}
	if !doc.Top {
		r.Mark(posture.Cause{Reason: posture.NotRequested}, scanners.FieldsOf(SecurityCenter{})[1:]...)
		return doc
	}
	if r.Wants("enabled") {
		var err error
		doc.Enabled, err = hasSources(ctx, r)
		r.Got(err, "enabled")
	}
	if !r.Wants(findingFields...) {
		return doc
	}
	doc.OpenCriticalFindings, doc.OldestCriticalFinding = oldestFinding(ctx, r, "CRITICAL", "open_critical_findings", "oldest_critical_finding")
	doc.OpenHighFindings, doc.OldestHighFinding = oldestFinding(ctx, r, "HIGH", "open_high_findings", "oldest_high_finding")
	return doc
}

// beginsScope reports whether nothing above the project, folder or
// organization is in the scope.
func beginsScope(r *engine.Reading) bool {
	for _, key := range r.Owner().Ancestors {
		if key != r.Owner().Key && r.InScope(key) {
			return false
		}
	}
	return true
}

// hasSources reports whether Security Command Center has sources. Of a project
// or organization that it does not know it says that there is no such thing.
func hasSources(ctx context.Context, r *engine.Reading) (bool, error) {
	var answer struct {
		Sources []struct{ Name string }
		Next    string `json:"nextPageToken"`
	}
	err := r.Fetch(ctx, opSources, securityCenterOf(r, "/sources", url.Values{"pageSize": {"1"}}), &answer)
	if errors.Is(err, posture.ErrGone) {
		return false, nil
	}
	return len(answer.Sources) > 0, err
}

// Findings are looked at by the thousand, those first that have not changed
// for longest.
const (
	findingsPage  = 1000
	findingsPages = 5
)

// oldestFinding returns whether findings of a severity are open, and when the
// oldest was made.
func oldestFinding(ctx context.Context, r *engine.Reading, severity string, fields ...string) (bool, time.Time) {
	query := url.Values{
		"filter":   {`state="ACTIVE" AND severity="` + severity + `" AND NOT mute="MUTED"`},
		"orderBy":  {"event_time"},
		"pageSize": {strconv.Itoa(findingsPage)},
		"fields":   {"listFindingsResults.finding.createTime,nextPageToken"},
	}
	var oldest time.Time
	open := false
	pages, more := 0, false
	err := eachFindings(ctx, r, query, func(page findingsData) bool {
		for _, result := range page.Results {
			if made := result.Finding.Made; !open || made.Before(oldest) {
				open, oldest = true, made
			}
		}
		pages++
		more = page.Next != ""
		return pages < findingsPages
	})
	if !r.Got(err, append(fields, "older_findings")...) {
		return false, time.Time{}
	}
	if more {
		r.Mark(posture.Cause{Reason: posture.TooMuch, Operation: opFindings, Code: "too many findings"}, "older_findings")
	}
	return open, oldest
}

// findingsData is what is read of a page of findings. One without a time of
// its own counts as old.
type findingsData struct {
	Results []struct {
		Finding struct {
			Made time.Time `json:"createTime"`
		}
	} `json:"listFindingsResults"`
	Next  string          `json:"nextPageToken"`
	Total json.RawMessage `json:"totalSize"` // is not asked for; an answer may hold nothing else
	Read  json.RawMessage `json:"readTime"`
}

// eachFindings reads the findings of all sources, page by page, until do
// returns false.
func eachFindings(ctx context.Context, r *engine.Reading, query url.Values, do func(findingsData) bool) error {
	ask := func(token string) (page findingsData, err error) {
		if token != "" {
			query.Set("pageToken", token)
		}
		return page, r.Fetch(ctx, opFindings, securityCenterOf(r, "/sources/-/findings", query), &page)
	}
	return answer.Pages(ask, func(page findingsData) string { return page.Next }, do)
}

// securityCenterOf returns where to ask about the project, folder or
// organization: version 2 of the API, which has no client here.
func securityCenterOf(r *engine.Reading, path string, query url.Values) *url.URL {
	return &url.URL{Scheme: "https", Host: "securitycenter.googleapis.com", Path: "/v2/" + r.Owner().Key + path, RawQuery: query.Encode()}
}
