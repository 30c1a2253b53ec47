package scanners

import (
	"context"
	"maps"
	"sync"
	"time"
)

// CallError is the failure of one call that a scanner made.
type CallError struct {
	Operation string // "cloudasset.ListAssets(RESOURCE)", "Microsoft.Storage/storageAccounts/read"
	Err       error
}

// Error implements error.
func (e *CallError) Error() string { return e.Operation + ": " + e.Err.Error() }

// Unwrap returns what went wrong.
func (e *CallError) Unwrap() error { return e.Err }

// Failed says which call an error comes from; it returns nil for no error.
func Failed(operation string, err error) error {
	if err == nil {
		return nil
	}
	return &CallError{operation, err}
}

// Counter counts calls by operation, retries not. The zero value is ready; it is
// safe for use by several goroutines.
type Counter struct {
	mu   sync.Mutex
	made map[string]int
}

// Count counts a call.
func (c *Counter) Count(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = map[string]int{}
	}
	c.made[operation]++
}

// Drain returns the calls made since it was last asked.
func (c *Counter) Drain() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := maps.Clone(c.made)
	clear(c.made)
	return made
}

// Pause waits, or returns the context's error.
func Pause(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
