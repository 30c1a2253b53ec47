package posture_test

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestDay(t *testing.T) {
	for text, good := range map[string]bool{
		"2026-01-31": true, "2028-02-29": true,
		"2026-02-29": false, "2026-1-31": false, "31.01.2026": false, "2026-01-31T00:00:00Z": false, "": false,
	} {
		if day, err := posture.ParseDay(text); good != (err == nil) || good && day.String() != text || !good && day != "" {
			t.Errorf("%q: %q, %v; want it good: %t", text, day, err, good)
		}
	}
}

// TestDayOver holds the second at which a day ends, wherever a clock is.
func TestDayOver(t *testing.T) {
	east, west := time.FixedZone("east", 9*3600), time.FixedZone("west", -9*3600)
	for _, c := range []struct {
		day  posture.Day
		at   time.Time
		over bool
	}{
		{"2026-01-31", time.Date(2026, 1, 30, 12, 0, 0, 0, time.UTC), false},
		{"2026-01-31", time.Date(2026, 1, 31, 23, 59, 59, 999, time.UTC), false},
		{"2026-01-31", time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), true},
		{"2026-01-31", time.Date(2026, 2, 1, 8, 59, 0, 0, east), false},
		{"2026-01-31", time.Date(2026, 1, 31, 15, 0, 0, 0, west), true},
		{"9999-12-31", time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), false},
		{"", time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), true},
		{"2026-1-5", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"soon", time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), true},
	} {
		if over := c.day.Over(c.at); over != c.over {
			t.Errorf("%q is over at %s: %t, want %t", c.day, c.at, over, c.over)
		}
	}
}
