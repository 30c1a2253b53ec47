package scanners

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

func TestEachBoundsConcurrency(t *testing.T) {
	const limit = 3
	var under atomic.Int32
	var done atomic.Int32
	err := Each(context.Background(), limit, make([]int, 50), func(context.Context, int) {
		if under.Add(1) > limit {
			t.Errorf("more than %d under way", limit)
		}
		done.Add(1)
		under.Add(-1)
	})
	if err != nil || done.Load() != 50 {
		t.Errorf("%d of 50 done, err = %v", done.Load(), err)
	}
}

// TestEachStops shows that nothing is begun once the context has ended, and
// that the caller learns of it.
func TestEachStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var done atomic.Int32
	err := Each(ctx, 1, make([]int, 50), func(context.Context, int) {
		done.Add(1)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || done.Load() > 2 {
		t.Errorf("%d done, err = %v", done.Load(), err)
	}
}

// TestEachPanic shows that a panic ends its item only.
func TestEachPanic(t *testing.T) {
	var mu sync.Mutex
	var done []int
	err := Each(context.Background(), 1, []int{1, 2, 3}, func(_ context.Context, n int) {
		if n == 2 {
			panic("mistake")
		}
		mu.Lock()
		defer mu.Unlock()
		done = append(done, n)
	})
	if diff := cmp.Diff([]int{1, 3}, done); diff != "" || !errors.Is(err, ErrPanic) {
		t.Errorf("err = %v, done (-want +got):\n%s", err, diff)
	}
}

func TestReading(t *testing.T) {
	failed := posture.Cause{Reason: posture.Denied, Operation: "s3:Get"}
	r := Reading{
		Type:  "Bucket",
		Want:  posture.Want{"Bucket": {"a", "b"}},
		Cause: func(error) posture.Cause { return failed },
	}
	got := []bool{
		r.Wants("a"), r.Wants("x", "b.below"), r.Wants("y", "z"),
		r.Got(nil, "a"), r.Got(errors.New("secret"), "b"),
	}
	if diff := cmp.Diff([]bool{true, true, false, true, false}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	notRequested := posture.Cause{Reason: posture.NotRequested}
	want := []posture.Unread{{Field: "y", Cause: notRequested}, {Field: "z", Cause: notRequested}, {Field: "b", Cause: failed}}
	if diff := cmp.Diff(want, r.Unread()); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

// TestBeside shows that all are run, a bounded number of them at a time, that
// all may mark what was not read, and that a panic is an error once they ended.
func TestBeside(t *testing.T) {
	const limit, all = 3, 50
	r := Reading{Cause: func(error) posture.Cause { return posture.Cause{} }}
	var under atomic.Int32
	do := make([]func(), all)
	for i := range do {
		do[i] = func() {
			if under.Add(1) > limit {
				t.Errorf("more than %d under way", limit)
			}
			defer under.Add(-1)
			r.Got(errors.ErrUnsupported, "field")
			if i == 7 {
				panic("mistake")
			}
		}
	}
	if err := r.Beside(limit, do...); !errors.Is(err, ErrPanic) || len(r.Unread()) != all {
		t.Errorf("%v after %d of %d", err, len(r.Unread()), all)
	}
	if err := r.Beside(limit, do[:7]...); err != nil {
		t.Errorf("without a panic: %v", err)
	}
}

// TestBesideOrder: what was not read comes in one order, whoever marks first,
// and behind what was marked before.
func TestBesideOrder(t *testing.T) {
	want := []posture.Unread{
		{Field: "z", Cause: posture.Cause{Reason: posture.NotRequested}},
		{Field: "a", Cause: posture.Cause{Reason: posture.Denied, Operation: "s:Get", Code: "A", Permission: "s:Get"}},
		{Field: "a", Cause: posture.Cause{Reason: posture.Denied, Operation: "s:Get", Code: "A", Permission: "s:Got"}},
		{Field: "a", Cause: posture.Cause{Reason: posture.Denied, Operation: "s:Get", Code: "B"}},
		{Field: "a", Cause: posture.Cause{Reason: posture.Denied, Operation: "s:List"}},
		{Field: "a", Cause: posture.Cause{Reason: posture.Throttled}},
		{Field: "b", Cause: posture.Cause{Reason: posture.Denied}},
	}
	for first := range 6 {
		var r Reading
		r.Mark(want[0].Cause, want[0].Field)
		var do []func()
		for i := range 6 {
			u := want[1+(first+i*5)%6] // all six: 5 and 6 have no common divisor
			do = append(do, func() { r.Mark(u.Cause, u.Field) })
		}
		if err := r.Beside(1, do...); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, r.Unread()); diff != "" {
			t.Errorf("begun with %d (-want +got):\n%s", first, diff)
		}
	}
}
