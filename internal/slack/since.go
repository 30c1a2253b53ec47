package slack

import (
	"time"

	"posture/internal/drift"
)

// day is a day as messages count it.
const day = 24 * time.Hour

// since says since when a resource fails, or how long it did. Runs see only
// what was at their time: between two of them it is not known when something
// changed.
func since(a drift.Alert, r drift.Resource) string {
	over := a.Reason != "" || a.Kind == drift.MassClosed
	switch {
	case r.FirstFail.IsZero():
		return ""
	case a.Kind == drift.Unstable && r.LastFail.Before(a.Time):
		return "passes again since " + near(a.Time, a.Time) + " UTC"
	case !over && r.PassedBefore():
		return "passed " + near(r.LastPass, a.Time) + ", failing since " + near(r.FirstFail, a.Time) + " UTC"
	case !over:
		return "failing since it was first seen, " + near(r.FirstFail, a.Time) + " UTC"
	default:
		return "failing since " + near(r.FirstFail, a.Time) + " UTC" + earlier(r) + ", " + ending(a) + open(r, a.Time)
	}
}

// ending says what the run saw instead of the failing.
func ending(a drift.Alert) string {
	switch a.Reason {
	case drift.ReasonFixed:
		return "passes since this run"
	case drift.ReasonDeleted:
		return "gone since this run"
	default:
		return "closed with this run"
	}
}

// earlier marks a failing that may have begun before anybody looked.
func earlier(r drift.Resource) string {
	if r.LastPass.IsZero() {
		return " or earlier"
	}
	return ""
}

// open says how long a failing that ended at a time was open, where anything
// can be said.
func open(r drift.Resource, end time.Time) string {
	if lasted := r.Lasted(end).String(); lasted != "" {
		return ": open for " + lasted
	}
	return ""
}
