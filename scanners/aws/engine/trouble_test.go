package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"posture/internal/posture"
	"posture/scanners/trouble"
)

// wire answers calls in place of the network, by operation; nothing: it
// answers never.
type wire struct {
	mu      sync.Mutex
	answers map[string]string // a status and a body, with a space between
	tries   map[string]int
}

func (w *wire) set(operation, answer string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[operation] = answer
}

// RoundTrip answers at once or, as a server that hangs, not before the client
// has gone.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	operation := form.Get("Action")
	w.mu.Lock()
	w.tries[operation]++
	answer := w.answers[operation]
	w.mu.Unlock()
	if answer == "" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status, text, _ := strings.Cut(answer, " ")
	code := map[string]int{"200": 200, "400": 400, "500": 500}[status]
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

const (
	who        = "GetCallerIdentity"
	whose      = "GetAccessKeyInfo"
	wholeWho   = "200 <GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
	wholeKey   = "200 <GetAccessKeyInfoResponse><GetAccessKeyInfoResult><Account>111122223333</Account></GetAccessKeyInfoResult></GetAccessKeyInfoResponse>"
	failure    = "500 <ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>"
	refused400 = "400 <ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
)

// wired is a service in a region at the end of a wire.
type wired struct {
	*wire
	t     *testing.T
	place *Place
}

// onWire runs the test on a made-up clock, with a client as scans have it.
func onWire(t *testing.T, test func(w *wired)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wired{wire: &wire{answers: map[string]string{}, tries: map[string]int{}}, t: t, place: testPlace(Options{}, nil)}
		cfg := &w.place.scan.cfg
		cfg.HTTPClient = &http.Client{Transport: w.wire, Timeout: attemptTimeout}
		cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIA", "secret", "")
		cfg.APIOptions = append(cfg.APIOptions, w.place.scan.record.watch)
		test(w)
	})
}

// call makes a call and returns how often it was tried, how long it took and
// why it failed.
func (w *wired) call(operation string) (tries int, took time.Duration, why posture.Cause) {
	w.mu.Lock()
	before := w.tries[operation]
	w.mu.Unlock()
	began := time.Now()
	client := Client(w.place, sts.NewFromConfig)
	var err error
	if operation == who {
		_, err = client.GetCallerIdentity(context.Background(), nil)
	} else {
		_, err = client.GetAccessKeyInfo(context.Background(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIA")})
	}
	if err != nil {
		why = w.place.cause(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[operation] - before, time.Since(began), why
}

// TestGivesUpSooner shows what a service costs that hangs or is broken: the
// first call is tried for a minute, those after it once and shortly, and of an
// operation that never is answered none is tried in the end. The reason is
// the true one for all.
func TestGivesUpSooner(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		why    posture.Cause
	}{
		"hangs":  {"", posture.Cause{Reason: posture.TimedOut, Operation: "sts:" + who}},
		"broken": {failure, posture.Cause{Reason: posture.Failed, Operation: "sts:" + who, Code: "InternalFailure"}},
	} {
		t.Run(name, func(t *testing.T) {
			onWire(t, func(w *wired) {
				w.set(who, test.answer)
				for n := range 2 * trouble.Hopeless {
					tries, took, why := w.call(who)
					if why != test.why {
						t.Errorf("call %d: %+v, want %+v", n, why, test.why)
					}
					if n == 0 && (tries < 3 || took > 65*time.Second) || n > 0 && (tries > 1 || took > shortTry) {
						t.Errorf("call %d: tried %d times in %s", n, tries, took)
					}
				}
				w.set(whose, test.answer)
				if tries, took, _ := w.call(whose); tries != 1 || took > shortTry {
					t.Errorf("another call there: tried %d times in %s", tries, took)
				}
			})
		})
	}
}

// TestManyHang shows that many calls that hang cost no more than a few do.
func TestManyHang(t *testing.T) {
	onWire(t, func(w *wired) {
		began := time.Now()
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if _, _, why := w.call(who); why.Reason != posture.TimedOut {
					t.Errorf("why = %+v", why)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > 80*time.Second {
			t.Errorf("a thousand calls took %s", took)
		}
	})
}

// TestRecovers shows that a service that answers again is asked as before: an
// answer of another operation gives hope for those that were not asked, one of
// its own for the one that failed.
func TestRecovers(t *testing.T) {
	onWire(t, func(w *wired) {
		w.set(who, failure)
		for range 2 * trouble.Hopeless {
			w.call(who)
		}
		w.set(whose, refused400)
		w.call(whose)
		w.set(whose, failure)
		if tries, _, _ := w.call(whose); tries < 3 {
			t.Errorf("after an answer there: tried %d times", tries)
		}
		w.set(who, wholeWho)
		if tries, _, why := w.call(who); tries != 1 || why != (posture.Cause{}) {
			t.Errorf("tried %d times: %+v", tries, why)
		}
		w.set(who, failure)
		if tries, _, _ := w.call(who); tries < 3 {
			t.Errorf("after an answer of its own: tried %d times", tries)
		}
	})
}

// TestThrottledInTrouble shows that throttled calls are never given up beside
// calls that fail, while those that fail are.
func TestThrottledInTrouble(t *testing.T) {
	service := newTroubles().Of(gateKey{})
	begin := func(operation string) *trouble.Call {
		begun, err := service.Begin(operation)
		if err != nil {
			t.Fatal(err)
		}
		return begun
	}
	begin(whose).End(t.Context(), &smithy.GenericAPIError{Code: "RequestTimeout"})
	for _, code := range []string{"Throttling", "SlowDown", "TooManyRequests", "RequestTimeout"} {
		err := begin(who).Attempt(t.Context(), func(context.Context) error { return &smithy.GenericAPIError{Code: code} })
		if given := errors.As(err, new(*trouble.GaveUp)); given != (code == "RequestTimeout") {
			t.Errorf("%s: given up: %v", code, given)
		}
	}
}

// TestStoppedCallIsNoTrouble shows that calls that the scan itself ended say
// nothing of the service.
func TestStoppedCallIsNoTrouble(t *testing.T) {
	onWire(t, func(w *wired) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = Client(w.place, sts.NewFromConfig).GetCallerIdentity(ctx, nil)
		w.set(whose, failure)
		if tries, _, _ := w.call(whose); tries < 3 {
			t.Errorf("tried %d times", tries)
		}
	})
}
