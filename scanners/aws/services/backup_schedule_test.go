package services

import (
	"errors"
	"testing"
	"time"
)

func TestScheduleHours(t *testing.T) {
	for expression, want := range map[string]int{
		"":                           24,
		"rate(12 hours)":             12,
		"rate(1 day)":                24,
		"rate(90 minutes)":           2,
		"cron(0 5 ? * * *)":          24,
		"cron(0 5,17 * * ? *)":       12,
		"cron(0/30 * * * ? *)":       1,
		"cron(* * * * ? *)":          1,
		"cron(15 0/6 ? * * *)":       6,
		"cron(0 5 ? * 1 *)":          168,
		"cron(0 5 ? * SUN *)":        168,
		"cron(0 5 ? * MON-FRI *)":    72,
		"cron(0 5 1 * ? *)":          31 * 24,
		"cron(0 5 1 JAN,jul ? *)":    184 * 24,
		"cron(0 5 L * ? *)":          31 * 24,
		"cron(0 5 ? * 6L *)":         35 * 24,
		"cron(0 5 ? * 6#3 *)":        35 * 24,
		"cron(0 5 1 1 ? 2027)":       (4*365 + 1) * 24,
		"cron(0 5 ? * 2,4,6 2026-9)": 0,
	} {
		_, got, err := newSchedule(expression, "")
		if want == 0 {
			if err == nil {
				t.Errorf("%s: %d hours, want an error", expression, got)
			}
		} else if got != want || err != nil {
			t.Errorf("%s: %d hours, %v; want %d", expression, got, err, want)
		}
	}
	for _, expression := range []string{
		"daily", "rate(0 days)", "rate(x days)", "rate(1 year)", "cron(0 5 * *)", "cron(0 25 ? * * *)", "cron(a 5 ? * * *)",
		"cron(0 5 ? * FRI-MON *)", "cron(0/0 5 ? * * *)", "cron(0 5 ? * * *", "rate(99999999999999999999 days)", "cron(0 5 ? * * 2020)",
	} {
		if _, got, err := newSchedule(expression, ""); err == nil {
			t.Errorf("%s: %d hours, want an error", expression, got)
		}
	}
}

func FuzzScheduleHours(f *testing.F) {
	f.Add("cron(0/15 5-9 ? JAN,DEC MON#2 *)")
	f.Add("rate(5 days)")
	f.Fuzz(func(t *testing.T, expression string) {
		if _, hours, err := newSchedule(expression, ""); err == nil && hours < 1 {
			t.Errorf("%q waits %d hours", expression, hours)
		}
	})
}

// TestLastRun: the run that was last due, in the schedule's own time zone, over
// changes of the clock too.
func TestLastRun(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, test := range []struct{ expression, zone, before, want string }{
		{"cron(0 5 ? * * *)", "", "2026-03-10 12:00", "2026-03-10 05:00"},
		{"cron(0 5 ? * * *)", "", "2026-03-10 04:59", "2026-03-09 05:00"},
		{"cron(0 5 ? * * *)", "", "2026-03-10 05:00", "2026-03-10 05:00"},
		{"", "", "2026-03-10 12:00", "2026-03-10 05:00"},
		{"cron(0 5 ? * MON-FRI *)", "", "2026-03-08 12:00", "2026-03-06 05:00"},
		{"cron(0 5 1 * ? *)", "", "2026-03-01 04:00", "2026-02-01 05:00"},
		{"cron(0 5 1 1 ? *)", "", "2026-03-01 04:00", "2026-01-01 05:00"},
		{"cron(0 5 1 1 ? *)", "", "2026-12-15 12:00", "2026-01-01 05:00"},
		{"cron(0/15 * * * ? *)", "", "2026-03-10 12:14", "2026-03-10 12:00"},
		{"cron(0 5 ? * * *)", "Etc/UTC", "2026-03-10 12:00", "2026-03-10 05:00"},
		{"cron(0 5 ? * * *)", "Europe/Berlin", "2026-03-28 12:00", "2026-03-28 04:00"},
		{"cron(0 5 ? * * *)", "Europe/Berlin", "2026-03-29 12:00", "2026-03-29 03:00"},
		{"cron(0 5 ? * SUN *)", "Pacific/Auckland", "2026-03-07 17:00", "2026-03-07 16:00"},
		{"rate(12 hours)", "", "2026-03-10 12:00", "2026-03-10 00:00"},
		{"cron(0 5 1 1 ? 2099)", "", "2026-03-10 12:00", ""},
	} {
		s, _, err := newSchedule(test.expression, test.zone)
		if err != nil && test.want != "" {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got, err := s.lastRun(at(test.before))
		if err != nil {
			t.Errorf("%s in %q: %v", test.expression, test.zone, err)
		}
		if want := test.want; want == "" && !got.IsZero() || want != "" && !got.Equal(at(want)) {
			t.Errorf("%s in %q before %s: %s, want %s", test.expression, test.zone, test.before, got, want)
		}
	}
	s, hours, err := newSchedule("cron(0 5 ? * * *)", "Mars/Olympus")
	if hours != 24 || err != nil {
		t.Errorf("the wait is known without the time zone: %d hours, %v", hours, err)
	}
	if _, err := s.lastRun(time.Now()); !errors.Is(err, errTimeZone) {
		t.Errorf("a time zone that nobody knows: %v", err)
	}
}
