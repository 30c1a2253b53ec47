package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"posture/internal/posture"
)

const (
	// patience is how long a call is tried again after its first try that got no
	// answer, or an answer that the service is broken: within it fit three tries
	// that hang. Throttling is not measured by it.
	patience = 40 * time.Second
	// shortTry is for a try of a call where calls before it have hung.
	shortTry = 5 * time.Second
)

// hopeless is after how many failed calls of an operation in a row only one
// at a time is still made.
const hopeless = 8

// trouble is what is known of a service in a region whose calls fail in all
// their tries, so that the others there give up sooner.
type trouble struct {
	mu     sync.Mutex
	broken map[string]*streak // by operation
	silent bool               // none was answered since one failed so
	hangs  bool               // that one got no answer in time
}

// streak is of calls of an operation that failed, with none answered since.
type streak struct {
	calls   int
	last    error
	probing bool // another call is under way, to see whether it fails too
}

// refuse returns why the last call of the operation failed when there is no
// point in making another, or that this one is the probe.
func (t *trouble) refuse(operation string) (probe bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.broken[operation]
	switch {
	case s == nil || s.calls < hopeless:
		return false, nil
	case s.probing:
		return false, s.last
	}
	s.probing = true
	return true, nil
}

// answered notes that the service answered a call of the operation, be it that
// it refuses it.
func (t *trouble) answered(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.broken, operation)
	t.silent = false
}

// failed notes that a call of the operation failed in all its tries.
func (t *trouble) failed(operation string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken == nil {
		t.broken = map[string]*streak{}
	}
	if t.broken[operation] == nil {
		t.broken[operation] = new(streak)
	}
	s := t.broken[operation]
	s.calls, s.last = s.calls+1, err
	t.silent, t.hangs = true, outcomeOf(err) == hangs
}

// probed notes that the probe of the operation has ended.
func (t *trouble) probed(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.broken[operation]; s != nil {
		s.probing = false
	}
}

// known reports whether a call of the operation must be expected to fail, and
// whether to hang.
func (t *trouble) known(operation string) (broken, hangs bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	broken = t.silent || t.broken[operation] != nil
	return broken, broken && t.hangs
}

// outcome is what became of one try of a call.
type outcome int

const (
	answers   outcome = iota // an answer, be it a refusal
	throttled                // told to slow down
	fails                    // no answer, or one that the service is broken
	hangs                    // no answer in time
)

// outcomeOf sorts the error of a try, or of a call, while its context lasts.
func outcomeOf(err error) outcome {
	switch why := cause(err, nil); {
	case err == nil:
		return answers
	case why.Reason == posture.Throttled:
		return throttled
	case why.Reason == posture.TimedOut:
		return hangs
	case errors.As(err, new(*gaveUp)), retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary:
		return fails
	default:
		return answers
	}
}

// gaveUp is the error of a call that could be tried again, and is not.
type gaveUp struct{ err error }

func (g *gaveUp) Error() string        { return g.err.Error() }
func (g *gaveUp) Unwrap() error        { return g.err }
func (g *gaveUp) RetryableError() bool { return false }

// call is one call under way, through all its tries.
type call struct {
	operation string
	trouble   *trouble
	gate      *gate
	probe     bool      // of an operation that is not called otherwise
	since     time.Time // when the first try began that failed; zero before
}

type callKey struct{}

// end notes how the call ended.
func (c *call) end(ctx context.Context, err error) {
	how := outcomeOf(err)
	if c.probe {
		defer c.trouble.probed(c.operation)
	}
	switch {
	case err != nil && ctx.Err() != nil: // no fault of the service
	case how == fails, how == hangs:
		c.trouble.failed(c.operation, err)
	default:
		c.trouble.answered(c.operation)
	}
}

// attempt makes one try, which is short where others have hung. It gives the
// call up where others have failed, or when this one fails for too long.
func (c *call) attempt(ctx context.Context, try func(context.Context) error) error {
	began := time.Now()
	err := c.within(ctx, try)
	how := outcomeOf(err)
	c.gate.tried(how)
	if how != fails && how != hangs || ctx.Err() != nil {
		return err
	}
	if c.since.IsZero() {
		c.since = began
	}
	if broken, _ := c.trouble.known(c.operation); broken || time.Since(c.since) > patience {
		return &gaveUp{err}
	}
	return err
}

func (c *call) within(ctx context.Context, try func(context.Context) error) error {
	_, hang := c.trouble.known(c.operation)
	if !hang {
		return try(ctx)
	}
	short, cancel := context.WithTimeout(ctx, shortTry)
	defer cancel()
	err := try(short)
	if err != nil && short.Err() != nil {
		return &gaveUp{err} // what an ended context stopped is not tried again
	}
	return err
}
