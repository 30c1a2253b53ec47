package drift

import (
	"cmp"
	"maps"
	"slices"

	"posture/internal/posture"
)

// Summary counts what one comparison saw. Its size depends on the number of
// rules, not of findings.
type Summary struct {
	Target    posture.Target
	First     bool               // no run before this one has read anything of the target
	Base      Base               // to store with the notified lines
	Failure   *posture.Cause     // why nothing of the target was read
	Accepted  *posture.Exemption // of Failure, live or expired; nil for none
	Rules     []Tally            // by rule id
	Problems  []Problem          // by cause, without accounts
	Criticals []Resource         // the first ones, at most CriticalsNamed, of those that baselines count
}

// CriticalsNamed is how many critical findings of first runs are named.
const CriticalsNamed = 5

// Tally counts the findings of one rule.
type Tally struct {
	Rule     string
	New      bool // the rule has not judged the target before
	Pass     int
	Fail     int // without those exempted
	Exempted int // failing under a live exemption
	Unknown  int
	Carried  int // remembered, or expected, but shown by no listing
	Accepted int // of Unknown and Carried: those that are accepted as unread
	Baseline int // of Fail: first read by the first run of the target or the region
	ToFail   int // of Fail: because the rule is new or changed
	ToPass   int // of Pass: because the rule changed
}

// Judged returns how many findings of the rule the run has.
func (t Tally) Judged() int { return t.Pass + t.Fail + t.Exempted + t.Unknown }

// Coverage returns what the run read of what it should have read.
func (s Summary) Coverage() Coverage {
	var c Coverage
	for _, t := range s.Rules {
		read := t.Pass + t.Fail + t.Exempted
		c.Read += read
		c.Total += read + t.Unknown + t.Carried
		c.Accepted += t.Accepted
	}
	return c
}

// causeLimit bounds how many different causes are told apart. Codes come from
// the providers' APIs, so there are few, unless something is badly wrong.
const causeLimit = 1000

// problems counts findings by what made them unknown.
type problems map[posture.Cause]int

// add counts n findings. Causes beyond causeLimit are counted by reason only.
func (p problems) add(cause posture.Cause, n int) {
	if _, ok := p[cause]; !ok && len(p) >= causeLimit {
		cause = posture.Cause{Reason: cause.Reason}
	}
	p[cause] += n
}

// addAll counts one finding once for each different cause.
func (p problems) addAll(unread []posture.Unread) {
	for i, u := range unread {
		same := func(earlier posture.Unread) bool { return earlier.Cause == u.Cause }
		if !slices.ContainsFunc(unread[:i], same) {
			p.add(u.Cause, 1)
		}
	}
}

// list returns the problems with their acceptance, those with the most findings
// first.
func (p problems) list(accepted func(posture.Cause) *posture.Exemption) []Problem {
	var list []Problem
	for cause, n := range p {
		list = append(list, Problem{Cause: cause, Count: n, Exemption: accepted(cause)})
	}
	slices.SortFunc(list, compareProblems)
	return list
}

// compareProblems orders problems by count, then by cause.
func compareProblems(a, b Problem) int {
	return cmp.Or(
		cmp.Compare(b.Count, a.Count),
		cmp.Compare(a.Cause.Operation, b.Cause.Operation),
		cmp.Compare(a.Cause.Reason, b.Cause.Reason),
		cmp.Compare(a.Cause.Code, b.Cause.Code),
		cmp.Compare(a.Cause.Permission, b.Cause.Permission),
		cmp.Compare(a.Cause.Field, b.Cause.Field),
	)
}

// sorted returns the values in the order of their keys.
func sorted[V any](m map[string]V) []V {
	list := make([]V, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[key])
	}
	return list
}
