package drift_test

import (
	"testing"
	"time"

	"posture/internal/drift"
)

func TestRange(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	for _, row := range []struct {
		least, most time.Duration
		want        string
	}{
		{0, 0, ""},
		{time.Second, 0, ""},
		{0, time.Minute - 1, ""},
		{0, day, "up to 24 hours"},
		{0, 6 * hour, "up to 6 hours"},
		{0, 5 * time.Minute, "up to 5 minutes"},
		{day, 0, "24 hours or more"},
		{204 * day, 0, "204 days or more"},
		{6 * hour, 12 * hour, "6 to 12 hours"},
		{day, 3 * day, "24 hours to 3 days"},
		{30 * day, 30*day + hour, "30 days"},
		{0, time.Minute, "up to 1 minute"},
		{time.Minute, 0, "1 minute or more"},
		{time.Minute, 2 * time.Minute, "1 to 2 minutes"},
		{0, 2*hour - 1, "up to 119 minutes"},
		{0, 2 * hour, "up to 2 hours"},
		{0, 2 * day, "up to 2 days"},
	} {
		if got := (drift.Range{Least: row.least, Most: row.most}).String(); got != row.want {
			t.Errorf("%s to %s: %q, want %q", row.least, row.most, got, row.want)
		}
	}
}
