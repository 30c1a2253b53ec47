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
	target   posture.Target
	known    map[string]posture.Rule // of the last run, by id
	movement Movement
	closed   map[drift.Reason]int
	fixed    map[posture.Severity]ranges
	oldest   []Row
	owed     map[posture.Severity]Due
	owners   map[string]Owner
	accounts map[string]Owner
	rules    map[string]int // what is open, by rule
	ages     [len(ages)]Severities
	covered  map[string]covered

	open, began, ended rows
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

func newSums(c clock, target posture.Target, keep int) *sums {
	return &sums{
		clock: c, target: target, closed: map[drift.Reason]int{}, fixed: map[posture.Severity]ranges{}, owed: map[posture.Severity]Due{},
		owners: map[string]Owner{}, accounts: map[string]Owner{}, rules: map[string]int{}, covered: map[string]covered{},
		open: rows{keep: keep}, began: rows{keep: keep}, ended: rows{keep: keep},
	}
}

// change counts a change of the week. What became of its finding by the end of
// the week is nil where it is gone.
func (s *sums) change(change drift.Change, end *drift.Notified) {
	row := s.changeRow(change)
	row.Now = status(end)
	switch change.Kind {
	case drift.Regressed, drift.Appeared:
		s.begin(row)
	case drift.ExemptionExpired:
		s.movement.Lapsed++
	case drift.Resolved, drift.Deleted, drift.Closed:
		s.closed[change.Reason]++
	}
	if change.Reason == drift.ReasonFixed {
		s.fix(row, change.Resource.Lasted(change.Time))
	}
}

// begin counts what regressed.
func (s *sums) begin(row Row) {
	s.began.add(row)
	if row.Kind == drift.Appeared {
		s.movement.Appeared++
	} else {
		s.movement.Regressed++
	}
	if row.Reopened {
		s.movement.Reopened++
	}
	if row.Accepted {
		s.movement.Accepted++
	}
}

// fix counts what was fixed, and how long it had failed.
func (s *sums) fix(row Row, took drift.Range) {
	row.Took = &took
	s.ended.add(row)
	for _, severity := range []posture.Severity{"", row.Severity} {
		if s.fixed[severity] == nil {
			s.fixed[severity] = ranges{}
		}
		s.fixed[severity][took]++
	}
}

// notified counts one finding as it is at the end, with what the last run found of
// it, nil where that run has nothing of it or could not read it.
func (s *sums) notified(t drift.Notified, f *posture.Finding) {
	if t.Status != posture.Fail {
		return
	}
	if t.Exemption != nil {
		s.cover(t)
	}
	if x := t.Exemption; x != nil && !x.Unread && !x.Expires.Over(s.asOf) {
		return
	}
	row := s.openRow(t, f)
	s.movement.Open++
	if row.Stale {
		s.movement.Stale++
	}
	s.owe(row)
	s.rules[row.Rule]++
	if at := s.age(row.Since); at >= 0 {
		s.ages[at] = s.ages[at].plus(Severities{row.Severity: 1})
	}
	s.open.add(row)
	s.oldest = oldest(append(s.oldest, row))
}

// owe counts what is due.
func (s *sums) owe(row Row) {
	due := Due{Severity: row.Severity, Days: s.days[row.Severity], Open: 1}
	if row.PastDue {
		due.PastDue = 1
	}
	owner := Owner{Name: row.Owner, Open: 1, PastDue: due.PastDue, Severities: Severities{row.Severity: 1}}
	s.owed[row.Severity] = s.owed[row.Severity].plus(due)
	s.owner(owner)
	owner.Name, owner.Title = string(row.Provider)+"/"+row.Account, row.AccountName
	s.accounts[owner.Name] = s.accounts[owner.Name].plus(owner)
}

// plus adds up two counts of one severity.
func (d Due) plus(o Due) Due {
	return Due{Severity: o.Severity, Days: o.Days, Open: d.Open + o.Open, PastDue: d.PastDue + o.PastDue}
}

// owner adds to what an owner has. Of owners beyond those that are told apart
// nothing is known.
func (s *sums) owner(more Owner) {
	known, ok := s.owners[more.Name]
	if ok || len(s.owners) < ownersKept || more.Name == "" {
		s.owners[more.Name] = known.plus(more)
	}
}

// plus adds up what one owner, or one account, has.
func (o Owner) plus(more Owner) Owner {
	more.Open, more.PastDue, more.Severities = o.Open+more.Open, o.PastDue+more.PastDue, o.Severities.plus(more.Severities)
	return more
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
func oldest(list []Row) []Row {
	slices.SortFunc(list, func(a, b Row) int { return cmp.Or(a.Since.Compare(b.Since), compareRows(a, b)) })
	return list[:min(len(list), shown)]
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
	s.open.merge(o.open)
	s.began.merge(o.began)
	s.ended.merge(o.ended)
	for severity, d := range o.owed {
		s.owed[severity] = s.owed[severity].plus(d)
	}
	for _, name := range sortedKeys(o.owners) {
		s.owner(o.owners[name])
	}
	for name, account := range o.accounts {
		s.accounts[name] = s.accounts[name].plus(account)
	}
	for rule, n := range o.rules {
		s.rules[rule] += n
	}
	for i, severities := range o.ages {
		s.ages[i] = s.ages[i].plus(severities)
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
