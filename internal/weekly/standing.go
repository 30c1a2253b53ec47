package weekly

import (
	"maps"
	"slices"

	"posture/internal/drift"
	"posture/internal/posture"
)

// standing is what one run found, summed up over its targets. Its size depends
// on rules and resource types only.
type standing struct {
	rules     map[string]drift.Tally
	types     map[string]typeCount
	partial   map[string]bool // types with an incomplete listing
	coverage  drift.Coverage
	accepted  int // targets that could not be read, which an exemption accepts
	resources int
	listings  int
	listed    int
}

// typeCount is how many resources of a type there are.
type typeCount struct {
	n       int
	partial bool
}

func newStanding() *standing {
	return &standing{rules: map[string]drift.Tally{}, types: map[string]typeCount{}, partial: map[string]bool{}}
}

// add takes one target.
func (s *standing) add(st stage, summary drift.Summary) {
	s.coverage = s.coverage.Plus(summary.Coverage())
	if summary.Accepted.Live() {
		s.accepted++
	}
	s.resources += st.resources
	for _, tally := range summary.Rules {
		s.rules[tally.Rule] = plus(s.rules[tally.Rule], tally)
	}
	complete := map[string]bool{}
	for _, p := range st.in.Listed {
		s.listings++
		if p.Complete {
			s.listed++
		}
		known := s.types[p.Type]
		s.types[p.Type] = typeCount{known.n + p.Count, known.partial || !p.Complete}
		before, seen := complete[p.Type]
		complete[p.Type] = p.Complete && (before || !seen)
	}
	for _, rule := range st.in.Rules {
		if covers(st.in.Extent, rule.Type) && !complete[rule.Type] {
			s.partial[rule.Type] = true
		}
	}
}

// covers reports whether resources of a type are to be read.
func covers(scope drift.Extent, typ string) bool {
	return !scope.Removed && (len(scope.Types) == 0 || slices.Contains(scope.Types, typ))
}

// plus adds what two tallies of one rule counted.
func plus(a, b drift.Tally) drift.Tally {
	return drift.Tally{
		Rule: b.Rule, New: a.New || b.New, Pass: a.Pass + b.Pass, Fail: a.Fail + b.Fail, Exempted: a.Exempted + b.Exempted,
		Unknown: a.Unknown + b.Unknown, Carried: a.Carried + b.Carried, Baseline: a.Baseline + b.Baseline,
		ToFail: a.ToFail + b.ToFail, ToPass: a.ToPass + b.ToPass,
	}
}

// counts returns the findings of a rule. What no listing showed is unknown.
func counts(t drift.Tally) Counts {
	return Counts{Failing: t.Fail, Exempted: t.Exempted, Unknown: t.Unknown + t.Carried, Passing: t.Pass}
}

// findings returns how many findings there are.
func (s *standing) findings() Counts {
	var sum Counts
	for _, tally := range s.rules {
		sum = sum.plus(counts(tally))
	}
	return sum
}

func (c Counts) plus(o Counts) Counts {
	return Counts{c.Failing + o.Failing, c.Exempted + o.Exempted, c.Unknown + o.Unknown, c.Passing + o.Passing, c.NotApplicable + o.NotApplicable}
}

// verdict counts one rule by all its findings: one that fails decides, then
// what is not known, then what is accepted. A rule without findings passes
// nothing.
func verdict(t drift.Tally, partial bool) Counts {
	switch c := counts(t); {
	case c.Failing > 0:
		return Counts{Failing: 1}
	case c.Unknown > 0 || partial:
		return Counts{Unknown: 1}
	case c.Exempted > 0:
		return Counts{Exempted: 1}
	case c.Passing > 0:
		return Counts{Passing: 1}
	}
	return Counts{NotApplicable: 1}
}

// ruled is a rule in use with what it found.
type ruled struct {
	posture.Rule
	tally   drift.Tally
	verdict Counts
}

// ruled returns the rules of a look whose types are in scope, by id.
func (l *look) ruled() map[string]ruled {
	all := map[string]ruled{}
	for provider, rules := range l.rules {
		types := l.run.Types[provider]
		for id, rule := range rules {
			if len(types) > 0 && !slices.Contains(types, rule.Type) {
				continue
			}
			tally := l.standing.rules[id]
			tally.Rule = id
			all[id] = ruled{rule, tally, verdict(tally, l.standing.partial[rule.Type])}
		}
	}
	return all
}

// severities returns how many findings fail and are not exempted, by severity.
func (l *look) severities() Severities {
	sum := Severities{}
	for _, r := range l.ruled() {
		if r.tally.Fail > 0 {
			sum[r.Severity] += r.tally.Fail
		}
	}
	return sum
}

// join adds up the rules of several scopes.
func join(all ...map[string]ruled) map[string]ruled {
	sum := map[string]ruled{}
	for _, rules := range all {
		for id, r := range rules {
			if known, ok := sum[id]; ok {
				partial := known.verdict.Unknown+r.verdict.Unknown > 0
				r.tally = plus(known.tally, r.tally)
				r.verdict = verdict(r.tally, partial)
			}
			sum[id] = r
		}
	}
	return sum
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
