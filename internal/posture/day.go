package posture

import (
	"fmt"
	"time"
)

// Day is a day in UTC, as people write it: "2026-01-31".
type Day string

// ParseDay reads a day.
func ParseDay(text string) (Day, error) {
	_, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "", fmt.Errorf("%.80q: expected a day such as 2026-01-31", text)
	}
	return Day(text), nil
}

// String returns the day as it was written.
func (d Day) String() string { return string(d) }

// Start returns when the day begins, or the zero time for what is no day.
func (d Day) Start() time.Time {
	start, _ := time.Parse(time.DateOnly, string(d)) // zero where it fails
	return start
}

// Over reports whether the day has ended at a time. It alone decides when an
// exemption, which holds through its last day, has expired. What is no day is
// over: nothing is accepted by mistake.
func (d Day) Over(at time.Time) bool { return !at.Before(d.Start().AddDate(0, 0, 1)) }
