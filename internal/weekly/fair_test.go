package weekly_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/weekly"
)

// project is what a second scope looks at.
var project = posture.Target{Provider: posture.GCP, Account: "shop-prod", Regions: []string{"eu-west-1"}}

// google makes the next runs those of a second scope, one of whose buckets
// fails.
func (s *story) google() {
	r := rule("gcp-storage-public", "storage.googleapis.com/Bucket", posture.High, "CC6.1")
	r.Provider = posture.GCP
	s.scope, s.rules, s.targets = "gcp", []posture.Rule{r}, []posture.Target{project}
	s.has(project, map[string][]string{"gcp-storage-public": {"-x", "+y"}})
}

// TestFair: what a scope adds that was never looked at before, or lacks because
// it was not looked at in the week, is no change.
func TestFair(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		days   []int // of the second scope's runs
		before *weekly.Counts
		says   string
	}{
		{"new", []int{6}, nil, "No change is shown: gcp has no earlier run to compare with."},
		{"silent", []int{-2}, nil, "No change is shown: gcp had no run in the week to compare."},
		{"both", []int{-2, 6}, &weekly.Counts{Failing: 2, Passing: 4}, ""},
	} {
		s := newStory(t)
		calm(s)
		s.on(-1).run(snapshot.Complete)
		s.on(6).run(snapshot.Complete)
		s.google()
		for _, day := range row.days {
			s.on(day).run(snapshot.Complete)
		}
		page := s.page(options())
		if got := page.Findings.Before; (got == nil) != (row.before == nil) || got != nil && *got != *row.before {
			t.Errorf("%s: before %+v", row.name, got)
		}
		if (page.Rules.Before == nil) != (row.before == nil) {
			t.Errorf("%s: rules before %+v", row.name, page.Rules.Before)
		}
		for _, c := range page.Changed.Items {
			t.Errorf("%s: %s is told to be %s", row.name, c.Rule, c.Kind)
		}
		if html := string(written(t, page.WriteHTML)); row.says != "" != strings.Contains(html, "No change is shown") || !strings.Contains(html, row.says) {
			t.Errorf("%s: the page does not say %q", row.name, row.says)
		}
		if p := page.Population; row.name == "new" && p.Before != nil || row.name == "both" && *p.Before != 2 {
			t.Errorf("%s: %+v", row.name, p)
		}
	}
}

// TestLastCoverage: what was judged is told of each scope by itself.
func TestLastCoverage(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	calm(s)
	s.on(6).run(snapshot.Complete)
	s.google()
	s.has(project, map[string][]string{"gcp-storage-public": {"?x", "+y"}})
	s.on(6).run(snapshot.Degraded)
	var got []float64
	for _, series := range s.page(options()).Series {
		got = append(got, series.Last.Coverage.Percent)
	}
	if want := []float64{100, 50}; !slices.Equal(got, want) {
		t.Errorf("judged %v, want %v", got, want)
	}
}

// TestTrendFrame: a week that lacks a scope's run is marked in the chart, and
// one before the scope's first run is told below it.
func TestTrendFrame(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	calm(s)
	for _, day := range []int{-15, -8, -1, 6} {
		s.on(day).run(snapshot.Complete)
	}
	s.google()
	s.on(-8).run(snapshot.Complete)
	s.on(6).run(snapshot.Complete)
	page := s.page(options())
	if csv := string(written(t, page.WriteCSV)); !strings.Contains(csv, "2026-W46,failing,1,,without gcp") {
		t.Error("the table does not say which scope a week is without")
	}
	html := string(written(t, page.WriteHTML))
	if frames := strings.Count(html, `<div class="col none`) + strings.Count(html, `<div class="col lacks`); frames != 20 { // in two charts, nine weeks without any run, one without that of gcp
		t.Errorf("%d dashed columns and frames", frames)
	}
	if !strings.Contains(html, "The first run of gcp was in 2026-W45") || strings.Contains(html, "The first run of aws was in") {
		t.Error("the page does not say when gcp began, or that of aws, before which there was nothing")
	}
	if strings.Contains(html, "for which there is no rule") {
		t.Error("it shows types that do not exist")
	}
}

// TestTone: the headline's colour is that of what it says.
func TestTone(t *testing.T) {
	t.Parallel()
	good := map[string][]string{"aws-s3-public": {"+a", "+b"}}
	for _, row := range []struct {
		name  string
		found map[string][]string
		until posture.Day // last day of an exemption for a
		now   time.Time
		want  string
		says  string
	}{
		{"all passes", good, "", options().Now, "good", "No rule fails, nothing past due"},
		{"under way", good, "", week.End().Add(-time.Hour), "warn", "No rule fails, nothing past due"},
		{"one fails", map[string][]string{"aws-s3-public": {"-a", "+b"}}, "", options().Now, "bad", "1 rule fails on 1 finding (1 critical), 1 finding past due"},
		{"not all judged", map[string][]string{"aws-s3-public": {"?a", "+b"}}, "", options().Now, "warn", "No rule fails, nothing past due; 1 rule could not be checked"},
		{"accepted", map[string][]string{"aws-s3-public": {"-a", "+b"}}, "2027-03-31", options().Now, "good", "No rule fails, nothing past due"},
		{"soon", map[string][]string{"aws-s3-public": {"-a", "+b"}}, "2026-12-01", options().Now, "warn", "No rule fails, nothing past due; 1 exemption expires within 14 days"},
		{"a run is missed", good, "", options().Now, "warn", "No rule fails, nothing past due; 1 of 3 expected runs missed"},
		{"nothing judged", nil, "", options().Now, "warn", "Not enough data: nothing was judged"},
	} {
		s, o := newStory(t), options()
		o.Now, o.Config.Alerts.CoverageFloor = row.now, 10
		s.has(one, row.found)
		if row.until != "" {
			o.Config.Exemptions.Items = []config.Exemption{exemption("x", "aws-s3-public", "a", "2026-10-01", row.until)}
		}
		for _, day := range []int{4, 5, 6} {
			if row.name == "a run is missed" && day == 5 {
				continue
			}
			s.on(day).accept(one, o.Config.Exemptions.Items...)
			s.run(snapshot.Complete)
		}
		page := s.page(o)
		if html := string(written(t, page.WriteHTML)); page.Headline != row.says || !strings.Contains(html, `<p class="headline `+row.want+`">`) {
			t.Errorf("%s: it is not %s: %s", row.name, row.want, page.Headline)
		}
	}
}

// TestUnjudged: what no rule is for is counted, and not compared.
func TestUnjudged(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.rules = s.rules[:2]
	s.has(one, map[string][]string{"aws-s3-public": {"+a"}})
	p := s.parts[one.String()]
	for i := range p.listed {
		p.listed[i].Count = 1
	}
	s.on(6).run(snapshot.Complete)
	html := string(written(t, s.page(options()).WriteHTML))
	if !strings.Contains(html, `<tr><th scope="row"><code>AWS::IAM::User</code></th><td class="n">1</td><td></td></tr>`) {
		t.Error("it does not count the users that no rule is for")
	}
}

// TestChainUnread: an end of the chain that cannot be read is not told as 0,
// and the headline is not calm.
func TestChainUnread(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.has(one, map[string][]string{"aws-s3-public": {"+a"}})
	s.on(6).run(snapshot.Complete)
	s.damage("{", func(key string) bool { return key == "state/latest.json" })
	page := s.page(options())
	if csv := string(written(t, page.WriteCSV)); !strings.Contains(csv, "chain,could not be read,,") {
		t.Error("the table does not say so")
	}
	if html := string(written(t, page.WriteHTML)); !strings.Contains(html, `<p class="headline warn">No rule fails`) {
		t.Errorf("the page is calm: %s", page.Headline)
	}
}
