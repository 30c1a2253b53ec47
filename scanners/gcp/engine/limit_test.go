package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewQuota(3)
		start := time.Now()
		var began []time.Duration
		for range 7 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			began = append(began, time.Since(start))
		}
		if diff := cmp.Diff([]time.Duration{0, 0, 0, time.Minute, time.Minute, time.Minute, 2 * time.Minute}, began); diff != "" {
			t.Error(diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 3 {
			if err := p.wait(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if time.Since(start) > 2*time.Minute+2*time.Second {
			t.Error("waited past the context's end")
		}
	})
}
