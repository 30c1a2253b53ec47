// Package scanners is what the scanners of all clouds share: the declaration of
// resource types (Type, Catalogue), and for reading them bounded fan-out
// (Each), what is fetched once (Memo), the refusal of what is no read
// (CheckRead), the sorting of every answer into read and unread (Reading) and
// the emission of resources (Emitter). It knows no cloud and no rule. To add
// a cloud, begin with Type; to add a service, with docs/adding-a-service.md.
package scanners

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
)

// ErrPanic is returned when the code of a scanner panics.
var ErrPanic error = &posture.ReasonError{Reason: posture.Mistake, Text: "the scanner stopped on a mistake of its own"}

// Guard returns what do returns, and ErrPanic when it panics: one scanner's
// mistake must not end the scan.
func Guard(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrPanic
		}
	}()
	return do()
}

// Each calls do for every item, at most limit at a time, and returns when all
// have ended. It starts nothing new once the context has ended, and then
// returns the context's error: the caller's listing is incomplete. So it is
// after a panic in do, which ends that item only; the error is ErrPanic then.
func Each[T any](ctx context.Context, limit int, items []T, do func(context.Context, T)) error {
	var group errgroup.Group
	group.SetLimit(limit)
	var err error
	for _, item := range items {
		if err = ctx.Err(); err != nil {
			break
		}
		group.Go(func() error {
			return Guard(func() error {
				do(ctx, item)
				return nil
			})
		})
	}
	return errors.Join(err, group.Wait())
}
