package engine

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	gax "github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/scanners"
	"posture/scanners/trouble"
)

const (
	perMinute      = 100              // ListAssets calls that the quota of a project allows
	attempts       = 8                // tries of a call
	firstWait      = time.Second      // before the second try; it doubles
	longestWait    = 30 * time.Second // before any try
	attemptTimeout = 60 * time.Second // for one try of one call
)

// guard refuses calls of methods that are not reads, waits for the quota, and
// bounds every try.
func guard(p *Quota, timeout time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if err := scanners.CheckRead(LastOf(method)); err != nil {
			return err
		}
		defer scanners.UnderWay(ctx, method[strings.LastIndex(method, ".")+1:], "")()
		if err := p.wait(ctx); err != nil {
			return err
		}
		return attempt(ctx, func(ctx context.Context) error {
			try, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			began := time.Now()
			err := outOfTime(ctx, invoke(try, method, in, out, conn, options...))
			scanners.Tried(ctx, func() scanners.Try { return triedInventory(method, in, err, time.Since(began)) })
			return err
		})
	}
}

// outOfTime returns an error when the context has ended, too. The server is
// told how long the client waits, and may find before it that time is up.
func outOfTime(ctx context.Context, err error) error {
	deadline, bounded := ctx.Deadline()
	if bounded && status.Code(err) == codes.DeadlineExceeded && time.Until(deadline) < time.Second {
		<-ctx.Done()
	}
	return err
}

// retryer says whether and when to try a call again.
type retryer struct {
	ctx   context.Context //nolint:containedctx // gax asks without one
	tries int             // left
	wait  time.Duration
	hasty bool // somebody waits: only a quota is waited for
}

// hastyTries is how often a call is tried while somebody waits.
const hastyTries = 3

// newRetryer returns how the calls of one listing's page are tried again.
func (o Options) newRetryer(ctx context.Context) *retryer {
	return &retryer{ctx: ctx, tries: cmp.Or(o.Attempts, attempts) - 1, wait: cmp.Or(o.Backoff, firstWait)}
}

// Retry implements gax.Retryer: it waits longer each time, and as long as the
// answer asks for.
func (r *retryer) Retry(err error) (time.Duration, bool) {
	if r.hasty && status.Code(err) != codes.ResourceExhausted {
		r.tries = min(r.tries, hastyTries-1)
		r.hasty = false
	}
	if r.tries <= 0 || r.ctx.Err() != nil || !passing(err) || errors.As(err, new(*trouble.GaveUp)) {
		return 0, false
	}
	wait := max(r.wait, retryDelay(err))
	r.tries--
	r.wait = min(2*r.wait, longestWait)
	return wait, true
}

var _ gax.Retryer = (*retryer)(nil)

// passing reports whether the same call may succeed later.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.ResourceExhausted, codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.Internal:
		return true
	default:
		return false
	}
}

// readOnly is the transport of REST clients: it refuses requests that are not
// reads and tries again what may succeed later. An answer of another status than
// 2xx is an error, as those clients make one of it.
type readOnly struct {
	next     http.RoundTripper
	options  Options
	troubles *trouble.Services[string] // by host
}

// RoundTrip implements http.RoundTripper.
func (t readOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet && !asks(request) {
		return nil, scanners.ErrNotReadOnly
	}
	call, err := t.troubles.Of(request.URL.Host).Begin(operationOf(request))
	if err != nil {
		return nil, err
	}
	response, err := t.tries(call, request)
	call.End(request.Context(), err)
	return response, err
}

// tries makes the tries of a call.
func (t readOnly) tries(call *trouble.Call, request *http.Request) (response *http.Response, err error) {
	wait := cmp.Or(t.options.Backoff, firstWait)
	for try := cmp.Or(t.options.Attempts, attempts); ; try-- {
		err = call.Attempt(request.Context(), func(ctx context.Context) (err error) {
			response, err = t.try(request.WithContext(ctx)) //nolint:bodyclose // the client closes that of the last try, the others are errors
			return err
		})
		if err == nil || try <= 1 || !busy(err) || scanners.Pause(request.Context(), wait) != nil {
			return response, err
		}
		again, bad := rewind(request)
		if bad != nil {
			return response, err // it stands when it cannot be asked for again
		}
		request, wait = again, min(2*wait, longestWait)
	}
}

// try makes one try, which has a time of its own to the end of the answer, and
// reads that.
func (t readOnly) try(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), cmp.Or(t.options.Timeout, attemptTimeout))
	defer cancel()
	defer scanners.UnderWay(ctx, request.Method+" "+request.URL.Host, "")()
	began := time.Now()
	response, err := t.next.RoundTrip(request.WithContext(ctx))
	if err == nil {
		defer response.Body.Close()
		err = checkAnswer(response)
	}
	scanners.Tried(ctx, func() scanners.Try { return triedREST(request, response, err, time.Since(began)) })
	if err != nil {
		return nil, err
	}
	return response, nil
}

// rewind returns the request with its body from the beginning.
func rewind(request *http.Request) (*http.Request, error) {
	if request.Body == nil {
		return request, nil
	}
	if request.GetBody == nil {
		return nil, errors.New("the body cannot be sent again")
	}
	body, err := request.GetBody()
	if err != nil {
		return nil, err
	}
	again := request.Clone(request.Context())
	again.Body = body
	return again, nil
}

// asks reports whether a request with a body only asks for an IAM policy.
func asks(request *http.Request) bool {
	return request.Method == http.MethodPost && strings.HasSuffix(request.URL.Path, ":getIamPolicy")
}

// busy reports whether an answer asks to come again.
func busy(err error) bool {
	var answer *googleapi.Error
	if !errors.As(err, &answer) || errors.As(err, new(*trouble.GaveUp)) {
		return false
	}
	return answer.Code == http.StatusTooManyRequests || answer.Code == http.StatusBadGateway || answer.Code == http.StatusServiceUnavailable
}
