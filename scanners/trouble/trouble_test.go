package trouble

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errRefused   = errors.New("refused")
	errThrottled = errors.New("slow down")
	errBroken    = errors.New("broken")
)

func sorted(err error) Outcome {
	switch {
	case errors.Is(err, errThrottled):
		return Throttled
	case errors.Is(err, errBroken):
		return Fails
	case errors.Is(err, context.DeadlineExceeded):
		return Hangs
	default:
		return Answers
	}
}

const (
	patience = 40 * time.Second
	shortTry = 5 * time.Second
	longTry  = 15 * time.Second
)

// answering is a service that answers each try in the same way; nil: well.
type answering func(context.Context) error

func saying(err error) answering { return func(context.Context) error { return err } }

// hanging answers never.
func hanging(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// call makes a call of up to ten tries, a second after each other, and returns how
// many were made, 0 where the call was not, and how long they took.
func call(ctx context.Context, s *Service, operation string, answers answering) (tries int, took time.Duration, err error) {
	began := time.Now()
	c, err := s.Begin(operation)
	if err != nil {
		return 0, 0, err
	}
	for tries < 10 {
		err = c.Attempt(ctx, func(ctx context.Context) error {
			try, cancel := context.WithTimeout(ctx, longTry)
			defer cancel()
			return answers(try)
		})
		tries++
		if err == nil || sorted(err) == Answers || errors.As(err, new(*GaveUp)) {
			break
		}
		time.Sleep(time.Second)
	}
	c.End(ctx, err)
	return tries, time.Since(began), err
}

// TestTries shows how often a call is tried, and that the others of its service pay
// less.
func TestTries(t *testing.T) {
	for name, test := range map[string]struct {
		first, then        answering
		tries, less        int
		longest, atMost    time.Duration
		unmade             bool // in the end calls are not made
		another, elsewhere int  // tries of another operation, and of another service, after all
	}{
		"it answers":    {saying(nil), saying(nil), 1, 1, 0, 0, false, 10, 10},
		"it refuses":    {saying(errRefused), saying(errRefused), 1, 1, 0, 0, false, 10, 10},
		"it throttles":  {saying(errThrottled), saying(errThrottled), 10, 10, 10 * time.Second, 10 * time.Second, false, 10, 10},
		"it is broken":  {saying(errBroken), saying(errBroken), 10, 1, 10 * time.Second, 0, true, 1, 10},
		"it hangs":      {hanging, hanging, 3, 1, 50 * time.Second, shortTry, true, 1, 10},
		"it comes back": {saying(errBroken), saying(errRefused), 10, 1, 10 * time.Second, 0, false, 10, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := New[string](Limits{Patience: patience, ShortTry: shortTry, Sort: sorted})
				s := all.Of("here")
				if tries, took, _ := call(t.Context(), s, "get", test.first); tries != test.tries || took > test.longest {
					t.Errorf("the first call: %d tries in %s", tries, took)
				}
				for n := range 2 * Hopeless {
					if tries, took, _ := call(t.Context(), s, "get", test.then); tries != test.less || took > test.atMost {
						t.Errorf("call %d: %d tries in %s", n, tries, took)
					}
				}
				probe, err := s.Begin("get")
				if err != nil {
					t.Fatal(err)
				}
				if tries, _, err := call(t.Context(), s, "get", test.then); (tries == 0) != test.unmade || test.unmade && sorted(err) < Fails {
					t.Errorf("beside a probe: %d tries, %v", tries, err)
				}
				probe.End(t.Context(), test.then(expired(t)))
				if tries, _, _ := call(t.Context(), s, "list", saying(errBroken)); tries != test.another {
					t.Errorf("another operation: %d tries", tries)
				}
				if tries, _, _ := call(t.Context(), all.Of("there"), "get", saying(errBroken)); tries != test.elsewhere {
					t.Errorf("another service: %d tries", tries)
				}
			})
		})
	}
}

// expired returns a context whose time is up.
func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	t.Cleanup(cancel)
	return ctx
}

// TestStopped shows that what the caller ended is no trouble.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New[string](Limits{Patience: patience, ShortTry: shortTry, Sort: sorted}).Of("here")
		if _, _, err := call(expired(t), s, "get", hanging); err == nil {
			t.Error("it answered")
		}
		if tries, _, _ := call(t.Context(), s, "get", saying(errBroken)); tries != 10 {
			t.Errorf("%d tries", tries)
		}
	})
}
