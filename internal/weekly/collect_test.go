package weekly_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/weekly"
)

// calm is a target where everything passes but one finding.
func calm(s *story) {
	s.has(one, map[string][]string{"aws-s3-public": {"+a", "+b", "-c"}, "aws-iam-mfa": {"+d"}})
}

// TestNotEnough: where too little is known the headline says so and why.
func TestNotEnough(t *testing.T) {
	t.Parallel()
	denied := &posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole", Permission: "sts:AssumeRole"}
	none := config.CauseExemption{ID: "EX-0", Target: "nothing"}
	for _, row := range []struct {
		name     string
		tell     func(s *story)
		want     string
		accepted config.CauseExemption
	}{
		{"all is read", func(s *story) { s.on(6).run(snapshot.Complete) }, "", none},
		{"what is not read is accepted", func(s *story) {
			s.has(one, map[string][]string{"aws-s3-public": {"+a", "?b"}})
			s.on(6).run(snapshot.Complete)
		}, "", config.CauseExemption{Operation: "s3:*"}},
		{"its acceptance is over", func(s *story) {
			s.has(one, map[string][]string{"aws-s3-public": {"+a", "?b"}})
			s.on(6).run(snapshot.Degraded)
		}, "50.0% of findings could be checked, under the floor of 95%", config.CauseExemption{Operation: "s3:*", Expires: "2026-11-10"}},
		{"a target that is not read is accepted", func(s *story) {
			s.targets = []posture.Target{one, two}
			s.on(5).run(snapshot.Complete)
			s.parts[two.String()] = part{failure: denied}
			s.run(snapshot.Complete)
		}, "", config.CauseExemption{Target: two.String()}},
		{"under the floor", func(s *story) {
			s.has(one, map[string][]string{"aws-s3-public": {"+a", "?b"}})
			s.on(6).run(snapshot.Degraded)
		}, "50.0% of findings could be checked, under the floor of 95%", none},
		{"a target is refused", func(s *story) {
			s.targets = []posture.Target{one, two}
			s.on(5).run(snapshot.Complete)
			s.parts[two.String()] = part{failure: denied}
			s.run(snapshot.Degraded)
		}, "could be checked, under the floor", none},
		{"a target has no part", func(s *story) {
			s.targets = []posture.Target{one, two}
			s.parts[two.String()] = part{absent: true}
			s.on(6).run(snapshot.Degraded)
		}, "could be checked, under the floor", none},
		{"no run read anything", func(s *story) {
			s.on(-1).run(snapshot.Complete)
			s.on(3).run(snapshot.Failed)
			s.run(snapshot.Unfinished)
		}, "no run of aws in the week was finished and read anything", none},
		{"runs ended early", func(s *story) { s.on(1).run(snapshot.Complete) }, "the last run of aws in the week is of 2026-11-17 05:00", none},
		{"a scope fell silent", func(s *story) {
			s.on(6).run(snapshot.Complete)
			s.scope = "gcp"
			s.on(-3).run(snapshot.Complete)
		}, "no run of gcp in the week was finished and read anything", none},
		{"narrowed runs among others", func(s *story) {
			s.on(-1).run(snapshot.Complete)
			s.narrow = true
			s.on(6).run(snapshot.Complete)
		}, "no run of aws in the week was finished and read anything", none},
		{"only narrowed runs", func(s *story) {
			s.narrow = true
			s.on(6).run(snapshot.Complete)
		}, "", none},
	} {
		s := newStory(t)
		calm(s)
		row.tell(s)
		o := options()
		if row.accepted.Created = "2026-01-01"; row.accepted.Expires == "" {
			row.accepted.Expires = "2026-12-31"
		}
		o.Config.Exemptions.Causes = []config.CauseExemption{row.accepted}
		page := s.page(o)
		if enough := len(page.NotEnough) == 0; enough != (row.want == "") || enough == strings.HasPrefix(page.Headline, "Not enough data") {
			t.Errorf("%s: lacks %q, headline %q", row.name, page.NotEnough, page.Headline)
		}
		if !strings.Contains(page.Headline, row.want) {
			t.Errorf("%s: %q, want %q", row.name, page.Headline, row.want)
		}
	}
}

// TestDamage: what the store holds no more, or was changed since, is on the
// page, counts as not read, and is never a pass.
func TestDamage(t *testing.T) {
	t.Parallel()
	last := func(part string) func(string) bool {
		return func(key string) bool { return strings.Contains(key, "20261122T") && strings.Contains(key, part) }
	}
	for _, row := range []struct {
		name, text string
		of         func(string) bool
		want       weekly.Unread
	}{
		{"findings gone", "", last("findings."), weekly.Unread{Run: "20261122T050000Z-aws", Target: "aws/111122223333", Why: "gone"}},
		{"findings changed", "nonsense", last("findings."), weekly.Unread{Run: "20261122T050000Z-aws", Target: "aws/111122223333", Why: "changed since it was written"}},
		{"part gone", "", last("part.json"), weekly.Unread{Run: "20261122T050000Z-aws", Target: "aws/111122223333", Why: "gone"}},
		{"part changed", "{}", last("part.json"), weekly.Unread{Run: "20261122T050000Z-aws", Target: "aws/111122223333", Why: "changed since it was written"}},
		{"run changed", "{", last("run.json"), weekly.Unread{Run: "20261122T050000Z-aws", Why: "changed since it was written"}},
		{"rules gone", "", last("rules."), weekly.Unread{Run: "20261122T050000Z-aws", Why: "changed since it was written"}},
		{"manifest changed", "{}", last("manifest.json"), weekly.Unread{Run: "20261122T050000Z-aws", Why: "changed since it was written"}},
	} {
		s := newStory(t)
		calm(s)
		s.on(5).run(snapshot.Complete)
		s.run(snapshot.Complete)
		s.damage(row.text, row.of)
		page := s.page(options())
		if diff := cmp.Diff([]weekly.Unread{row.want}, page.Unread.Items); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
		if len(page.NotEnough) == 0 && page.Series[0].Unreadable == 0 {
			t.Errorf("%s: the data is said to be enough: %s", row.name, page.Headline)
		}
		if row.want.Target != "" && (page.Findings.Now.Passing > 0 || page.Findings.Now.Unknown != 6 || // four, and one for each rule that was not judged
			page.Movement.Open != 1 || page.Movement.Stale != 1) {
			t.Errorf("%s: findings %+v, movement %+v", row.name, page.Findings.Now, page.Movement)
		}
		if html := string(written(t, page.WriteHTML)); !strings.Contains(html, "missing or damaged") {
			t.Errorf("%s: the page does not say so", row.name)
		}
	}
	s := newStory(t)
	calm(s)
	s.on(6).run(snapshot.Complete)
	s.damage("{}", func(key string) bool { return key == "state/latest.json" })
	if page := s.page(options()); !page.Chain.Unread || len(page.NotEnough) > 0 {
		t.Errorf("without the chain's end: %+v", page.Chain)
	}
}

// TestEarlierDamage: a file of an earlier run that is damaged takes nothing
// from the later ones.
func TestEarlierDamage(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	calm(s)
	s.on(-1).run(snapshot.Complete)
	s.on(5).run(snapshot.Complete)
	s.run(snapshot.Complete)
	whole := s.page(options())
	s.damage("nonsense", func(key string) bool { return strings.Contains(key, "20261121T") && strings.Contains(key, "findings.") })
	page := s.page(options())
	if diff := cmp.Diff(whole.Findings, page.Findings); diff != "" || len(page.NotEnough) > 0 || len(page.Unread.Items) != 1 {
		t.Errorf("%q %+v %s", page.NotEnough, page.Unread, diff)
	}
}

// closings tells a story after two runs in which x failed, and returns why it
// was closed.
func closings(t *testing.T, tell func(s *story)) map[string]int {
	t.Helper()
	s := newStory(t)
	s.has(one, map[string][]string{"aws-s3-public": {"-x", "+y"}})
	s.on(-1).run(snapshot.Complete)
	tell(s)
	s.on(6).run(snapshot.Complete)
	why := map[string]int{}
	page := s.page(options())
	for _, c := range page.Movement.Closed {
		if c.Count > 0 {
			why[string(c.Reason)] = c.Count
		}
	}
	if page.Movement.Open > 0 {
		why["open"] = page.Movement.Open
	}
	return why
}

// TestClosed: a finding is closed for the reason that there is, and never
// because it was not read.
func TestClosed(t *testing.T) {
	t.Parallel()
	incomplete := func(s *story) {
		s.has(one, map[string][]string{"aws-s3-public": {"+y"}})
		p := s.parts[one.String()]
		for i := range p.listed {
			p.listed[i].Complete = false
		}
	}
	for _, row := range []struct {
		name string
		tell func(s *story)
		want map[string]int
	}{
		{"fixed", func(s *story) { s.has(one, map[string][]string{"aws-s3-public": {"+x", "+y"}}) }, map[string]int{"fixed": 1}},
		{"gone", func(s *story) { s.has(one, map[string][]string{"aws-s3-public": {"+y"}}) }, map[string]int{"deleted": 1}},
		{"unknown", func(s *story) { s.has(one, map[string][]string{"aws-s3-public": {"?x", "+y"}}) }, map[string]int{"open": 1}},
		{"not listed", incomplete, map[string]int{"open": 1}},
		{"no part", func(s *story) { s.parts[one.String()] = part{absent: true} }, map[string]int{"open": 1}},
		{"out of scope", func(s *story) { s.targets = []posture.Target{two} }, map[string]int{"out of scope": 1}},
		{"rule removed", func(s *story) {
			s.rules = s.rules[1:]
			s.has(one, map[string][]string{"aws-s3-versioning": {"+y"}})
		}, map[string]int{"rule removed": 1}},
		{"rule changed", func(s *story) {
			s.rules[0].Digest = "2"
			s.has(one, map[string][]string{"aws-s3-public": {"+x", "+y"}})
		}, map[string]int{"rule changed": 1}},
	} {
		if diff := cmp.Diff(row.want, closings(t, row.tell)); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

// TestLedger: runs are expected by the clock, not by the runs that there were.
func TestLedger(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.on(2)
	s.run(snapshot.Complete)   // Wednesday: the first run ever
	s.run(snapshot.Unfinished) // Thursday
	s.run(snapshot.Failed)     // Friday
	s.narrow = true
	s.run(snapshot.Complete) // Saturday
	want := weekly.Series{Name: "aws", First: monday.AddDate(0, 0, 2), Expected: 5, Complete: 1, Failed: 1, Unfinished: 1, Narrowed: 1, Missed: 4, Compared: 1}
	got := s.page(o).Series[0]
	got.Last = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("from Wednesday on: %s", diff)
	}
	o.Now = monday.AddDate(0, 0, 4) // Friday morning: its period is not over
	got = s.page(o).Series[0]
	if got.Expected != 2 || got.Missed != 1 {
		t.Errorf("on Friday: %+v", got)
	}
	o.Config.Alerts.Period = "12h"
	if got = s.page(o).Series[0]; got.Expected != 4 || got.Missed != 3 {
		t.Errorf("twice a day: %+v", got)
	}
}

// TestMany: all runs of a week are compared, however many there are.
func TestMany(t *testing.T) {
	t.Parallel()
	for _, runs := range []int{4, 28, 29, 57, 168} {
		s := newStory(t)
		for hour := range runs {
			s.has(one, map[string][]string{"aws-s3-public": {fmt.Sprint("-", hour)}})
			s.runAt(week.End().Add(-time.Duration(runs-hour)*time.Hour), snapshot.Complete)
		}
		page := s.page(options())
		if got := page.Series[0]; got.Compared != runs || got.Complete != runs || page.Oldest.Items[0].Name != fmt.Sprint(runs-1) {
			t.Errorf("%d runs: %+v %+v", runs, got, page.Oldest)
		}
		if m := page.Movement; m.Appeared != runs-1 || m.Closed[1].Count != runs-1 {
			t.Errorf("%d runs: %+v", runs, m)
		}
	}
}

// TestBounded: lists hold the first entries and say how many more there are.
func TestBounded(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprintf("-r%04d", i))
	}
	s.has(one, map[string][]string{"aws-s3-public": many})
	n := 0
	s.each(one, func(f *posture.Finding) {
		f.Owner = fmt.Sprintf("o%04d", n)
		n++
	})
	s.on(6).run(snapshot.Complete)
	page := s.page(options())
	if len(page.Oldest.Items) != 10 || page.Oldest.More != 2990 || len(page.Owners.Items) != 50 || page.Movement.Open != 3000 {
		t.Errorf("oldest %d+%d, owners %d+%d", len(page.Oldest.Items), page.Oldest.More, len(page.Owners.Items), page.Owners.More)
	}
	if text := checkPage(t, written(t, page.WriteHTML)); !strings.Contains(text, "+2990 more") {
		t.Error("the page does not say how many it leaves out")
	}
}

// TestSame: the same evidence makes the same page, and each form of it.
func TestSame(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := s.page(o)
	o.Now = o.Now.Add(48 * time.Hour)
	again := s.page(o)
	if page.ID != again.ID {
		t.Errorf("made later it is %s, not %s", again.ID, page.ID)
	}
	again.Made = page.Made
	if diff := cmp.Diff(page, again); diff != "" {
		t.Error(diff)
	}
	s.on(8).run(snapshot.Complete) // a run of the next week
	if later := s.page(o); later.ID != page.ID {
		t.Errorf("a later run makes it %s, not %s", later.ID, page.ID)
	}
}

// TestUnderWay: the page of a week that is not over says so.
func TestUnderWay(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.run(snapshot.Complete)
	o.Now = monday.Add(8 * time.Hour)
	page := s.page(o)
	if len(page.NotEnough) > 0 || !page.AsOf.Equal(o.Now) || page.Series[0].Missed != 0 {
		t.Errorf("%+v", page)
	}
	if html := string(written(t, page.WriteHTML)); !strings.Contains(html, "The week is not over") {
		t.Error("it does not say so")
	}
	o.Week = o.Week.Before(-1)
	if _, err := weekly.Collect(t.Context(), s.store, o); err == nil {
		t.Error("there is a page of a week to come")
	}
}

// TestNoRuns: without any run there is no page.
func TestNoRuns(t *testing.T) {
	t.Parallel()
	_, err := weekly.Collect(t.Context(), store.Memory(), options())
	if !errors.Is(err, weekly.ErrNoRuns) {
		t.Error(err)
	}
	if _, err := weekly.Latest(t.Context(), store.Memory(), options()); !errors.Is(err, weekly.ErrNoRuns) {
		t.Error(err)
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.on(9).run(snapshot.Complete) // the week after
	o.Now = monday.AddDate(0, 0, 10)
	for _, want := range []string{"2026-W48", "2026-W45"} {
		if got, err := weekly.Latest(t.Context(), s.store, o); err != nil || got.String() != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
		s.on(-8).run(snapshot.Complete)
		s.on(-1).run(snapshot.Unfinished)
	}
}

// broken fails at the keys that it is told to.
type broken struct {
	store.Store
	at string
}

var errBroken = errors.New("the network is down")

func (b broken) Get(ctx context.Context, key string) (store.Object, error) {
	if strings.Contains(key, b.at) {
		return store.Object{}, errBroken
	}
	return b.Store.Get(ctx, key)
}

// TestStoreFails: what could not be asked is an error, and nothing that a
// reader might take for an answer.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	for _, at := range []string{"manifest.json", "/run.json", "rules.", "part.json", "findings.", "latest.json"} {
		if _, err := weekly.Collect(t.Context(), broken{s.store, at}, o); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", at, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := weekly.Collect(ctx, s.store, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestKeep: the page that was stored first counts, in all forms, also when who
// stored it died between them.
func TestKeep(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := s.page(o)
	for lost := range 3 {
		first, won, err := weekly.Keep(t.Context(), s.store, page)
		if err != nil || won != (lost == 0) || first.Made != page.Made {
			t.Fatalf("kept %s, won %t, %v", first.Made, won, err)
		}
		later := page
		later.Made, later.Headline = page.Made.Add(time.Hour), "another"
		again, won, err := weekly.Keep(t.Context(), s.store, later)
		if err != nil || won || again.Headline != page.Headline {
			t.Errorf("again: %q, won %t, %v", again.Headline, won, err)
		}
		for _, format := range []string{"json", "csv", "html"} {
			body, _, err := store.Read(t.Context(), s.store, weekly.Key(week, format), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "page."+format, body)
		}
		s.need(s.store.Delete(t.Context(), weekly.Key(week, []string{"html", "csv", "csv"}[lost])))
	}
	s.damage("{}", func(key string) bool { return key == weekly.Key(week, "json") })
	if _, _, err := weekly.Keep(t.Context(), s.store, page); !errors.Is(err, snapshot.ErrCorrupt) || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a damaged page: %v", err)
	}
	keys := []string{}
	for entry, err := range s.store.List(t.Context(), "weekly/") {
		s.need(err)
		keys = append(keys, entry.Key)
	}
	if !slices.Contains(keys, "weekly/2026-W47/posture-2026-W47.html") {
		t.Errorf("kept %v", keys)
	}
}

// TestNarrowed: where all runs are narrowed, what one did not look for stays
// as it was.
func TestNarrowed(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.narrow, s.targets = true, []posture.Target{one, two}
	calm(s)
	s.has(two, map[string][]string{"aws-s3-public": {"-x"}})
	s.on(4).run(snapshot.Complete)
	s.has(one, map[string][]string{"aws-s3-public": {"+a", "+b", "-c"}})
	p := s.parts[one.String()]
	p.listed = slices.DeleteFunc(p.listed, func(p posture.Population) bool { return p.Type != bucket })
	s.parts[one.String()] = p
	s.targets = s.targets[:1]
	s.run(snapshot.Complete)
	page := s.page(options())
	if m := page.Movement; m.Open != 2 || m.Stale != 1 || !page.Series[0].OnlyNarrowed || page.Series[0].Complete != 2 {
		t.Errorf("%+v %+v", m, page.Series[0])
	}
	for _, c := range page.Movement.Closed {
		if c.Count > 0 {
			t.Errorf("%d closed as %s", c.Count, c.Reason)
		}
	}
	if html := string(written(t, page.WriteHTML)); !strings.Contains(html, "were narrowed by flags") {
		t.Error("the page does not say so")
	}
}
