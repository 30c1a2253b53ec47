package steps

import (
	"context"
	"errors"
	"time"
)

// How long after its slot a run is taken up again before it is published with
// what is there: one that time ran out for, and one that failed. Both are less
// than what the retries in infra/gcp last, so that one of them publishes.
const (
	patience        = 2 * time.Hour
	patienceFailing = 20 * time.Minute
)

// publishTime is what a run keeps of its time for being published.
const publishTime = 2 * time.Minute

func run(ctx context.Context, s *Site, e Event) (Answer, error) {
	planned, won, err := s.plan(ctx, e)
	if err != nil || !won {
		return Answer{Run: planned.ID, Targets: len(planned.Targets)}, err
	}
	scanning, cancel := sooner(ctx, publishTime)
	defer cancel()
	scanned, err := s.scanAll(scanning, planned, planned.Targets)
	if err != nil && s.Now().Sub(e.Slot) < patienceWith(err) {
		return scanned, err
	}
	published, err := publish(ctx, s, Event{Run: planned.ID})
	published.Left, published.Counts, published.Calls = scanned.Left, scanned.Counts, scanned.Calls
	return published, err
}

func patienceWith(err error) time.Duration {
	if errors.Is(err, ErrLeft) {
		return patience
	}
	return patienceFailing
}

// sooner returns a context that ends that much before the other does. With less time
// than that it is the other: nothing is scanned in it, and that can still be noted.
func sooner(ctx context.Context, before time.Duration) (context.Context, context.CancelFunc) {
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) > before {
		return context.WithDeadline(ctx, deadline.Add(-before))
	}
	return context.WithCancel(ctx)
}
