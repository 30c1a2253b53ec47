package scanners

import (
	"context"
	"sync"
	"time"
)

// Calls are the calls of a context that are under way. The zero value is ready;
// it may be used by several goroutines.
type Calls struct {
	Now func() time.Time // nil: time.Now

	mu    sync.Mutex
	last  int
	under map[int]Waiting
}

// Waiting is a call that was made and has no answer yet.
type Waiting struct {
	Operation string // in the provider's words: "ec2:DescribeInstances"
	Place     string // its region, "" where there is none
	Since     time.Time
}

type callsKey struct{}

// Watch returns a context whose calls are noted.
func (c *Calls) Watch(ctx context.Context) context.Context {
	return context.WithValue(ctx, callsKey{}, c)
}

// UnderWay notes that a call was made, if somebody watches, until done is called.
func UnderWay(ctx context.Context, operation, place string) (done func()) {
	calls, watched := ctx.Value(callsKey{}).(*Calls)
	if !watched {
		return func() {}
	}
	now := time.Now
	if calls.Now != nil {
		now = calls.Now
	}
	return calls.begin(Waiting{operation, place, now()})
}

func (c *Calls) begin(call Waiting) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under == nil {
		c.under = map[int]Waiting{}
	}
	c.last++
	id := c.last
	c.under[id] = call
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.under, id)
	}
}

// Longest returns the call that waits longest, and whether one waits.
func (c *Calls) Longest() (Waiting, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var longest Waiting
	for _, call := range c.under {
		if longest.Operation == "" || call.Since.Before(longest.Since) {
			longest = call
		}
	}
	return longest, longest.Operation != ""
}
