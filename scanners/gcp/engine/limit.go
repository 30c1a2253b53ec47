package engine

import (
	"cmp"
	"context"
	"sync"
	"time"

	"posture/scanners"
)

// Quota lets at most so many calls of the inventory begin in any minute.
type Quota struct {
	mu    sync.Mutex
	began []time.Time // when the latest calls began, as a ring of the quota's size
	next  int
}

// NewQuota returns a quota of so many calls a minute; 0: of what the inventory
// allows a project by default.
func NewQuota(calls int) *Quota { return &Quota{began: make([]time.Time, cmp.Or(calls, perMinute))} }

// wait returns when a call may begin, or the context's error.
func (p *Quota) wait(ctx context.Context) error {
	for {
		left := p.begin(time.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if err := scanners.Pause(ctx, left); err != nil {
			return err
		}
	}
}

// begin notes a call, or returns how long it has to wait.
func (p *Quota) begin(now time.Time) time.Duration {
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
