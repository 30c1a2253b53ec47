package slack

import (
	"testing"
	"time"

	"posture/internal/drift"
)

// TestSince: how long something was open is a range, because runs see only
// what was at their time, and it is never "0 days".
func TestSince(t *testing.T) {
	now := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	ago := func(hours float64) time.Time { return now.Add(-time.Duration(hours * float64(time.Hour))) }
	for _, c := range []struct {
		reason                        drift.Reason
		lastPass, firstFail, lastFail time.Time
		want                          string
	}{
		{"", ago(24), now, now, "passed 21 Nov 06:00, failing since 22 Nov 06:00 UTC"},
		{"", time.Time{}, now, now, "failing since it was first seen, 22 Nov 06:00 UTC"},
		{drift.ReasonFixed, ago(48), ago(24), ago(24), "failing since 21 Nov 06:00 UTC, passes since this run: open for up to 2 days"},
		{drift.ReasonFixed, ago(25), ago(24), ago(1), "failing since 21 Nov 06:00 UTC, passes since this run: open for 23 to 25 hours"},
		{drift.ReasonFixed, ago(96), ago(72), ago(24), "failing since 19 Nov 06:00 UTC, passes since this run: open for 2 to 4 days"},
		{drift.ReasonFixed, ago(2400.1), ago(2400), ago(.1), "failing since 14 Aug 06:00 UTC, passes since this run: open for 100 days"},
		{drift.ReasonFixed, ago(1), ago(.5), ago(.5), "failing since 22 Nov 05:30 UTC, passes since this run: open for up to 60 minutes"},
		{drift.ReasonFixed, time.Time{}, ago(24), ago(24), "failing since 21 Nov 06:00 UTC or earlier, passes since this run"},
		{drift.ReasonDeleted, time.Time{}, ago(72), ago(24), "failing since 19 Nov 06:00 UTC or earlier, gone since this run: open for 2 days or more"},
		{drift.ReasonRuleChanged, ago(24), ago(72), ago(48), "failing since 19 Nov 06:00 UTC, closed with this run: open for 24 hours or more"},
		{drift.ReasonFixed, ago(24), ago(2), ago(2), "failing since 22 Nov 04:00 UTC, passes since this run: open for up to 24 hours"},
		{drift.ReasonFixed, ago(2), ago(1), ago(1), "failing since 22 Nov 05:00 UTC, passes since this run: open for up to 2 hours"},
		{drift.ReasonFixed, ago(1.99), ago(1), ago(1), "failing since 22 Nov 05:00 UTC, passes since this run: open for up to 119 minutes"},
		{drift.ReasonFixed, ago(48), ago(47), ago(47), "failing since 20 Nov 07:00 UTC, passes since this run: open for up to 2 days"},
		{drift.ReasonFixed, ago(47), ago(46), ago(46), "failing since 20 Nov 08:00 UTC, passes since this run: open for up to 47 hours"},
		{drift.ReasonFixed, ago(3), ago(1), ago(1).Add(time.Minute), "failing since 22 Nov 05:00 UTC, passes since this run: open for 1 minute to 3 hours"},
		{drift.ReasonFixed, ago(3), ago(1), ago(1).Add(time.Minute - 1), "failing since 22 Nov 05:00 UTC, passes since this run: open for up to 3 hours"},
		{drift.ReasonFixed, now.Add(-time.Minute), now.Add(-time.Second), now.Add(-time.Second), "failing since 22 Nov 05:59 UTC, passes since this run: open for up to 1 minute"},
		{drift.ReasonFixed, now.Add(1 - time.Minute), now.Add(-time.Second), now.Add(-time.Second), "failing since 22 Nov 05:59 UTC, passes since this run"},
		{drift.ReasonFixed, ago(24), ago(24), ago(23), "failing since 21 Nov 06:00 UTC, passes since this run: open for 60 minutes or more"},
		{drift.ReasonFixed, time.Time{}, now, now, "failing since 22 Nov 06:00 UTC or earlier, passes since this run"},
		{drift.ReasonFixed, time.Time{}, time.Time{}, time.Time{}, ""},
	} {
		got := since(drift.Alert{Reason: c.reason, Time: now}, drift.Resource{LastPass: c.lastPass, FirstFail: c.firstFail, LastFail: c.lastFail})
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
