package engine

import (
	"testing"
	"time"
)

func TestReadTime(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	i := &Inventory{options: Options{Now: func() time.Time { return now }}}
	for began, want := range map[time.Time]time.Time{
		now:                           now.Add(-clockSkew),
		now.Add(-time.Hour):           now.Add(-time.Hour - clockSkew),
		now.Add(time.Minute):          now.Add(-clockSkew),
		now.Add(-40 * 24 * time.Hour): now.Add(-kept),
	} {
		if got := i.readTime(began); !got.Equal(want) {
			t.Errorf("began %v: read as of %v, want %v", began, got, want)
		}
	}
}
