package weekly_test

import (
	"encoding/json"
	"testing"
	"time"

	"posture/internal/weekly"
)

func TestWeek(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ at, week, start string }{
		{"2026-11-16T00:00:00Z", "2026-W47", "2026-11-16"},
		{"2026-11-22T23:59:59Z", "2026-W47", "2026-11-16"},
		{"2026-11-23T00:00:00+02:00", "2026-W47", "2026-11-16"}, // still Sunday in UTC
		{"2027-01-03T12:00:00Z", "2026-W53", "2026-12-28"},
		{"2024-12-30T00:00:00Z", "2025-W01", "2024-12-30"},
		{"2023-01-01T00:00:00Z", "2022-W52", "2022-12-26"},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		if err != nil {
			t.Fatal(err)
		}
		w := weekly.Of(at)
		parsed, err := weekly.Parse(row.week)
		if w.String() != row.week || w.Start().Format(time.DateOnly) != row.start || parsed != w || err != nil {
			t.Errorf("%s: %s from %s, %v, want %s from %s", row.at, w, w.Start(), err, row.week, row.start)
		}
		if w.End().Sub(w.Start()) != 7*24*time.Hour || weekly.Of(w.End()).Before(1) != w {
			t.Errorf("%s ends %s", w, w.End())
		}
	}
	for _, text := range []string{"", "2026-47", "2026-W00", "2026-W54", "2025-W53", "2026-W7", "2026-W471", "x2026-W47", "last"} {
		if w, err := weekly.Parse(text); err == nil {
			t.Errorf("%q was taken as %s", text, w)
		}
	}
	var w weekly.Week
	if err := json.Unmarshal([]byte(`"2026-W99"`), &w); err == nil {
		t.Errorf("JSON took %s", w)
	}
}
