package drift

import (
	"strconv"
	"time"
)

// Range is a duration known only by its bounds: between two runs nobody
// looks.
type Range struct {
	Least time.Duration `json:"least_ns"`
	Most  time.Duration `json:"most_ns,omitempty"` // 0: there is no telling
}

// PassedBefore reports whether the resource was seen passing before it began
// to fail. One that was not may have failed for longer than anybody looked.
func (r Resource) PassedBefore() bool { return !r.LastPass.IsZero() && r.LastPass.Before(r.FirstFail) }

// Lasted returns how long a failing that ended at a time had lasted: at least
// from the first run that saw it to the last one, at most from the pass before
// it to its end. Alerts and the weekly page both say what it returns.
func (r Resource) Lasted(end time.Time) Range {
	lasted := Range{Least: max(0, r.LastFail.Sub(r.FirstFail))}
	if r.PassedBefore() {
		lasted.Most = end.Sub(r.LastPass)
	}
	return lasted
}

// String returns the range for people: "23 to 25 hours", "up to 2 days",
// "3 days or more"; "" when it says nothing. It never says that something took
// no time.
func (r Range) String() string {
	least, unit := lasting(r.Least)
	most, in := lasting(r.Most)
	switch {
	case r.Most < time.Minute && r.Least < time.Minute:
		return ""
	case r.Most == 0:
		return Span(r.Least) + " or more"
	case r.Least < time.Minute:
		return "up to " + Span(r.Most)
	case unit != in:
		return Span(r.Least) + " to " + Span(r.Most)
	case least != most:
		return strconv.Itoa(least) + " to " + plural(most, in)
	}
	return Span(r.Most)
}

// Span returns a duration for people, in the unit that says enough of it.
func Span(d time.Duration) string { return plural(lasting(d)) }

// lasting returns a time in the unit that says enough of it: 50 minutes, 24
// hours, 3 days. A minute or more is never none of its unit.
func lasting(d time.Duration) (n int, unit string) {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return int(d.Round(day) / day), "day"
	case d >= 2*time.Hour:
		return int(d.Round(time.Hour) / time.Hour), "hour"
	}
	return int(d / time.Minute), "minute"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
