package slack

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// How long one request may take and how much of an answer is read.
const (
	requestTimeout = 15 * time.Second
	answerLimit    = 4 << 20
)

// defaultWait is how long to wait when Slack says "too many" without saying
// for how long.
const defaultWait = 30 * time.Second

// What can happen to a request, without the texts of the net packages, which
// quote the address and with it the secret of a webhook.
var (
	errNotSent  = errors.New("no connection")
	errNoAnswer = errors.New("no answer")
)

// newHTTP returns a client that follows no redirect, gives up in time, reads
// a bounded answer and tells requests that never left from those that were
// not answered.
func newHTTP(base http.RoundTripper) *http.Client {
	if base == nil {
		base = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     30 * time.Second,
		}
	}
	return &http.Client{
		Transport:     guard{base},
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard is the transport that newHTTP describes.
type guard struct{ base http.RoundTripper }

// RoundTrip does one request. Its errors are errNotSent and errNoAnswer.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	resp, err := g.base.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	switch {
	case err != nil && !connected.Load():
		return nil, errNotSent
	case err != nil:
		return nil, errNoAnswer
	}
	resp.Body = bounded{io.LimitReader(resp.Body, answerLimit), resp.Body}
	if resp.StatusCode == http.StatusTooManyRequests {
		resp.Header.Set("Retry-After", retryAfter(resp.Header.Get("Retry-After")))
	}
	return resp, nil
}

// bounded reads a part of what it closes.
type bounded struct {
	io.Reader
	io.Closer
}

// retryAfter returns the header as whole seconds from 1 to one hour, and
// defaultWait where it is missing or malformed.
func retryAfter(header string) string {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 {
		seconds = int(defaultWait / time.Second)
	}
	return strconv.Itoa(min(max(seconds, 1), 3600))
}
