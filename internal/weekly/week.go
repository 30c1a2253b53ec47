package weekly

import (
	"fmt"
	"time"
)

// Week is a week of the ISO calendar in UTC: from Monday to Sunday.
type Week struct {
	Year   int
	Number int
}

// days of a week.
const days = 7

// Of returns the week in which a time lies.
func Of(at time.Time) Week {
	year, number := at.UTC().ISOWeek()
	return Week{year, number}
}

// Parse reads a week as String writes it.
func Parse(text string) (Week, error) {
	var w Week
	if n, err := fmt.Sscanf(text, "%4d-W%2d", &w.Year, &w.Number); err != nil || n != 2 || w.String() != text || Of(w.Start()) != w {
		return Week{}, fmt.Errorf("week %.20q: expected a week such as 2026-W47", text)
	}
	return w, nil
}

// String returns the week as in 2026-W47.
func (w Week) String() string { return fmt.Sprintf("%04d-W%02d", w.Year, w.Number) }

// MarshalText is String.
func (w Week) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText is Parse.
func (w *Week) UnmarshalText(text []byte) (err error) {
	*w, err = Parse(string(text))
	return err
}

// Start returns the week's first moment.
func (w Week) Start() time.Time {
	inFirst := time.Date(w.Year, time.January, 4, 0, 0, 0, 0, time.UTC) // always lies in week 1
	monday := inFirst.AddDate(0, 0, -(int(inFirst.Weekday())+days-1)%days)
	return monday.AddDate(0, 0, days*(w.Number-1))
}

// End returns the first moment after the week.
func (w Week) End() time.Time { return w.Start().AddDate(0, 0, days) }

// Before returns the week that was n weeks before.
func (w Week) Before(n int) Week { return Of(w.Start().AddDate(0, 0, -days*n)) }
