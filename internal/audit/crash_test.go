package audit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"posture/internal/audit"
	"posture/internal/outbox"
	"posture/internal/snapshot"
	"posture/internal/store/storetest"
)

// dying returns a process that dies after some calls.
func (s *site) dying(calls int) *audit.Auditor {
	life := &storetest.Mortal{Store: s.disk, Left: calls, Applied: true, Writes: true}
	a := s.process(life)
	a.Sender = mortalSlack{s.slack, life}
	return a
}

// recoveries is what may come after a run whose process died.
var recoveries = map[string]func(t *testing.T, s *site){
	"the run is done again": func(t *testing.T, s *site) { s.run(t) },
	"only the next run comes": func(_ *testing.T, s *site) {
		s.next()
	},
	"the next run comes, then the run again": func(t *testing.T, s *site) {
		slot := s.slot
		s.next()
		s.run(t)
		s.slot = slot
		s.run(t)
		s.next()
	},
	"the watchdog comes, then a run": func(t *testing.T, s *site) {
		if _, err := s.process(s.disk).Watchdog(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.next()
	},
}

// stride is how far apart the calls are at which something happens: at every
// one, or with -short at some.
func stride() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// TestCrashAfterEveryCall lets the process of a run die at every single call
// that changes the store, or posts, in turn. In the run before, one bucket went
// bad; in this one another does and the first is fixed.
func TestCrashAfterEveryCall(t *testing.T) {
	t.Parallel()
	before := prepared(t)
	for name, recover := range recoveries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for calls, died := 1, true; died; calls += stride() {
				died = crashOnce(t, before.fork(t), calls, recover)
			}
		})
	}
}

// crashOnce reports whether the process died.
func crashOnce(t *testing.T, s *site, calls int, recover func(*testing.T, *site)) (died bool) {
	t.Helper()
	_, err := s.try(s.dying(calls))
	if err != nil && !errors.Is(err, storetest.ErrCrash) {
		t.Fatal(err)
	}
	recover(t, s)
	s.clock.advance(20 * time.Minute) // claims of dead senders end
	last := s.run(t)
	s.clock.advance(20 * time.Minute)
	if _, err := s.process(s.disk).Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(20 * time.Minute)
	if _, err := s.process(s.disk).Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.believed(t, last.Run.ID)
	s.emptied(t)
	s.sound(t)
	if t.Failed() {
		t.Fatalf("after a crash at call %d", calls)
	}
	return err != nil
}

// TestRandomHistories lets several processes plan, scan, publish and deliver
// runs at once, in any order and more than once, while the accounts change,
// processes die and Slack fails.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	loaded := loadPolicy(t)
	rapid.Check(t, func(t *rapid.T) {
		s := newSite(loaded, "1", "2")
		s.disk = newForward()
		s.run(t)
		h := history{site: s}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			h.step(t)
		}
		h.end(t)
	})
}

// history is a random one.
type history struct {
	*site
	slots []time.Time
}

// answers is how Slack may fail. No message is lost to a permanent refusal
// here: the outbox has tests of its own for that.
var answers = []struct {
	posted bool
	err    *outbox.Refusal
}{
	{false, &outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: 40 * time.Second}},
	{false, &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}},
	{false, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}},
	{true, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}},
}

// step changes the accounts and lets one to three processes work at once.
func (h *history) step(t *rapid.T) {
	h.change(t)
	if len(h.slots) == 0 || rapid.Bool().Draw(t, "new slot") {
		h.slot = h.slot.Add(72 * time.Hour) // so far apart that nothing flips too often
		h.clock.advance(max(h.slot.Sub(h.clock.now()), 0))
		h.slots = append(h.slots, h.slot)
	}
	failing := rapid.SliceOfN(rapid.IntRange(0, 12), 20, 20).Draw(t, "answers")
	h.slack.answer = func() (bool, error) {
		if len(failing) == 0 || failing[0] >= len(answers) {
			failing = failing[min(1, len(failing)):]
			return true, nil
		}
		answer := answers[failing[0]]
		failing = failing[1:]
		return answer.posted, answer.err
	}
	var work []func() error
	for range rapid.IntRange(1, 3).Draw(t, "processes") {
		work = append(work, h.work(t))
	}
	errs := make([]error, len(work))
	var group sync.WaitGroup
	for i, do := range work {
		group.Go(func() { errs[i] = do() })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, storetest.ErrCrash) && !errors.Is(err, audit.ErrBusy) {
			t.Fatalf("%v", err)
		}
	}
}

// change changes the accounts.
func (h *history) change(t *rapid.T) {
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		id := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "account")
		name := fmt.Sprint("arn:bucket:", rapid.IntRange(0, 3).Draw(t, "bucket"))
		switch rapid.IntRange(0, 6).Draw(t, "change") {
		case 0:
			h.cloud.remove(id, name)
		case 1:
			h.cloud.put(id, name, good)
			h.cloud.unread(id, name, "encrypted")
		case 2:
			h.cloud.change(id, func(a *account) { a.broken[bucketType] = !a.broken[bucketType] })
		case 3:
			h.cloud.change(id, func(a *account) {
				if a.refused == nil {
					a.refused = &denied
				} else {
					a.refused = nil
				}
			})
		default:
			h.cloud.put(id, name, bucket{
				Encrypted: rapid.Bool().Draw(t, "encrypted"), Public: rapid.Bool().Draw(t, "public"),
			})
		}
	}
}

// work returns what one process does, until it dies or is done.
func (h *history) work(t *rapid.T) func() error {
	a := h.dying(rapid.OneOf(rapid.Just(-1), rapid.IntRange(1, 40)).Draw(t, "calls"))
	slot := rapid.SampledFrom(h.slots).Draw(t, "slot")
	upTo := rapid.IntRange(0, 4).Draw(t, "up to")
	return func() error {
		ctx := context.Background()
		if upTo == 4 {
			_, err := a.Watchdog(ctx)
			return err
		}
		run, _, err := a.Plan(ctx, slot, "aws", "")
		if err != nil || upTo == 0 {
			return err
		}
		for _, target := range run.Targets[:min(upTo, 2)] {
			if _, err := a.Scan(ctx, run.ID, target); err != nil {
				return err
			}
		}
		if upTo == 3 {
			_, err = a.Publish(ctx, run.ID)
		}
		return err
	}
}

// end lets everything come to an end without faults, and checks what people
// were told.
func (h *history) end(t *rapid.T) {
	h.slack.answer = nil
	for _, id := range []string{"1", "2"} {
		h.cloud.change(id, func(a *account) {
			clear(a.broken)
			a.refused = nil
			for name, r := range a.things {
				r.Unread = nil
				a.things[name] = r
			}
		})
	}
	for _, slot := range rapid.Permutation(h.slots).Draw(t, "published again") {
		h.slot = slot
		if _, err := h.try(h.process(h.disk)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	h.slot = h.clock.now().Add(72 * time.Hour)
	h.clock.advance(72 * time.Hour)
	last := h.run(t)
	for range 10 {
		h.clock.advance(time.Hour)
		if _, err := h.process(h.disk).Deliver(context.Background()); err != nil {
			t.Fatalf("%v", err)
		}
	}
	h.believed(t, last.Run.ID)
	h.emptied(t)
	h.sound(t)
	if report, err := snapshot.Verify(context.Background(), h.disk); err != nil || len(report.Unfinished) > 0 {
		t.Errorf("unfinished: %v, %v", report.Unfinished, err)
	}
}
