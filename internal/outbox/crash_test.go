package outbox_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/store"
	"posture/internal/store/storetest"
)

// TestCrashAfterEveryOperation lets the process die at every single operation
// of the store and of Slack in turn, before and after it took effect.
func TestCrashAfterEveryOperation(t *testing.T) {
	for _, blind := range []bool{false, true} {
		for _, day := range []bool{false, true} {
			t.Run(fmt.Sprintf("blind=%v digest=%v", blind, day), func(t *testing.T) {
				for left := 1; ; left++ {
					if crashes := crashOnce(t, left, blind, day); crashes == 0 {
						break
					}
				}
			})
		}
	}
}

// crashOnce runs a process that dies after a number of operations, and then
// one that does not. It returns how often a process died.
func crashOnce(t *testing.T, left int, blind, day bool) (crashes int) {
	for _, after := range []bool{false, true} {
		h := history{slack: &fakeSlack{clock: newClock(), blind: blind}, disk: store.Memory()}
		h.wanted = keys("C1", 4)
		if h.live(t, &storetest.Mortal{Store: h.disk, Left: left, Applied: after}, day) {
			crashes++
		}
		h.recover(t, day)
		h.check(t)
	}
	return crashes
}

// TestRandomCrashes lets processes die at random, one after the other, with a
// Slack that fails at random.
func TestRandomCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := history{slack: &fakeSlack{clock: newClock(), blind: rapid.Bool().Draw(t, "blind")}, disk: store.Memory()}
		h.wanted = keys("C1", 4)
		h.slack.answer = func(int, outbox.Message) (bool, error) {
			i := rapid.IntRange(0, 12).Draw(t, "answer")
			if i < len(answers) {
				h.doubts += btoi(answers[i].err.Kind == outbox.Ambiguous)
				return answers[i].posted, answers[i].err
			}
			return true, nil
		}
		for range rapid.IntRange(1, 6).Draw(t, "lives") {
			life := &storetest.Mortal{
				Store: h.disk, Left: rapid.IntRange(1, 80).Draw(t, "operations"), Applied: rapid.Bool().Draw(t, "after"),
			}
			h.live(t, life, rapid.Bool().Draw(t, "a day later"))
			h.slack.clock.at = h.slack.clock.at.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "pause")) * time.Second)
		}
		h.slack.answer = nil
		h.recover(t, false)
		h.check(t)
	})
}

// answers is how the fake Slack may fail.
var answers = []struct {
	posted bool
	err    *outbox.Refusal
}{
	{false, &outbox.Refusal{Kind: outbox.RateLimited, Code: "ratelimited", RetryAfter: 40 * time.Second}},
	{false, &outbox.Refusal{Kind: outbox.Transient, Code: "no_connection"}},
	{false, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "http_503"}},
	{true, &outbox.Refusal{Kind: outbox.Ambiguous, Code: "no_answer"}},
	{false, &outbox.Refusal{Kind: outbox.Channel, Code: "channel_not_found"}},
	{false, &outbox.Refusal{Kind: outbox.Credential, Code: "invalid_auth"}},
	{false, &outbox.Refusal{Kind: outbox.Form, Code: "invalid_blocks"}},
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// history is what several processes do with one store and one Slack.
type history struct {
	slack  *fakeSlack
	disk   store.Store
	wanted []string
	doubts int // crashes, and posts whose answer was lost
}

// tester is what testing.T and rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// live is the life of one process: it adds the alerts, which another may have
// done before, and delivers. It reports whether it died.
func (h *history) live(t tester, life *storetest.Mortal, day bool) bool {
	t.Helper()
	clock := h.slack.clock
	box := outbox.New(life, clock.now, clock.sleep)
	sender := mortalSlack{h.slack, life}
	ctx := until{ctxOf(t), clock.at.Add(time.Hour)}
	for i := range h.wanted {
		a := alert(fmt.Sprint("a", i))
		if i == 3 { // one is an answer to another
			a.Kind, a.Thread = drift.Resolved, []string{"group of a0"}
		}
		if err := box.Add(ctx, outbox.Entry{Channel: "C1", Fallback: "C2", Alert: a}); err != nil {
			return h.died(t, err)
		}
	}
	if day {
		clock.at = clock.at.Add(25 * time.Hour)
	}
	if _, err := box.Deliver(ctx, sender); err != nil {
		return h.died(t, err)
	}
	return false
}

// died notes a death and fails the test on any other error.
func (h *history) died(t tester, err error) bool {
	t.Helper()
	if !errors.Is(err, storetest.ErrCrash) {
		t.Fatalf("%v", err)
	}
	h.doubts++
	return true
}

// recover lets processes that do not die finish the work.
func (h *history) recover(t tester, day bool) {
	t.Helper()
	for range 10 {
		h.live(t, &storetest.Mortal{Store: h.disk, Left: -1}, day)
		h.slack.clock.at = h.slack.clock.at.Add(time.Hour)
		day = false
	}
}

// check holds that nothing is lost, nothing is told twice but where a doubt
// allowed it, every repetition says so, and the queue is empty.
func (h *history) check(t tester) {
	t.Helper()
	told := h.slack.told()
	unique := slices.Compact(sorted(told))
	if diff := cmp.Diff(sorted(h.wanted), unique); diff != "" {
		t.Fatalf("told: -want +got\n%s", diff)
	}
	seen := map[string]bool{}
	for _, p := range h.slack.posts {
		if seen[p.Key] && !p.Repeated {
			t.Errorf("%s was repeated without a mark", p.Key)
		}
		seen[p.Key] = true
	}
	if extra := len(told) - len(unique); extra > 0 && (h.doubts == 0 || !h.slack.blind) {
		t.Errorf("%d told twice after %d doubts (blind: %v)", extra, h.doubts, h.slack.blind)
	}
	if h.slack.needless > 0 {
		t.Errorf("%d messages were posted although they were recorded as told", h.slack.needless)
	}
	box := outbox.New(h.disk, h.slack.clock.now, h.slack.clock.sleep)
	if left, err := box.Waiting(ctxOf(t)); err != nil || len(left) > 0 {
		t.Errorf("left in the queue: %v, %v", left, err)
	}
	for _, key := range h.wanted {
		if _, _, err := store.Read(ctxOf(t), h.disk, "sent/"+key+".json", 1<<20); err != nil {
			t.Errorf("no record of %s: %v", key, err)
		}
	}
}
