package scanners_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners"
)

// TestAtHand: a resource has its reading while it is handed over, and no longer;
// another one of its id, of another type, has none.
func TestAtHand(t *testing.T) {
	var at scanners.AtHand[*int]
	disk, reading, seen := posture.Resource{Type: "disk", ID: "1"}, new(int), 0
	sink := func(r posture.Resource) {
		seen++
		if got, ok := at.Reading(r); got != reading || !ok {
			t.Errorf("at hand is %v, %v", got, ok)
		}
		if got, ok := at.Reading(posture.Resource{Type: "image", ID: "1"}); got != nil || ok {
			t.Errorf("another one has %v, %v", got, ok)
		}
	}
	at.Emit(&scanners.Emitter{Provider: "sea", Sink: sink}, disk, reading)
	if got, ok := at.Reading(disk); got != nil || ok || seen != 1 {
		t.Errorf("emitted %d times, then there is %v, %v", seen, got, ok)
	}
}

// TestReread: a second reading has a time, and ends with the resource, with a
// cause or without a call.
func TestReread(t *testing.T) {
	errRefused := errors.New("refused")
	cause := func(error) posture.Cause { return posture.Cause{Reason: posture.Denied} }
	for name, c := range map[string]struct {
		again func() error
		want  error
		cause bool
	}{
		"read":    {func() error { return nil }, nil, false},
		"refused": {func() error { return errRefused }, errRefused, true},
		"no call": {func() error { return errors.Join(errRefused, posture.ErrNoReread) }, posture.ErrNoReread, false},
		"gone":    {func() error { return errors.Join(errRefused, posture.ErrGone) }, posture.ErrGone, true},
		"mistake": {func() error { panic("a mistake") }, scanners.ErrPanic, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scanners.Reread(t.Context(), cause, func(ctx context.Context) (posture.Resource, error) {
				if end, ok := ctx.Deadline(); !ok || time.Until(end) > scanners.RereadTime {
					t.Errorf("it has until %v", end)
				}
				return posture.Resource{ID: "again"}, c.again()
			})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || errors.As(err, new(*posture.ReadError)) != c.cause {
				t.Errorf("got %v", err)
			}
			if want := map[bool]string{true: "again"}[err == nil]; got.ID != want {
				t.Errorf("got %q", got.ID)
			}
		})
	}
}
