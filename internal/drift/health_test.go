package drift_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

// TestProblemsAreToldWhenTheyChange: what could not be read alerts when it is
// new or other than before, once a week while it stays, and once when it is
// over; how many findings it concerns changes nothing.
func TestProblemsAreToldWhenTheyChange(t *testing.T) {
	denied := posture.Cause{Reason: posture.Denied, Operation: "kms:ListAliases", Code: "AccessDenied"}
	late := posture.Cause{Reason: posture.TimedOut, Operation: "kms:ListAliases"}
	day := func(n int) time.Time { return start.Add(time.Duration(n) * 24 * time.Hour) }
	of := func(account string, count int, causes ...posture.Cause) drift.Summary {
		s := drift.Summary{Target: posture.Target{Provider: posture.AWS, Account: account}}
		for _, cause := range causes {
			s.Problems = append(s.Problems, drift.Problem{Cause: cause, Count: count})
		}
		return s
	}
	steps := []struct {
		day      int
		summary  drift.Summary
		warnings []string
		want     string
	}{
		{0, of("1", 0), nil, ""},
		{1, of("1", 3, denied), nil, "1 problem since day 1"},
		{2, of("1", 3, denied), nil, ""},
		{3, of("1", 9, denied), nil, ""},
		{4, of("1", 9, denied, late), nil, "2 problems since day 1"},
		{5, of("2", 9, denied, late), nil, "2 problems since day 1"},
		{11, of("2", 9, denied, late), nil, ""},
		{12, of("2", 9, denied, late), nil, "2 problems since day 1"},
		{13, of("2", 9, denied, late), []string{"w"}, "2 problems since day 1"},
		{14, of("2", 0), []string{"w"}, "0 problems since day 1"},
		{15, of("2", 0), nil, "over, since day 1"},
		{16, of("2", 0), nil, ""},
		{17, of("2", 1, late), nil, "1 problem since day 17"},
	}
	health := drift.Health{}
	for _, step := range steps {
		c := drift.NewCollector(drift.Grouping{Run: runID, Time: day(step.day), Warnings: step.warnings, Before: &health})
		c.Target(step.summary, drift.NewChanges())
		got := ""
		for _, a := range c.Alerts() {
			since := fmt.Sprintf("since day %d", int(a.Since.Sub(start)/(24*time.Hour)))
			switch {
			case a.Over:
				got += "over, " + since
			case len(a.Problems) == 1:
				got += "1 problem " + since
			default:
				got += fmt.Sprintf("%d problems %s", len(a.Problems), since)
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("day %d: %s", step.day, diff)
		}
		health = c.Health
	}
}

// TestProblemsOfNarrowedRuns: a run that has no say in what is known tells
// what it meets, and changes nothing of it.
func TestProblemsOfNarrowedRuns(t *testing.T) {
	for range 2 {
		c := drift.NewCollector(drift.Grouping{Run: runID, Time: start, Warnings: []string{"w"}})
		if got := c.Alerts(); len(got) != 1 || !got[0].Since.IsZero() {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(drift.Health{}, c.Health); diff != "" {
			t.Error(diff)
		}
	}
}

// TestAcceptedProblems: what is accepted as unread alerts nobody and lowers no
// coverage; when the acceptance begins people hear of it once, and when it ends
// what is unread is new.
func TestAcceptedProblems(t *testing.T) {
	denied := posture.Cause{Reason: posture.Denied, Operation: "kms:ListAliases", Code: "AccessDenied"}
	unopened := posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole"}
	live, over := &posture.Exemption{ID: "EX-1", Expires: "2026-12-01"}, &posture.Exemption{ID: "EX-1", Expires: "2026-12-01", Expired: true}
	of := func(accepted *posture.Exemption) []drift.Summary {
		n := 0
		if accepted.Live() {
			n = 40
		}
		s := drift.Summary{
			Target: posture.Target{Provider: posture.AWS, Account: "1"}, Rules: []drift.Tally{{Rule: "a", Pass: 60, Unknown: 40, Accepted: n}},
			Problems: []drift.Problem{{Cause: denied, Count: 40, Exemption: accepted}},
		}
		gone := drift.Summary{
			Target: posture.Target{Provider: posture.AWS, Account: "2"}, Failure: &unopened, Accepted: accepted,
			Rules:    []drift.Tally{{Rule: "a", Carried: 40, Accepted: n}},
			Problems: []drift.Problem{{Cause: unopened, Count: 3, Exemption: accepted}}, // of those 40
		}
		return []drift.Summary{s, gone}
	}
	health := drift.Health{}
	for day, step := range []struct {
		accepted *posture.Exemption
		want     string
	}{
		{nil, "80 findings could not be checked; 1 problem, 0 accepted, degraded"},
		{nil, ""},
		{live, "what still cannot be read is accepted; 0 problems, 2 accepted"},
		{live, ""},
		{over, "80 findings could not be checked; 1 problem, 0 accepted, degraded; EX-1 expired"},
		{over, ""},
	} {
		c := drift.NewCollector(drift.Grouping{Run: runID, Time: start.Add(time.Duration(day) * 24 * time.Hour), Floor: 95, Before: &health})
		for _, s := range of(step.accepted) {
			c.Target(s, drift.NewChanges())
		}
		got := ""
		for _, a := range c.Alerts() {
			got += fmt.Sprintf("%s; %d problem", a.Headline(), len(a.Problems))
			if len(a.Problems) != 1 {
				got += "s"
			}
			got += fmt.Sprintf(", %d accepted", len(a.Accepted))
			for _, p := range a.Accepted {
				if p.Count != 40 {
					t.Errorf("day %d: %s counts %d", day, p.Cause, p.Count)
				}
			}
			if a.Degraded() {
				got += ", degraded"
			}
			for _, p := range a.Problems {
				if p.Exemption != nil && p.Exemption.Expired {
					got += "; " + p.Exemption.ID + " expired"
				}
			}
		}
		if got != step.want {
			t.Errorf("day %d: %s, want %s", day, got, step.want)
		}
		health = c.Health
	}
}
