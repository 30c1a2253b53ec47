package weekly

import (
	"cmp"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// shown is how many entries a list holds whose length depends on what was
// found.
const shown = 10

// ownersKept is how many owners are told apart. Owners come from tags, so that
// there may be any number of them.
const ownersKept = 1000

// sums is what the week's changes and the findings that are open at its end
// add up to. Its size does not depend on how many there are.
type sums struct {
	clock
	movement Movement
	closed   map[drift.Reason]int
	fixed    map[posture.Severity]ranges
	oldest   []Open
	due      map[posture.Severity]Due
	owners   map[string]Owner
	covered  map[string]covered
}

// clock says by when things are due.
type clock struct {
	asOf time.Time
	days map[posture.Severity]int
}

// covered is the failing findings that one exemption is for.
type covered struct {
	expires posture.Day
	rule    string
	n       int
	names   []string
}

func newSums(c clock) *sums {
	return &sums{
		clock: c, closed: map[drift.Reason]int{}, fixed: map[posture.Severity]ranges{}, due: map[posture.Severity]Due{},
		owners: map[string]Owner{}, covered: map[string]covered{},
	}
}

// change counts a change of the week.
func (s *sums) change(change drift.Change, fixedBefore bool) {
	switch change.Kind {
	case drift.Regressed:
		s.movement.Regressed++
		if fixedBefore {
			s.movement.Reopened++
		}
	case drift.Appeared:
		s.movement.Appeared++
	case drift.ExemptionExpired:
		s.movement.Lapsed++
	case drift.Resolved, drift.Deleted, drift.Closed:
		s.closed[change.Reason]++
	}
	if change.Silent == drift.Exempted {
		s.movement.Accepted++
	}
	if change.Reason == drift.ReasonFixed {
		s.fix(change)
	}
}

// fix counts how long what was fixed had failed: at least from the first run
// that saw it to the last one, at most from the last run that saw it pass to
// the one that saw it fixed.
func (s *sums) fix(change drift.Change) {
	r := change.Resource
	took := Range{Least: r.LastFail.Sub(r.FirstFail)}
	if !r.LastPass.IsZero() && r.LastPass.Before(r.FirstFail) {
		took.Most = change.Time.Sub(r.LastPass)
	}
	for _, severity := range []posture.Severity{"", change.Severity} {
		if s.fixed[severity] == nil {
			s.fixed[severity] = ranges{}
		}
		s.fixed[severity][took]++
	}
}

// told counts one finding as it is at the end.
func (s *sums) told(t drift.Notified, severity posture.Severity, current bool) {
	if t.Status != posture.Fail {
		return
	}
	if t.Exemption != nil {
		s.cover(t)
	}
	if x := t.Exemption; x != nil && !x.Unread && !x.Expires.Over(s.asOf) {
		return
	}
	open := Open{
		Fingerprint: t.Fingerprint, Rule: t.Rule, Severity: severity, Account: t.Account, Region: t.Region,
		Resource: t.Resource, Name: t.Name, Owner: t.Owner, Since: t.FirstFail,
		Earlier: t.LastPass.IsZero(), Stale: !current || !t.Unread.Since.IsZero(),
	}
	s.movement.Open++
	if open.Stale {
		s.movement.Stale++
	}
	s.owe(open)
	s.oldest = oldest(append(s.oldest, open))
}

// owe counts what is due.
func (s *sums) owe(open Open) {
	days, set := s.days[open.Severity]
	past := 0
	if set && open.Since.AddDate(0, 0, days).Before(s.asOf) {
		past = 1
	}
	due := s.due[open.Severity]
	s.due[open.Severity] = Due{open.Severity, days, due.Open + 1, due.PastDue + past}
	owner, known := s.owners[open.Owner]
	if known || len(s.owners) < ownersKept || open.Owner == "" {
		s.owners[open.Owner] = Owner{open.Owner, owner.Open + 1, owner.PastDue + past}
	}
}

// cover counts a failing finding that an exemption is for, or was.
func (s *sums) cover(t drift.Notified) {
	c := s.covered[t.Exemption.ID]
	c.expires, c.rule, c.n = max(c.expires, t.Exemption.Expires), t.Rule, c.n+1
	if len(c.names) < shownNames {
		c.names = append(c.names, t.Name)
	}
	s.covered[t.Exemption.ID] = c
}

// shownNames is how many resources of an exemption are named.
const shownNames = 3

// oldest returns the first entries of a list that grew.
func oldest(list []Open) []Open {
	slices.SortFunc(list, func(a, b Open) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(bySeverity(a.Severity), bySeverity(b.Severity)), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return list[:min(len(list), shown)]
}

// bySeverity orders severities, the most severe first.
func bySeverity(s posture.Severity) int {
	if i := slices.Index(posture.Severities, s); i >= 0 {
		return i
	}
	return len(posture.Severities)
}

// merge adds what another target counted.
func (s *sums) merge(o *sums) {
	s.movement = s.movement.plus(o.movement)
	for reason, n := range o.closed {
		s.closed[reason] += n
	}
	for severity, took := range o.fixed {
		if s.fixed[severity] == nil {
			s.fixed[severity] = ranges{}
		}
		for r, n := range took {
			s.fixed[severity][r] += n
		}
	}
	s.oldest = oldest(append(s.oldest, o.oldest...))
	for severity, d := range o.due {
		sum := s.due[severity]
		s.due[severity] = Due{severity, d.Days, sum.Open + d.Open, sum.PastDue + d.PastDue}
	}
	for _, name := range sortedKeys(o.owners) {
		owner, known := s.owners[name]
		if known || len(s.owners) < ownersKept || name == "" {
			s.owners[name] = Owner{name, owner.Open + o.owners[name].Open, owner.PastDue + o.owners[name].PastDue}
		}
	}
	for id, c := range o.covered {
		sum := s.covered[id]
		names := append(sum.names, c.names...)
		s.covered[id] = covered{max(sum.expires, c.expires), c.rule, sum.n + c.n, names[:min(len(names), shownNames)]}
	}
}

func (m Movement) plus(o Movement) Movement {
	return Movement{
		Regressed: m.Regressed + o.Regressed, Appeared: m.Appeared + o.Appeared, Reopened: m.Reopened + o.Reopened,
		Accepted: m.Accepted + o.Accepted, FirstLook: m.FirstLook + o.FirstLook, ByRules: m.ByRules + o.ByRules,
		Lapsed: m.Lapsed + o.Lapsed, Open: m.Open + o.Open, Stale: m.Stale + o.Stale,
	}
}
