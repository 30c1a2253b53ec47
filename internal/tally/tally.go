// Package tally counts findings by what came of them, and keeps the worst of
// those that fail. Its memory does not grow with the number of findings. Begin
// with New.
package tally

import (
	"maps"
	"slices"

	"posture/internal/posture"
)

// Tally is how many findings there are of what.
type Tally struct {
	Statuses map[posture.Status]int
	Exempted int                      // of those that fail
	Accepted int                      // of those that are unknown: it is accepted that they are
	Failing  map[posture.Severity]int // without those exempted
	Unknown  map[posture.Severity]int // without those accepted
	Causes   map[string]int           // unknown findings by cause

	worst worst
}

// New returns a tally without findings, which keeps at most so many of the
// failing ones.
func New(keep int) *Tally {
	return &Tally{
		Statuses: map[posture.Status]int{}, Failing: map[posture.Severity]int{}, Unknown: map[posture.Severity]int{},
		Causes: map[string]int{}, worst: worst{keep: keep},
	}
}

// Add counts a finding of a rule with this severity.
func (t *Tally) Add(finding posture.Finding, severity posture.Severity) {
	t.Statuses[finding.Status]++
	switch finding.Status {
	case posture.Unknown:
		if finding.Exemption.Live() {
			t.Accepted++
		} else {
			t.Unknown[severity]++
		}
		t.addCauses(finding.Unknown)
	case posture.Fail:
		if finding.Exemption.Live() {
			t.Exempted++
		} else {
			t.Failing[severity]++
		}
		t.worst.add(ranked{severity.Rank(), finding})
	}
}

// causeLimit bounds how many different causes are told apart. Codes come from
// the providers' APIs, so there are few, unless something is badly wrong.
const causeLimit = 1000

// addCauses counts one finding once for each different cause.
func (t *Tally) addCauses(unread []posture.Unread) {
	var counted []string
	for _, u := range unread {
		if cause := u.Cause.String(); !slices.Contains(counted, cause) {
			counted = append(counted, cause)
			t.addCause(cause, posture.Cause{Reason: u.Cause.Reason}.String(), 1)
		}
	}
}

// addCause counts findings by their cause, or by less of it where there are too
// many causes.
func (t *Tally) addCause(cause, less string, n int) {
	if _, known := t.Causes[cause]; !known && len(t.Causes) >= causeLimit {
		cause = less
	}
	t.Causes[cause] += n
}

// Merge adds what another tally counted, which is not to be used any more.
func (t *Tally) Merge(other *Tally) {
	add(t.Statuses, other.Statuses)
	add(t.Failing, other.Failing)
	add(t.Unknown, other.Unknown)
	t.Exempted += other.Exempted
	t.Accepted += other.Accepted
	for _, cause := range slices.Sorted(maps.Keys(other.Causes)) {
		t.addCause(cause, "other reasons", other.Causes[cause])
	}
	for _, finding := range other.worst.findings {
		t.worst.add(finding)
	}
}

func add[K comparable](to, from map[K]int) {
	for key, n := range from {
		to[key] += n
	}
}

// Worst returns the worst of the failing findings: by severity, rule and
// resource, and those that are exempted among them.
func (t *Tally) Worst() []posture.Finding {
	t.worst.cut()
	var findings []posture.Finding
	for _, one := range t.worst.findings {
		findings = append(findings, one.Finding)
	}
	return findings
}
