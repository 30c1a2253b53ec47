package scanners

import (
	"context"
	"errors"
	"sync"
	"time"

	"posture/internal/posture"
)

// RereadTime bounds the second reading of one resource.
const RereadTime = 15 * time.Second

// AtHand holds the readings, of type R, of the resources that are being handed
// over: until its emission returns, each can be read again. The zero value is
// ready; it may be used by several goroutines, and is not to be copied.
type AtHand[R any] struct{ readings sync.Map }

// handed names a resource among those of a target.
type handed struct{ typ, id string }

// Emit hands over a resource that was read so.
func (a *AtHand[R]) Emit(to *Emitter, r posture.Resource, from R) {
	key := handed{r.Type, r.ID}
	a.readings.Store(key, from)
	defer a.readings.Delete(key)
	to.Emit(r)
}

// Reading returns how the resource at hand was read, and whether it is at hand.
func (a *AtHand[R]) Reading(of posture.Resource) (from R, ok bool) {
	found, _ := a.readings.Load(handed{of.Type, of.ID})
	from, ok = found.(R)
	return from, ok
}

// Reread does a second reading within its time. Its error is
// posture.ErrNoReread where again returns that, else a posture.ReadError with
// the cause.
func Reread(ctx context.Context, cause func(error) posture.Cause, again func(context.Context) (posture.Resource, error)) (posture.Resource, error) {
	ctx, cancel := context.WithTimeout(ctx, RereadTime)
	defer cancel()
	var second posture.Resource
	err := Guard(func() (err error) {
		second, err = again(ctx)
		return err
	})
	switch {
	case errors.Is(err, posture.ErrNoReread):
		return posture.Resource{}, posture.ErrNoReread
	case err != nil:
		return posture.Resource{}, &posture.ReadError{Cause: cause(err), Err: err}
	}
	return second, nil
}
