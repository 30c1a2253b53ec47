package storetest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"posture/internal/store"
)

// Wire is how to reach a store over HTTP in a test.
type Wire struct {
	// Place makes an empty place for a store and returns how to open a store
	// there whose requests go through a transport.
	Place func(t *testing.T) func(http.RoundTripper) store.Store
	// IsPut tells the requests that put an object.
	IsPut func(*http.Request) bool
	// NoVersion is a version that no object ever had, but could have.
	NoVersion string
}

// Answerer is what becomes of a request.
type Answerer func(*http.Request) (*http.Response, error)

// Fault does something else to the first requests that are puts.
type Fault struct {
	IsPut func(*http.Request) bool
	Times atomic.Int32
	Do    Answerer
}

// RoundTrip does what Do does, as often as Times says.
func (f *Fault) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.IsPut(r) && f.Times.Add(-1) >= 0 {
		return f.Do(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Reset is a connection that breaks before there is an answer.
func Reset(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// Answer is an answer with a status and nothing else.
func Answer(status int) Answerer {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r,
		}, nil
	}
}

// After applies a request and then says something else.
func After(otherwise Answerer) Answerer {
	return func(r *http.Request) (*http.Response, error) {
		done, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if err := done.Body.Close(); err != nil {
			return nil, err
		}
		return otherwise(r)
	}
}

// Faults checks that whatever happens to an answer, a put that was applied is
// a success and one that lost is a loss.
func Faults(t *testing.T, w Wire) {
	t.Helper()
	for name, c := range map[string]struct {
		do    Answerer
		times int32
	}{
		"answer lost":              {After(Reset), 1},
		"answer lost to the end":   {After(Reset), 100},
		"error after it was done":  {After(Answer(500)), 1},
		"request lost":             {Reset, 2},
		"throttled":                {Answer(503), 2},
		"asked to slow down":       {Answer(429), 2},
		"time-out after it was ok": {After(Answer(http.StatusRequestTimeout)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFault(t, w, faulty{times: c.times, do: c.do})
		})
	}
	t.Run("nobody answers", func(t *testing.T) { nobodyAnswers(t, w) })
	t.Run("refused", func(t *testing.T) { refused(t, w) })
}

// faulty is what happens to the first puts of a store.
type faulty struct {
	times int32
	do    Answerer
}

// through returns the transport of a store that meets the fault.
func (f faulty) through(w Wire) *Fault {
	fault := &Fault{IsPut: w.IsPut, Do: f.do}
	fault.Times.Store(f.times)
	return fault
}

func checkFault(t *testing.T, w Wire, f faulty) {
	open := w.Place(t)
	meets := func() store.Store { return open(f.through(w)) }
	version, err := meets().PutIfAbsent(t.Context(), "a", []byte("one"))
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	if version, err = meets().PutIfMatch(t.Context(), "a", version, []byte("two")); err != nil {
		t.Fatalf("replace: %v", err)
	}
	body, got, err := store.Read(t.Context(), open(http.DefaultTransport), "a", 10)
	if err != nil || !bytes.Equal(body, []byte("two")) || got != version {
		t.Errorf("read %q version %s, %v; want version %s", body, got, err, version)
	}
	if f.times == 100 {
		return
	}
	if _, err := meets().PutIfAbsent(t.Context(), "a", []byte("other")); !errors.Is(err, store.ErrExists) {
		t.Errorf("put over another's: %v, want ErrExists", err)
	}
	if _, err := meets().PutIfMatch(t.Context(), "a", w.NoVersion, []byte("three")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("replace of another version: %v, want ErrConflict", err)
	}
}

// nobodyAnswers checks that an error claims neither when it cannot be found
// out whether a put was applied.
func nobodyAnswers(t *testing.T, w Wire) {
	_, err := w.Place(t)(faulty{times: 1000, do: Reset}.through(w)).PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || errors.Is(err, store.ErrExists) {
		t.Errorf("put: %v", err)
	}
}

// refused checks that a refusal is told at once.
func refused(t *testing.T, w Wire) {
	denied := faulty{times: 1, do: Answer(403)}.through(w)
	start := time.Now()
	_, err := w.Place(t)(denied).PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || errors.Is(err, store.ErrExists) || denied.Times.Load() != 0 || time.Since(start) > 10*time.Second {
		t.Errorf("put: %v after %v", err, time.Since(start))
	}
}
