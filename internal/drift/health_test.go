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
