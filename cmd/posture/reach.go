package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/audit"
	"posture/internal/posture"
)

// reached is a target that was opened before the run was.
type reached struct {
	scanner audit.Scanner
	err     error
}

const (
	// opensAtOnce is how many targets are opened at once.
	opensAtOnce = 8
	// openTime is how long opening all of them may take at least.
	openTime = time.Minute
)

// opening returns the context for opening what a scan may read for so long.
func (w *streams) opening(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(within, cmp.Or(w.openTime, openTime)))
}

// reach lists and opens a cloud's targets and returns the cloud with both
// kept, so that the scan asks for neither again. It fails when a target is not
// what a person asked for (a misspelt region, another account) and when none
// can be read; that some cannot is for the run to record.
func reach(ctx context.Context, cloud audit.Cloud) (audit.Cloud, error) {
	targets, err := cloud.Targets(ctx)
	if err != nil {
		return audit.Cloud{}, unreachable(err)
	}
	opened := open(ctx, cloud, targets)
	if errors.Is(ctx.Err(), context.Canceled) { // when time is up, what did open is read
		return audit.Cloud{}, ctx.Err()
	}
	if err := mistakes(targets, opened); err != nil {
		return audit.Cloud{}, err
	}
	first := cloud.Open
	cloud.Targets = func(context.Context) ([]posture.Target, error) { return targets, nil }
	cloud.Open = func(ctx context.Context, target posture.Target) (audit.Scanner, error) {
		if kept, ok := opened[target.String()]; ok {
			return kept.scanner, kept.err
		}
		return first(ctx, target)
	}
	return cloud, nil
}

// open tries all targets.
func open(ctx context.Context, cloud audit.Cloud, targets []posture.Target) map[string]reached {
	var mu sync.Mutex
	opened := map[string]reached{}
	var group errgroup.Group
	group.SetLimit(opensAtOnce)
	for _, target := range targets {
		group.Go(func() error {
			scanner, err := cloud.Open(ctx, target)
			mu.Lock()
			defer mu.Unlock()
			opened[target.String()] = reached{scanner, err}
			return nil
		})
	}
	_ = group.Wait() // no function of the group fails
	return opened
}

// mistakes returns what a person has to fix before a run makes sense.
func mistakes(targets []posture.Target, opened map[string]reached) error {
	var wrong, failed []error
	for _, target := range targets {
		err := opened[target.String()].err
		var known *posture.ReadError
		switch {
		case err == nil:
		case errors.As(err, &known), errors.Is(err, context.DeadlineExceeded):
			failed = append(failed, err)
		default:
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	if len(failed) < len(targets) {
		return nil
	}
	if len(failed) > 1 {
		return unreachable(fmt.Errorf("none of the %d targets can be read; the first: %w", len(targets), failed[0]))
	}
	return unreachable(errors.Join(failed...))
}

// unreachable tells what may pass by itself from what a person must fix.
func unreachable(err error) error {
	var known *posture.ReadError
	if errors.As(err, &known) && (known.Cause.Reason == posture.Throttled || known.Cause.Reason == posture.TimedOut) {
		return incomplete(err)
	}
	return lost(err)
}
