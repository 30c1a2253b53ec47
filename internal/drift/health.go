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
	accepted map[posture.Cause]Problem // those under a live exemption
	failed   []TargetCount             // the first ones, at most Shown
	failures int
	coverage Coverage
}

// newHealth returns an empty sum.
func newHealth() health {
	return health{problems: map[posture.Cause]Problem{}, accepted: map[posture.Cause]Problem{}}
}

// add takes a target's summary. What is accepted as unread makes no difference.
func (h *health) add(s Summary) {
	coverage := s.Coverage()
	h.coverage = h.coverage.Plus(coverage)
	switch {
	case s.Failure != nil && s.Accepted.Live():
		gather(h.accepted, Problem{Cause: *s.Failure, Count: coverage.Accepted, Exemption: s.Accepted}, s.Target.Account)
	case s.Failure != nil:
		h.failures++
		h.set.add(s.Target.String())
		h.causes.add(s.Target.String(), s.Failure.String())
		h.failed = append(h.failed, TargetCount{Target: s.Target, Count: coverage.Total - coverage.Read, Cause: s.Failure})
		h.failed = h.failed[:min(len(h.failed), Shown)]
	}
	for _, p := range s.Problems {
		counted := s.Failure != nil && p.Cause == *s.Failure // with the target as a whole
		into := h.problems
		if p.Exemption.Live() {
			into = h.accepted
		} else {
			h.set.add(s.Target.String(), p.Cause.String(), fmt.Sprint(p.Count))
			h.causes.add(s.Target.String(), p.Cause.String(), "some")
		}
		if !counted {
			gather(into, p, s.Target.Account)
		}
	}
}

// gather takes one problem of an account.
func gather(problems map[posture.Cause]Problem, p Problem, account string) {
	cause := p.Cause
	if _, ok := problems[cause]; !ok && len(problems) >= causeLimit {
		cause = posture.Cause{Reason: cause.Reason}
	}
	sum := problems[cause]
	sum.Cause, sum.Count = cause, sum.Count+p.Count
	if sum.Exemption == nil || p.Exemption != nil && p.Exemption.Expires.Start().Before(sum.Exemption.Expires.Start()) {
		sum.Exemption = p.Exemption // of several the one that ends first
	}
	switch {
	case slices.Contains(sum.Accounts, account):
	case len(sum.Accounts) < Shown:
		sum.Accounts = append(sum.Accounts, account)
	default:
		sum.MoreAccounts++
	}
	problems[cause] = sum
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
	coverage := c.health.coverage
	coverage.Floor = c.Floor
	return coverage
}

// problems returns the alert of what could not be read.
func (c *Collector) problems(now Health) Alert {
	h, coverage := &c.health, c.healthCoverage()
	a := c.alert(ScannerProblem, groupOf(ScannerProblem, "", "", c.Run), h.set)
	a.Total, a.Coverage = coverage.Missing(), &coverage
	if c.tracked {
		a.Since = now.Since
	}
	a.Problems, a.MoreProblems = worstProblems(h.problems)
	a.Accepted, a.MoreAccepted = worstProblems(h.accepted)
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
	a.Accepted, a.MoreAccepted = worstProblems(c.health.accepted)
	return a
}

// worstProblems returns the first ones, at most Shown, and how many more there are.
func worstProblems(problems map[posture.Cause]Problem) (shown []Problem, more int) {
	all := slices.SortedFunc(maps.Values(problems), compareProblems)
	more = max(0, len(all)-Shown)
	return all[:len(all)-more], more
}
