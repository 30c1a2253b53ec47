// Package trouble lets calls give up sooner at a service that hangs or is broken.
// What a call costs there, all its tries, is paid once: after a call that failed in
// all of them the others of the service are tried once, shortly where it hung, until
// it answers, and of an operation that fails again and again only one call at a time
// is still made. Nothing is taken for an answer by it: a call that is not made fails
// as the last one did.
//
// Begin with New. Of a Service each call is a Call, from Begin to End, and each of
// its tries an Attempt.
package trouble

import (
	"context"
	"sync"
	"time"
)

// Outcome is what became of one try of a call.
type Outcome int

// The outcomes.
const (
	Answers   Outcome = iota // an answer, be it a refusal
	Throttled                // told to slow down, which is no trouble
	Fails                    // no answer, or one that the service is broken
	Hangs                    // no answer in time
)

// Limits say how patient calls are.
type Limits struct {
	Patience time.Duration           // how long a call is tried again after its first try that failed began; throttled ones are not measured
	ShortTry time.Duration           // for a try where calls before it have hung
	Sort     func(err error) Outcome // sorts the error of a try, or of a call, while its context lasts; nil errors are Answers
}

// Hopeless is after how many failed calls of an operation in a row only one at a
// time is still made.
const Hopeless = 8

// Services are the services of a scan, by what their trouble has in common: a
// region, a host.
type Services[K comparable] struct {
	limits Limits

	mu    sync.Mutex
	known map[K]*Service
}

// New returns services that nothing is known about yet.
func New[K comparable](limits Limits) *Services[K] {
	return &Services[K]{limits: limits, known: map[K]*Service{}}
}

// Of returns the service of the key.
func (s *Services[K]) Of(key K) *Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[key] == nil {
		s.known[key] = &Service{limits: s.limits, broken: map[string]*streak{}}
	}
	return s.known[key]
}

// Service is what is known of a service.
type Service struct {
	limits Limits

	mu     sync.Mutex
	broken map[string]*streak // by operation
	silent bool               // none was answered since one failed in all its tries
	hangs  bool               // that one got no answer in time
}

// streak is of calls of an operation that failed, with none answered since.
type streak struct {
	calls   int
	last    error
	probing bool // another call is under way, to see whether it fails too
}

// Begin begins a call of the operation, or returns why the last one failed where
// there is no point in making another. End it.
func (s *Service) Begin(operation string) (*Call, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Call{service: s, operation: operation}
	broken := s.broken[operation]
	switch {
	case broken == nil || broken.calls < Hopeless:
		return c, nil
	case broken.probing:
		return nil, broken.last
	}
	broken.probing, c.probe = true, true
	return c, nil
}

// answered notes that the service answered a call of the operation, be it that
// it refuses it.
func (s *Service) answered(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.broken, operation)
	s.silent = false
}

// failed notes that a call of the operation failed in all its tries.
func (s *Service) failed(operation string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken[operation] == nil {
		s.broken[operation] = new(streak)
	}
	broken := s.broken[operation]
	broken.calls, broken.last = broken.calls+1, err
	s.silent, s.hangs = true, s.sort(err) == Hangs
}

// probed notes that the probe of the operation has ended.
func (s *Service) probed(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if broken := s.broken[operation]; broken != nil {
		broken.probing = false
	}
}

// expected reports whether a call of the operation must be expected to fail, and
// whether to hang.
func (s *Service) expected(operation string) (broken, hangs bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	broken = s.silent || s.broken[operation] != nil
	return broken, broken && s.hangs
}

func (s *Service) sort(err error) Outcome {
	if err == nil {
		return Answers
	}
	return s.limits.Sort(err)
}

// Call is one call under way, through all its tries, which are made one after the
// other.
type Call struct {
	service   *Service
	operation string
	probe     bool      // of an operation that is not called otherwise
	since     time.Time // when the first try began that failed; zero before
}

// End notes how the call ended.
func (c *Call) End(ctx context.Context, err error) {
	if c.probe {
		defer c.service.probed(c.operation)
	}
	how := c.service.sort(err)
	switch {
	case err != nil && ctx.Err() != nil: // no fault of the service
	case how == Fails, how == Hangs:
		c.service.failed(c.operation, err)
	default:
		c.service.answered(c.operation)
	}
}

// Attempt makes one try, which is short where others have hung. Its error is a
// GaveUp where the call is not to be tried again: where others have failed, or when
// this one fails for too long. The context that the try is given ends with it.
func (c *Call) Attempt(ctx context.Context, try func(context.Context) error) error {
	began := time.Now()
	err := c.within(ctx, try)
	if how := c.service.sort(err); how != Fails && how != Hangs || ctx.Err() != nil {
		return err
	}
	if c.since.IsZero() {
		c.since = began
	}
	if broken, _ := c.service.expected(c.operation); broken || time.Since(c.since) > c.service.limits.Patience {
		return &GaveUp{err}
	}
	return err
}

func (c *Call) within(ctx context.Context, try func(context.Context) error) error {
	if _, hangs := c.service.expected(c.operation); !hangs {
		return try(ctx)
	}
	short, cancel := context.WithTimeout(ctx, c.service.limits.ShortTry)
	defer cancel()
	err := try(short)
	if err != nil && short.Err() != nil {
		return &GaveUp{err} // what an ended context stopped is not tried again
	}
	return err
}

// GaveUp is the error of a call that could be tried again, and is not. The clients
// of AWS and of Azure know it by its methods.
type GaveUp struct{ err error }

// Error returns the text of the error of the last try.
func (g *GaveUp) Error() string { return g.err.Error() }

// Unwrap returns the error of the last try.
func (g *GaveUp) Unwrap() error { return g.err }

// RetryableError tells the SDK of AWS not to try again.
func (g *GaveUp) RetryableError() bool { return false }

// NonRetriable tells the SDK of Azure not to try again.
func (g *GaveUp) NonRetriable() {}
