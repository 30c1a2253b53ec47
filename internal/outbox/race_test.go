package outbox_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/outbox"
	"posture/internal/store"
)

// pausing is a store whose user is held up once, between its first listing
// and what follows.
type pausing struct {
	store.Store
	once  sync.Once
	pause func()
}

func (p *pausing) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range p.Store.List(ctx, prefix) {
			if !yield(entry, err) {
				return
			}
		}
		p.once.Do(p.pause)
	}
}

// TestDigestOfAnotherSender lets one sender list the queue, and another one
// mark all of it for a digest and begin to post that, before the first goes
// on and finds one more that is old enough.
func TestDigestOfAnotherSender(t *testing.T) {
	clock := newClock()
	disk := store.Memory()
	fill(t, outbox.New(disk, clock.now, clock.sleep), "C1", 3)
	clock.at = clock.at.Add(time.Minute)
	fill(t, outbox.New(disk, clock.now, clock.sleep), "C1", 4)
	clock.at = clock.at.Add(24*time.Hour - 30*time.Second) // three of them are old
	posting, goOn := make(chan bool), make(chan bool)
	slack := &fakeSlack{clock: clock}
	slow := slowSlack{slack, func() { posting <- true; <-goOn }}
	var other sync.WaitGroup
	first := &pausing{Store: disk, pause: func() {
		other.Go(func() {
			if _, err := outbox.New(disk, clock.now, clock.sleep).Deliver(context.Background(), slow); err != nil {
				t.Error(err)
			}
		})
		<-posting
		clock.at = clock.at.Add(time.Minute) // now all of them are
	}}
	deliver(t, outbox.New(first, clock.now, clock.sleep), slack)
	close(goOn)
	other.Wait()
	deliver(t, outbox.New(disk, clock.now, clock.sleep), slack)
	if diff := cmp.Diff(sorted(keys("C1", 4)), sorted(slack.told())); diff != "" {
		t.Errorf("told: -want +got\n%s", diff)
	}
}

// slowSlack is a Slack that takes its time for each message.
type slowSlack struct {
	*fakeSlack
	wait func()
}

func (s slowSlack) Send(ctx context.Context, m outbox.Message) (outbox.Receipt, error) {
	s.wait()
	return s.fakeSlack.Send(ctx, m)
}
