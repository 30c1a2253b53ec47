package audit_test

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/outbox"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// sleepy is what a process sees of the store that falls asleep once, before
// one of its calls, while others go on.
type sleepy struct {
	store.Store
	left  atomic.Int64 // calls until it sleeps
	sleep func()
}

func newSleepy(s store.Store, calls int, sleep func()) *sleepy {
	asleep := &sleepy{Store: s, sleep: sleep}
	asleep.left.Store(int64(calls))
	return asleep
}

func (s *sleepy) call() {
	if s.left.Add(-1) == 0 {
		s.sleep()
	}
}

func (s *sleepy) Get(ctx context.Context, key string) (store.Object, error) {
	s.call()
	return s.Store.Get(ctx, key)
}

func (s *sleepy) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	s.call()
	return s.Store.PutIfAbsent(ctx, key, body)
}

func (s *sleepy) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	s.call()
	return s.Store.PutIfMatch(ctx, key, version, body)
}

func (s *sleepy) Delete(ctx context.Context, key string) error {
	s.call()
	return s.Store.Delete(ctx, key)
}

func (s *sleepy) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	s.call()
	return s.Store.List(ctx, prefix)
}

// meanwhiles is what may happen while a process sleeps.
var meanwhiles = map[string]func(t *testing.T, s *site){
	"the same run": func(t *testing.T, s *site) {
		slot := s.slot
		s.run(t)
		s.slot = slot
	},
	"the same run and the next": func(t *testing.T, s *site) {
		slot := s.slot
		s.run(t)
		s.cloud.put("1", "arn:bucket:main", bad)
		s.run(t)
		s.slot = slot
	},
	"only the next run": func(t *testing.T, s *site) {
		slot := s.slot
		s.next()
		s.cloud.put("1", "arn:bucket:main", bad)
		s.run(t)
		s.slot = slot
	},
	"the next run and the watchdog": func(t *testing.T, s *site) {
		slot := s.slot
		s.next()
		s.run(t)
		if _, err := s.process(s.disk).Watchdog(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.slot = slot
	},
}

// TestZombieAtEveryCall lets the process of a run fall asleep before every
// single call of the store in turn, and go on hours later, when others have
// published.
func TestZombieAtEveryCall(t *testing.T) {
	t.Parallel()
	before := prepared(t)
	for name, meanwhile := range meanwhiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for calls, slept := 1, true; slept; calls += stride() {
				slept = sleepOnce(t, before.fork(t), calls, meanwhile)
			}
		})
	}
}

// sleepOnce reports whether the process fell asleep.
func sleepOnce(t *testing.T, s *site, calls int, meanwhile func(*testing.T, *site)) (slept bool) {
	t.Helper()
	zombie := s.process(newSleepy(s.disk, calls, func() {
		slept = true
		meanwhile(t, s)
	}))
	if _, err := s.try(zombie); err != nil {
		t.Fatalf("asleep before call %d: %v", calls, err)
	}
	s.slot = s.clock.now().Add(24 * time.Hour)
	s.clock.advance(24 * time.Hour)
	last := s.run(t)
	s.believed(t, last.Run.ID)
	s.emptied(t)
	s.sound(t)
	if t.Failed() {
		t.Fatalf("asleep before call %d", calls)
	}
	return slept
}

// dated is a store whose objects have the times of the test's clock.
type dated struct {
	store.Store
	clock *clock
	times map[string]time.Time
}

func (d *dated) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	version, err := d.Store.PutIfAbsent(ctx, key, body)
	if err == nil {
		d.times[key] = d.clock.now()
	}
	return version, err
}

func (d *dated) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range d.Store.List(ctx, prefix) {
			entry.Modified = d.times[entry.Key]
			if !yield(entry, err) {
				return
			}
		}
	}
}

// TestSweep holds that files of what people were told do not pile up, that
// those of attempts that died go too, and that no other file does.
func TestSweep(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.disk = &dated{s.disk, s.clock, map[string]time.Time{}}
	orphan := snapshot.NotifiedKey(s.cloud.accounts["1"].target, "20250101T000000Z-aws", "dead")
	if _, err := s.disk.PutIfAbsent(t.Context(), orphan, []byte("x")); err != nil {
		t.Fatal(err)
	}
	s.next()
	for range 4 {
		s.run(t)
		var kept []string
		for entry, err := range s.disk.List(t.Context(), "state/") {
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, entry.Key)
		}
		if len(kept) != 5 { // latest, told, one for each account, the publication
			t.Errorf("after the run of %s: %v", s.slot, kept)
		}
	}
	s.sound(t)
}

// TestSweepLeavesWhatIsUnderWay holds that a file that somebody has just
// written, and that the index does not name yet, stays.
func TestSweepLeavesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1")
	s.disk = &dated{s.disk, s.clock, map[string]time.Time{}}
	s.run(t)
	fresh := snapshot.NotifiedKey(s.cloud.accounts["1"].target, "20250201T000000Z-aws", "alive")
	if _, err := s.disk.PutIfAbsent(t.Context(), fresh, []byte("x")); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	if !s.holds(t, fresh, "x") {
		t.Error("it is gone")
	}
}

// TestDuplicatesStoreTheSame lets two processes do everything for one slot, one
// step of the one after one step of the other, with other settings in between.
func TestDuplicatesStoreTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(loadPolicy(t), "1", "2")
	s.disk = newForward()
	s.run(t)
	ctx := t.Context()
	var runs []snapshot.Run
	var parts []snapshot.Part
	var published []audit.Published
	for i := range 2 {
		run, _, err := s.process(s.disk).Plan(ctx, s.slot, "aws", fmt.Sprint("opener", i))
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
		s.clock.advance(time.Minute)
	}
	for i := range 2 {
		s.cloud.put("1", "arn:bucket:main", bucket{Encrypted: i == 1})
		part, err := s.process(s.disk).Scan(ctx, runs[i].ID, runs[i].Targets[0])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	for i := range 2 {
		s.config.Alerts.CoverageFloor = float64(50 + i)
		out, err := s.process(s.disk).Publish(ctx, runs[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		out.Delivery, out.Found = outbox.Report{}, nil
		published = append(published, out)
	}
	for name, same := range map[string]bool{
		"runs": cmp.Equal(runs[0], runs[1]), "parts": cmp.Equal(parts[0], parts[1]), "publications": cmp.Equal(published[0], published[1]),
	} {
		if !same {
			t.Errorf("%s differ", name)
		}
	}
	s.emptied(t)
	s.sound(t)
}
