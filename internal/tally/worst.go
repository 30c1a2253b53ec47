package tally

import (
	"cmp"
	"slices"

	"posture/internal/posture"
)

// ranked is a finding with the rank of its severity.
type ranked struct {
	rank int
	posture.Finding
}

func compare(a, b ranked) int {
	return cmp.Or(
		cmp.Compare(a.rank, b.rank), cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// worst keeps the first findings of a great number of them.
type worst struct {
	keep     int
	findings []ranked // at most twice as many as are kept
	full     bool     // the last one that is kept is known
	last     ranked
}

// add takes a finding, unless there are enough worse ones.
func (w *worst) add(finding ranked) {
	if w.keep == 0 || w.full && compare(finding, w.last) > 0 {
		return
	}
	if w.findings = append(w.findings, finding); len(w.findings) >= 2*w.keep {
		w.cut()
	}
}

// cut forgets those that are not kept.
func (w *worst) cut() {
	slices.SortFunc(w.findings, compare)
	if len(w.findings) <= w.keep {
		return
	}
	clear(w.findings[w.keep:])
	w.findings = w.findings[:w.keep]
	w.full, w.last = true, w.findings[w.keep-1]
}
