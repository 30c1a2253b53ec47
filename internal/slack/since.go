package slack

import (
	"time"

	"posture/internal/drift"
)

// since says since when a resource fails, or how long it did. Runs see only
// what was at their time: between two of them it is not known when something
// changed.
func since(a drift.Alert, r drift.Resource) string {
	over := a.Reason != "" || a.Kind == drift.MassClosed
	switch {
	case r.FirstFail.IsZero():
		return ""
	case (a.Kind == drift.Unstable || a.Kind == drift.MassUnstable) && r.LastFail.IsZero():
		return "passes now"
	case a.Kind == drift.Unstable, a.Kind == drift.MassUnstable:
		return "last failing " + near(r.LastFail, a.Time) + ", passes now"
	case !over && r.PassedBefore():
		return "passed " + near(r.LastPass, a.Time) + ", failing since " + near(r.FirstFail, a.Time) + " UTC"
	case !over:
		return "failing since it was first seen, " + near(r.FirstFail, a.Time) + " UTC"
	default:
		return "failing since " + near(r.FirstFail, a.Time) + " UTC" + earlier(r) + ", " + ending(a) + openFor(r, a.Time)
	}
}

// ending says what the run saw instead of the failing.
func ending(a drift.Alert) string {
	switch {
	case a.Reason == drift.ReasonFixed, a.Kind == drift.MassClosed && a.End() == drift.Resolved:
		return "passes since this run"
	case a.Reason == drift.ReasonDeleted, a.Kind == drift.MassClosed && a.End() == drift.Deleted:
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

// openFor says how long a failing that ended at a time was open, where anything
// can be said.
func openFor(r drift.Resource, end time.Time) string {
	if lasted := r.Lasted(end).String(); lasted != "" {
		return ": open for " + lasted
	}
	return ""
}
