package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// ErrLeft says that time ran out before every target had its part: the same
// call, in another process too, goes on where this one ended. After three calls
// in a row that stored nothing, what was being listed is recorded as out of time.
var ErrLeft = errors.New("targets are left, because time ran out")

const (
	// atOnce is how many targets are scanned at the same time. They share what
	// was read of their slice, and mostly wait for the store.
	atOnce = 4
	// reserve is what must be left of the time for another target to be begun:
	// the scan of one, and storing it.
	reserve = 3 * time.Minute
	// begin is what must be left beside it when a slice was read, so that some
	// of its targets are begun.
	begin = 30 * time.Second
)

// ScanAll scans and judges those of the targets that have no part in the run
// yet, slice by slice where the cloud has slices, while there is time. The run
// is as Plan or snapshot.LoadRun returned it. ScanAll hands every part, also
// those that were stored before, to done, one at a time. A target whose
// scan fails does not stop the others; the error is returned at the end. Nothing
// is added to a closed run.
func (a *Auditor) ScanAll(ctx context.Context, run snapshot.Run, targets []posture.Target, done func(snapshot.Part)) error {
	asked := run
	asked.Targets = targets
	parts, left, err := snapshot.Parts(ctx, a.Store, asked)
	switch {
	case err != nil && ctx.Err() != nil:
		return ErrLeft
	case err != nil:
		return fmt.Errorf("scan all of run %s: %w", run.ID, err)
	}
	for _, part := range parts {
		done(part)
	}
	if _, err := snapshot.LoadManifest(ctx, a.Store, run.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s := &scanAll{auditor: a, run: run, of: map[string]bool{}, done: done, left: len(left)}
	for _, target := range run.Targets {
		s.of[target.String()] = true
	}
	for _, provider := range a.providers() {
		s.slices(ctx, provider, of(provider, left))
	}
	if s.failed == nil && s.left == len(left) && s.left > 0 {
		s.stuck(ctx)
	}
	if s.failed == nil && s.left > 0 {
		return ErrLeft
	}
	return s.failed
}

// of returns the targets of a provider.
func of(provider posture.Provider, targets []posture.Target) []posture.Target {
	var its []posture.Target
	for _, target := range targets {
		if target.Provider == provider {
			its = append(its, target)
		}
	}
	return its
}

// scanAll is one call of ScanAll.
type scanAll struct {
	auditor *Auditor
	run     snapshot.Run
	of      map[string]bool // the run's targets

	pending []posture.Target // what time ran out for while it was listed

	mu     sync.Mutex
	done   func(snapshot.Part)
	left   int // targets without a part
	failed error
}

// slices scans one slice after the other, until there are no more or no time.
func (s *scanAll) slices(ctx context.Context, provider posture.Provider, targets []posture.Target) {
	if len(targets) == 0 {
		return
	}
	if late(ctx) {
		s.pending = append(s.pending, targets...)
		return
	}
	reading, cancel := before(ctx, reserve+begin)
	defer cancel()
	for slice, err := range s.auditor.slices(reading, provider, s.run, targets) {
		switch {
		case err != nil && reading.Err() != nil: // what it could not read in time is left
			if len(slice) == 0 {
				slice = targets
			}
			s.pending = append(s.pending, slice...)
			return
		case err != nil:
			s.fail(err)
		default:
			s.scan(ctx, slice)
		}
		if late(ctx) {
			return
		}
	}
}

// slices returns the slices of the targets; they are one where the cloud has
// none.
func (a *Auditor) slices(ctx context.Context, provider posture.Provider, run snapshot.Run, targets []posture.Target) iter.Seq2[[]posture.Target, error] {
	if cloud := a.Clouds[provider]; cloud.Slices != nil {
		return cloud.Slices(ctx, a.want(cloud), run.Started, targets)
	}
	return func(yield func([]posture.Target, error) bool) { yield(targets, nil) }
}

// scan scans the targets of one slice, and returns when all have ended.
func (s *scanAll) scan(ctx context.Context, targets []posture.Target) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, target := range targets {
		group.Go(func() error {
			if late(ctx) {
				return nil
			}
			part, err := s.auditor.scan(ctx, target, s.run.ID, false, func() (snapshot.Run, error) {
				if !s.of[target.String()] {
					return snapshot.Run{}, noTarget(s.run.ID)
				}
				return s.run, nil
			})
			if err != nil {
				s.fail(err)
				return nil
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.left--
			s.done(part)
			return nil
		})
	}
	_ = group.Wait() // no function of the group fails
}

func (s *scanAll) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = errors.Join(s.failed, err)
}

// late reports whether there is no time for another target.
func late(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(deadline) < reserve
}

// before returns the context as one that ends earlier by so much.
func before(ctx context.Context, much time.Duration) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-much))
}
