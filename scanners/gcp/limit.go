package gcp

import (
	"context"
	"sync"
	"time"
)

// pace lets at most as many calls begin in any minute as the quota allows.
type pace struct {
	mu    sync.Mutex
	began []time.Time // when the latest calls began, as a ring of the quota's size
	next  int
}

func newPace(perMinute int) *pace { return &pace{began: make([]time.Time, perMinute)} }

// wait returns when a call may begin, or the context's error.
func (p *pace) wait(ctx context.Context) error {
	for {
		left := p.begin(time.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if err := pause(ctx, left); err != nil {
			return err
		}
	}
}

// begin notes a call, or returns how long it has to wait.
func (p *pace) begin(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := p.began[p.next]
	if left := time.Minute - now.Sub(oldest); !oldest.IsZero() && left > 0 {
		return left
	}
	p.began[p.next] = now
	p.next = (p.next + 1) % len(p.began)
	return 0
}
