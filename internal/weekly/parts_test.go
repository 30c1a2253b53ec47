package weekly_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/weekly"
)

// TestExemptionDays: days are counted from the first day after the week, and
// the last day still holds.
func TestExemptionDays(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.on(6).run(snapshot.Complete)
	for _, row := range []struct {
		created, expires posture.Day
		want             weekly.Exemptions
		state            string
	}{
		{"2026-10-01", "2026-11-22", weekly.Exemptions{}, ""}, // expired, and nothing fails
		{"2026-10-01", "2026-11-23", weekly.Exemptions{Active: 1, Within30: 1, Within14: 1, Within7: 1}, "expires today"},
		{"2026-10-01", "2026-11-30", weekly.Exemptions{Active: 1, Within30: 1, Within14: 1, Within7: 1}, "expires in 7 days"},
		{"2026-10-01", "2026-12-01", weekly.Exemptions{Active: 1, Within30: 1, Within14: 1}, "expires in 8 days"},
		{"2026-10-01", "2026-12-07", weekly.Exemptions{Active: 1, Within30: 1, Within14: 1}, "expires in 14 days"},
		{"2026-10-01", "2026-12-08", weekly.Exemptions{Active: 1, Within30: 1}, "expires in 15 days"},
		{"2026-10-01", "2026-12-23", weekly.Exemptions{Active: 1, Within30: 1}, "expires in 30 days"},
		{"2026-10-01", "2026-12-24", weekly.Exemptions{Active: 1}, "expires in 31 days"},
		{"2026-11-16", "2026-12-24", weekly.Exemptions{Active: 1, New: 1}, "expires in 31 days, new this week"},
		{"2026-11-22", "2026-12-24", weekly.Exemptions{Active: 1, New: 1}, "expires in 31 days, new this week"},
		{"2026-11-23", "2026-12-24", weekly.Exemptions{}, ""}, // not made yet
	} {
		o.Config.Exemptions.Items = []config.Exemption{exemption("x", "aws-iam-mfa", "*", row.created, row.expires)}
		got, state := s.page(o).Exemptions, ""
		for _, x := range got.Items.Items {
			state = x.State()
		}
		got.Items = weekly.List[weekly.Exemption]{}
		if diff := cmp.Diff(row.want, got); diff != "" || state != row.state {
			t.Errorf("%s to %s: %q, want %q %s", row.created, row.expires, state, row.state, diff)
		}
	}
}

// TestAcceptedCauses: what is accepted not to be read is among the exemptions.
func TestAcceptedCauses(t *testing.T) {
	t.Parallel()
	s, o := newStory(t), options()
	calm(s)
	s.on(6).run(snapshot.Complete)
	for covers, x := range map[string]config.CauseExemption{
		"not read: kms:*": {Operation: "kms:*"},
		"not read: kms, because denied*, target aws/1": {Service: "kms", Because: "denied*", Target: "aws/1"},
		"not read: kms:List, target aws/*":             {Operation: "kms:List", Service: "kms", Target: "aws/*"},
	} {
		x.ID, x.Reason, x.RequestedBy, x.ApprovedBy, x.Created, x.Expires = "EX-9", "r", "ann", "bob", "2026-11-16", "2026-12-01"
		o.Config.Exemptions.Causes = []config.CauseExemption{x}
		want := weekly.Exemptions{Active: 1, New: 1, Within30: 1, Within14: 1, Items: weekly.List[weekly.Exemption]{Items: []weekly.Exemption{{
			ID: "EX-9", Covers: covers, Reason: "r", Requested: "ann", Approved: "bob", Created: "2026-11-16", Expires: "2026-12-01", New: true, Left: 8,
		}}}}
		if diff := cmp.Diff(want, s.page(o).Exemptions); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestWithdrawn: an exemption that only findings know of is told by what they
// know.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.has(one, map[string][]string{"aws-iam-mfa": {"-a", "-b", "-c", "-d"}})
	s.accept(one, exemption("old", "aws-iam-mfa", "*", "2026-10-01", "2026-11-30"))
	s.on(6).run(snapshot.Complete)
	want := []weekly.Exemption{{
		ID: "old", Rule: "aws-iam-mfa", Expires: "2026-11-30", Left: 7, Withdrawn: true, Failing: 4, MoreOfThem: 1,
	}}
	got := s.page(options()).Exemptions.Items.Items
	if len(got) == 1 && len(got[0].Resources) == 3 {
		got[0].Resources = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPopulation: a tenth more or fewer is as before; a listing that was not
// complete says so.
func TestPopulation(t *testing.T) {
	t.Parallel()
	names := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprint("+", i))
		}
		return all
	}
	for _, row := range []struct {
		now     int
		partial bool
		want    string
	}{
		{20, false, ""}, {22, false, ""}, {23, false, "+15%"}, {18, false, ""}, {17, false, "-15%"}, {0, false, "-100%"}, {2, true, "not all of them were listed"},
	} {
		s := newStory(t)
		s.has(one, map[string][]string{"aws-s3-public": names(20)})
		s.on(-1).run(snapshot.Complete)
		s.has(one, map[string][]string{"aws-s3-public": names(row.now)})
		if row.partial {
			for i := range s.parts[one.String()].listed {
				s.parts[one.String()].listed[i].Complete = false
			}
		}
		s.targets = append(s.targets, two)
		s.has(two, nil)
		s.on(6).run(snapshot.Complete)
		population, got := s.page(options()).Population, ""
		for _, typ := range population.Types.Items {
			got += typ.String()
		}
		if got != row.want {
			t.Errorf("%d of 20: %q, want %q", row.now, got, row.want)
		}
		if population.Targets != 2 || *population.Before != 1 || !slices.Equal(population.Added.Items, []string{"aws/444455556666"}) {
			t.Errorf("targets: %+v", population)
		}
	}
}

// TestScopes: a page adds up what the scopes of a store found.
func TestScopes(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	calm(s)
	s.on(-1).run(snapshot.Complete)
	s.on(6).run(snapshot.Complete)
	s.google()
	s.on(6).run(snapshot.Complete)
	page := s.page(options())
	if want := (weekly.Counts{Failing: 2, Passing: 4}); page.Findings.Now != want || page.Rules.Now.Failing != 2 || page.Population.Targets != 2 || len(page.Series) != 2 {
		t.Errorf("findings %+v, rules %+v, targets %d", page.Findings, page.Rules, page.Population.Targets)
	}
	if len(page.NotEnough) > 0 {
		t.Errorf("%s: %q", page.Headline, page.NotEnough)
	}
	last, before := page.Trend[12], page.Trend[11]
	if len(last.Runs) != 2 || len(before.Runs) != 1 || before.Missing != nil || page.Trend[10].Runs == nil {
		t.Errorf("trend %+v", page.Trend[10:])
	}
}

// TestReopened: what was fixed weeks ago and fails again is reopened.
func TestReopened(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for i, mark := range []string{"-", "+", "?", "+"} {
		s.has(one, map[string][]string{"aws-s3-public": {mark + "a", mark + "b", "+c"}})
		s.on(-7*(6-i) - 1).run(snapshot.Complete)
	}
	s.has(one, map[string][]string{"aws-s3-public": {"-a", "+b", "-c"}})
	s.on(6).run(snapshot.Complete)
	if m := s.page(options()).Movement; m.Regressed != 2 || m.Reopened != 1 {
		t.Errorf("%+v", m)
	}
}
