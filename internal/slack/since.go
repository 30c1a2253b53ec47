package slack

import (
	"strconv"
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
	case !over && passedBefore(r):
		return "passed " + near(r.LastPass, a.Time) + ", failing since " + near(r.FirstFail, a.Time) + " UTC"
	case !over:
		return "failing since it was first seen, " + near(r.FirstFail, a.Time) + " UTC"
	default:
		return "failing since " + near(r.FirstFail, a.Time) + " UTC, " + ending(a) + open(r, a.Time)
	}
}

// passedBefore reports whether the resource was seen passing before it began
// to fail.
func passedBefore(r drift.Resource) bool {
	return !r.LastPass.IsZero() && r.LastPass.Before(r.FirstFail)
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

// open says how long a failing that ended at a time was open: at least from
// the first to the last run that saw it, at most from the pass before to that
// time. What was never seen passing is counted from when it was first read.
func open(r drift.Resource, end time.Time) string {
	least, begin := r.LastFail.Sub(r.FirstFail), r.FirstFail
	if passedBefore(r) {
		begin = r.LastPass
	}
	most := end.Sub(begin)
	n, unit := lasting(least)
	m, in := lasting(most)
	switch {
	case most < time.Minute:
		return "" // nothing that could be said
	case least < time.Minute:
		return ": open for up to " + plural(m, in)
	case unit != in:
		return ": open for " + plural(n, unit) + " to " + plural(m, in)
	case n != m:
		return ": open for " + strconv.Itoa(n) + " to " + plural(m, in)
	default:
		return ": open for " + plural(m, in)
	}
}

// lasting returns a time in the unit that says enough of it: 50 minutes, 24
// hours, 3 days. A minute or more is never none of its unit.
func lasting(d time.Duration) (n int, unit string) {
	switch {
	case d >= 2*day:
		return int(d.Round(day) / day), "day"
	case d >= 2*time.Hour:
		return int(d.Round(time.Hour) / time.Hour), "hour"
	default:
		return int(d / time.Minute), "minute"
	}
}
