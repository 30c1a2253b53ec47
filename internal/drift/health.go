package drift

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"posture/internal/posture"
)

// ProblemReminder is how long people do not hear again of what could not be
// read while it stays the same.
const ProblemReminder = 7 * 24 * time.Hour

// Health is what people were last notified of that could not be read. The zero
// value: everything could be read, or nobody was notified yet.
type Health struct {
	Run      posture.RunID `json:"run"`               // the latest run that was looked at
	Set      string        `json:"set,omitempty"`     // identity of the causes and where they are, without counts; "" for none
	Since    time.Time     `json:"since,omitzero"`    // the run in which there first was any
	Notified time.Time     `json:"notified,omitzero"` // the run whose alert was the last
}

// health adds up what could not be read.
type health struct {
	set      digest // of all that the alert shows
	causes   digest // of what it is about, without counts
	problems map[posture.Cause]Problem
	failed   []TargetCount // the first ones, at most Shown
	failures int
	coverage Coverage
}

// newHealth returns an empty sum.
func newHealth() health { return health{problems: map[posture.Cause]Problem{}} }

// add takes a target's summary.
func (h *health) add(s Summary) {
	coverage := s.Coverage()
	h.coverage = h.coverage.Plus(coverage)
	if s.Failure != nil {
		h.failures++
		h.set.add(s.Target.String())
		h.causes.add(s.Target.String(), s.Failure.String())
		h.failed = append(h.failed, TargetCount{Target: s.Target, Count: coverage.Total - coverage.Read, Cause: s.Failure})
		h.failed = h.failed[:min(len(h.failed), Shown)]
	}
	for _, p := range s.Problems {
		h.set.add(s.Target.String(), p.Cause.String(), fmt.Sprint(p.Count))
		h.causes.add(s.Target.String(), p.Cause.String(), "some")
		h.addProblem(p, s.Target.Account)
	}
}

// addProblem takes one problem of an account.
func (h *health) addProblem(p Problem, account string) {
	cause := p.Cause
	if _, ok := h.problems[cause]; !ok && len(h.problems) >= causeLimit {
		cause = posture.Cause{Reason: cause.Reason}
	}
	sum := h.problems[cause]
	sum.Cause, sum.Count = cause, sum.Count+p.Count
	switch {
	case slices.Contains(sum.Accounts, account):
	case len(sum.Accounts) < Shown:
		sum.Accounts = append(sum.Accounts, account)
	default:
		sum.MoreAccounts++
	}
	h.problems[cause] = sum
}

// healthAlert returns the alert of all that could not be read, and of what the
// configuration says in vain: when it is not what people were last notified of,
// once in ProblemReminder while it stays, and when it is over.
func (c *Collector) healthAlert() []Alert {
	next := c.nextHealth()
	before := c.Health
	if c.tracked {
		c.Health = next
	}
	switch {
	case next.Set == "" && (!c.tracked || before.Set == ""):
		return nil
	case next.Set == "":
		return []Alert{c.problemsOver(before)}
	case c.tracked && next.Notified.Before(c.Time):
		return nil
	}
	return []Alert{c.problems(next)}
}

// nextHealth returns what is to be remembered after this run.
func (c *Collector) nextHealth() Health {
	h, before := &c.health, c.Health
	next := Health{Run: c.Run}
	low := c.healthCoverage().Low()
	if len(h.problems) == 0 && h.failures == 0 && !low && len(c.Warnings) == 0 {
		return next
	}
	for _, warning := range c.Warnings {
		h.set.add("warning", warning)
		h.causes.add("warning", warning)
	}
	if low {
		h.causes.add("low coverage")
	}
	next.Set, next.Since, next.Notified = h.causes.String(), c.Time, c.Time
	if before.Set != "" {
		next.Since = before.Since
	}
	if before.Set == next.Set && c.Time.Sub(before.Notified) < ProblemReminder {
		next.Notified = before.Notified
	}
	return next
}

// healthCoverage returns the coverage of all targets.
func (c *Collector) healthCoverage() Coverage {
	return Coverage{Read: c.health.coverage.Read, Total: c.health.coverage.Total, Floor: c.Floor}
}

// problems returns the alert of what could not be read.
func (c *Collector) problems(now Health) Alert {
	h, coverage := &c.health, c.healthCoverage()
	a := c.alert(ScannerProblem, groupOf(ScannerProblem, "", "", c.Run), h.set)
	a.Total, a.Coverage = coverage.Total-coverage.Read, &coverage
	if c.tracked {
		a.Since = now.Since
	}
	a.Problems = slices.SortedFunc(maps.Values(h.problems), compareProblems)
	a.MoreProblems = max(0, len(a.Problems)-Shown)
	a.Problems = a.Problems[:len(a.Problems)-a.MoreProblems]
	a.Targets, a.MoreTargets = h.failed, h.failures-len(h.failed)
	a.Warnings, a.MoreWarnings = c.Warnings[:min(len(c.Warnings), Shown)], max(0, len(c.Warnings)-Shown)
	return a
}

// problemsOver returns the alert that everything could be read again.
func (c *Collector) problemsOver(before Health) Alert {
	var set digest
	set.add("over", before.Set)
	coverage := c.healthCoverage()
	a := c.alert(ScannerProblem, groupOf(ScannerProblem, "", "", c.Run), set)
	a.Over, a.Since, a.Coverage = true, before.Since, &coverage
	return a
}
