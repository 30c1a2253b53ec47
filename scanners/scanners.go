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
	"sync"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
)

// ErrPanic is returned when the code of a scanner panics.
var ErrPanic = errors.New("the scanner stopped on a mistake of its own")

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

// Beside runs all of them, at most limit at a time, whether or not a context
// has ended: each learns that from its own calls, and marks what it could not
// read. A panic in one is raised again when all have ended.
func Beside(limit int, all ...func()) {
	var group errgroup.Group
	group.SetLimit(limit)
	for _, do := range all {
		group.Go(func() error {
			return Guard(func() error {
				do()
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		panic(err)
	}
}

// Reading collects which fields of one resource could not be read. Make one
// with the provider's own way to tell why a call failed. Several calls of one
// resource may be beside each other.
type Reading struct {
	Type  string
	Want  posture.Want
	Cause func(error) posture.Cause

	mu     sync.Mutex
	unread []posture.Unread
}

// Wants reports whether an enabled rule reads any of the fields. The fields
// that it turns down are marked as not requested.
func (r *Reading) Wants(fields ...string) bool {
	for _, field := range fields {
		if r.Want.Field(r.Type, field) {
			return true
		}
	}
	r.Mark(posture.Cause{Reason: posture.NotRequested}, fields...)
	return false
}

// Got reports whether the call that gives the fields was answered. If not,
// the fields are marked as unread, with the reason.
func (r *Reading) Got(err error, fields ...string) bool {
	if err == nil {
		return true
	}
	r.Mark(r.Cause(err), fields...)
	return false
}

// Mark marks the fields as unread for the cause.
func (r *Reading) Mark(cause posture.Cause, fields ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, field := range fields {
		r.unread = append(r.unread, posture.Unread{Field: field, Cause: cause})
	}
}

// Absent marks the fields as unread because the operation's answer lacks what
// they are taken from.
func (r *Reading) Absent(operation string, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.Failed, Operation: operation}, fields...)
}

// Unread returns the fields that were marked.
func (r *Reading) Unread() []posture.Unread { return r.unread }
