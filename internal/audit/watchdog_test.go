package audit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store/storetest"
)

// watched lets the watchdog look, at the clock's time, and checks what it
// tells.
func (s *site) watched(t *testing.T, want ...string) audit.Series {
	t.Helper()
	watch, err := s.process(s.disk).Watchdog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.slack.told()); diff != "" {
		t.Errorf("told at %s (-want +got):\n%s", s.clock.now(), diff)
	}
	if slices.Contains(want, missed) && watch.Series[0].Missed == nil {
		t.Errorf("at %s: missed %+v", s.clock.now(), watch.Series[0].Missed)
	}
	return watch.Series[0]
}

const missed = "run-missed 0"

func TestWatchdog(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.config.Slack.Operator = "COPS"
	s.watched(t) // a new installation has time for its first run
	s.clock.advance(48*time.Hour - time.Second)
	s.watched(t)
	s.clock.advance(time.Second)
	if watch := s.watched(t, missed); watch.Last != "" || watch.Missed.Run != "" || watch.Age != 48*time.Hour {
		t.Errorf("no run ever: %+v", watch)
	}
	s.slot = s.clock.now()
	done := s.run(t) // moves on a day
	s.slack.told()
	if watch := s.watched(t); watch.Last != done.Run.ID || watch.Missed != nil || watch.Age != 24*time.Hour {
		t.Errorf("a run a day ago: %+v", watch)
	}
	s.clock.advance(25 * time.Hour)
	s.watched(t, missed)
	if watch := s.watched(t); watch.Missed == nil || watch.Missed.Run != done.Run.ID || !watch.Missed.Since.Equal(done.Run.Slot) {
		t.Errorf("looked again: %+v", watch.Missed)
	}
	s.clock.advance(46 * time.Hour)
	s.watched(t)
	s.clock.advance(2 * time.Hour)
	s.watched(t, missed) // two more periods have gone by
	s.slot = s.clock.now()
	s.run(t)
	s.slack.told()
	if watch := s.watched(t); watch.Missed != nil {
		t.Errorf("a run again: %+v", watch.Missed)
	}
}

// TestWatchdogCounts holds which runs count as completed.
func TestWatchdogCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(t *testing.T, s *site)
		last posture.RunID
	}{
		"failed": {func(t *testing.T, s *site) {
			s.cloud.change("1", func(a *account) { a.refused = &denied })
			s.run(t)
		}, "20250106T010000Z-aws"},
		"narrowed": {func(t *testing.T, s *site) {
			a := s.process(s.disk)
			a.Narrowed = true
			if _, err := s.try(a); err != nil {
				t.Fatal(err)
			}
		}, "20250106T010000Z-aws"},
		"not published": {func(t *testing.T, s *site) { s.planned(t, "1") }, "20250106T010000Z-aws"},
		"completed":     {func(t *testing.T, s *site) { s.run(t) }, "20250107T010000Z-aws"},
		"an older run late": {func(t *testing.T, s *site) {
			s.run(t)
			s.slot = first.Add(12 * time.Hour)
			s.run(t)
		}, "20250107T010000Z-aws"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(loadPolicy(t), "1")
			s.run(t)
			c.do(t, s)
			s.clock.at = first.Add(200 * time.Hour)
			watch, err := s.process(s.disk).Watchdog(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if seen := watch.Series[0]; seen.Last != c.last || seen.Missed == nil {
				t.Errorf("last %q, want %q; missed %v", seen.Last, c.last, seen.Missed)
			}
		})
	}
}

// TestWatchdogSeries holds that runs of one scope do not hide that those of
// another stopped, or never came.
func TestWatchdogSeries(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	look := func(want map[string]posture.RunID) {
		t.Helper()
		a := s.process(s.disk)
		a.Expected = []string{"aws", "gcp"}
		s.slack.told()
		watch, err := a.Watchdog(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]posture.RunID{}
		for _, series := range watch.Missing() {
			got[series.Scope] = series.Last
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("missing at %s (-want +got):\n%s", s.clock.now(), diff)
		}
		if told := s.slack.told(); len(told) != len(want) {
			t.Errorf("told at %s: %v", s.clock.now(), told)
		}
	}
	run := func(scope string) posture.RunID {
		t.Helper()
		published, err := s.cover(s.process(s.disk), scope)
		if err != nil {
			t.Fatal(err)
		}
		return published.Run.ID
	}
	look(map[string]posture.RunID{})
	run("aws")
	s.next()
	run("aws")
	s.next()
	look(map[string]posture.RunID{"gcp": ""})
	last := run("aws")
	run("gcp")
	look(map[string]posture.RunID{})
	s.next()
	run("gcp")
	s.next()
	run("gcp")
	look(map[string]posture.RunID{"aws": last})
}

// TestWatchdogWithoutSlack holds that what it saw is known also when Slack
// and the queue are of no use.
func TestWatchdogWithoutSlack(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.watched(t)
	s.clock.advance(50 * time.Hour)
	s.slack.answer = func() (bool, error) {
		return false, &outbox.Refusal{Kind: outbox.Credential, Code: "invalid_auth"}
	}
	watch, err := s.process(s.disk).Watchdog(t.Context())
	if err != nil || len(watch.Missing()) != 1 || len(watch.Delivery.Alarms) != 1 {
		t.Errorf("secret refused: %+v, %v", watch, err)
	}
}

// TestWatchdogFinishes lets a process die after its publication counts and
// before anything of it is in the queue.
func TestWatchdogFinishes(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.run(t)
	s.slack.told()
	s.cloud.put("1", "arn:bucket:main", bad)
	s.slack.answer = nil
	run := s.planned(t, "1")
	for calls := 1; ; calls++ {
		_, err := s.dying(calls).Publish(t.Context(), run.ID)
		if err == nil {
			t.Fatal("it never died in between")
		}
		if !errors.Is(err, storetest.ErrCrash) {
			t.Fatal(err)
		}
		if pending(t, s) {
			break
		}
	}
	s.watched(t, mainRegressed)
	if pending(t, s) {
		t.Error("still pending")
	}
	s.expect(t)
}

// pending reports whether a publication is not finished.
func pending(t *testing.T, s *site) bool {
	t.Helper()
	return s.holds(t, "state/told.json", `"pending"`)
}

// TestMissedAlertIsTheSame holds that there is one alert after one window, two and
// four, and none after three.
func TestMissedAlertIsTheSame(t *testing.T) {
	t.Parallel()
	m := drift.Missed{Run: "20250106T010000Z-aws", Since: first, Period: time.Hour}
	keys := map[string]int{}
	for minutes := 0; minutes < 12*60; minutes++ {
		alert, due := drift.MissedAlert(m, first.Add(time.Duration(minutes)*time.Minute))
		if due != (minutes >= 120) {
			t.Fatalf("after %d minutes: due %v", minutes, due)
		}
		if due {
			keys[alert.Key]++
		}
	}
	want := []int{120, 240, 240}
	var got []int
	for _, n := range keys {
		got = append(got, n)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alerts by window: %s", diff)
	}
}

// TestBrokenIndex holds that nothing is told while nobody knows what was.
func TestBrokenIndex(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.run(t)
	s.damage(t, "state/told.json")
	_, err := s.try(s.process(s.disk))
	if !errors.Is(err, snapshot.ErrCorrupt) {
		t.Errorf("published with a broken index: %v", err)
	}
	if _, err := s.process(s.disk).Watchdog(context.Background()); !errors.Is(err, snapshot.ErrCorrupt) {
		t.Errorf("watched with a broken index: %v", err)
	}
}
