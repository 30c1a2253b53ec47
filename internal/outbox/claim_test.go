package outbox_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/store"
)

func TestAnswersGoIntoTheThread(t *testing.T) {
	box, slack, _ := newBox()
	parent := alert("a0")
	child := alert("a1")
	child.Kind, child.Thread, child.Resources = drift.Resolved, []string{"unheard of", parent.Group}, parent.Resources
	for _, a := range []drift.Alert{parent, child} {
		if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: a}); err != nil {
			t.Fatal(err)
		}
		deliver(t, box, slack)
	}
	got := []string{slack.posts[0].Thread, slack.posts[1].Thread, fmt.Sprint(slack.amended)}
	if diff := cmp.Diff([]string{"", "ts1", "[ts1: 1]"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAnAnswerWaitsForItsQuestion(t *testing.T) {
	box, slack, clock := newBox()
	parent, child := alert("a0"), alert("a1")
	child.Thread = []string{parent.Group}
	for _, a := range []drift.Alert{parent, child} {
		if err := box.Add(t.Context(), outbox.Entry{Channel: "C1", Alert: a}); err != nil {
			t.Fatal(err)
		}
		clock.at = clock.at.Add(time.Second)
	}
	slack.answer = func(n int, m outbox.Message) (bool, error) {
		if n == 1 {
			return refuseAll(outbox.Transient, "no_connection")(n, m)
		}
		return true, nil
	}
	if report := deliver(t, box, slack); report.Waiting != 2 || slack.calls != 1 {
		t.Errorf("%d calls: %+v", slack.calls, report)
	}
	clock.at = clock.at.Add(time.Minute)
	deliver(t, box, slack)
	if len(slack.posts) != 2 || slack.posts[1].Thread != "ts1" {
		t.Errorf("posts: %+v", slack.posts)
	}
}

func TestManySendersTellOnce(t *testing.T) {
	c := newClock()
	disk := store.Memory()
	slack := &fakeSlack{clock: c}
	fill(t, outbox.New(disk, c.now, c.sleep), "C1", 50)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			box := outbox.New(disk, c.now, func(context.Context, time.Duration) error { return nil })
			if _, err := box.Deliver(t.Context(), slack); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(sorted(keys("C1", 50)), sorted(slack.told())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestClaimHoldsUntilItsLeaseEnds uses the real clock in a bubble: a sender
// hangs while another comes by.
func TestClaimHoldsUntilItsLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := outbox.New(store.Memory(), time.Now, outbox.Sleep)
		fill(t, box, "C1", 1)
		slack := &hanging{}
		go func() { _, _ = box.Deliver(t.Context(), slack) }()
		synctest.Wait()
		claimed, err := box.Waiting(t.Context())
		if err != nil || claimed[0].State != outbox.Sending || time.Until(claimed[0].LeaseUntil) != 5*time.Minute || slack.ended.Load() {
			t.Errorf("ended %v, %+v, %v", slack.ended.Load(), claimed, err)
		}
		other := &fakeSlack{clock: newClock()}
		if report := deliver(t, box, other); report.Waiting != 1 || other.calls != 0 {
			t.Errorf("%d calls under another's lease: %+v", other.calls, report)
		}
		time.Sleep(6 * time.Minute)
		other.clock.at = time.Now()
		deliver(t, box, other)
		time.Sleep(31 * time.Second)
		if report := deliver(t, box, other); report.Notified != 1 || !slack.ended.Load() {
			t.Errorf("ended %v, %+v", slack.ended.Load(), report)
		}
	})
}

// hanging is a Slack that never answers; it sees whether its caller gives up.
type hanging struct {
	outbox.Sender
	ended atomic.Bool
}

func (h *hanging) Send(ctx context.Context, _ outbox.Message) (outbox.Receipt, error) {
	<-ctx.Done()
	h.ended.Store(true)
	return outbox.Receipt{}, ctx.Err()
}
