package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/trouble"
)

// wire answers calls in place of the network, by path: with a status and a body;
// without them never.
type wire struct {
	mu      sync.Mutex
	answers map[string]string // a status and a body, with a space between
	tries   map[string]int
}

func (w *wire) set(path, answer string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[path] = answer
}

func (w *wire) tried(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[path]
}

// Do answers at once or, as a server that hangs, not before the client has gone.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.tries[r.URL.Path]++
	answer := w.answers[r.URL.Path]
	w.mu.Unlock()
	if answer == "" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status, text, _ := strings.Cut(answer, " ")
	code := map[string]int{"200": 200, "403": 403, "429": 429, "500": 500}[status]
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// aToken is a credential.
type aToken struct{ err error }

// GetToken implements azcore.TokenCredential.
func (a aToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "a token", ExpiresOn: time.Now().Add(24 * time.Hour)}, a.err
}

// wired is an estate at the end of a wire.
type wired struct {
	*wire
	*Estate
}

// onWire runs the test on a made-up clock, with an estate as scans have it.
func onWire(t *testing.T, credential azcore.TokenCredential, test func(ctx context.Context, w *wired)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answers: map[string]string{}, tries: map[string]int{}}
		e, err := Open(Registry{}, Root{}, Options{Credential: credential, Cloud: Clouds()["AzureCloud"], Transport: w})
		if err != nil {
			t.Fatal(err)
		}
		test(t.Context(), &wired{w, e})
	})
}

// call makes a call and returns how often it was tried, how long it took and why
// it failed.
func (w *wired) call(ctx context.Context, path string) (tries int, took time.Duration, why posture.Cause) {
	before, began := w.tried(path), time.Now()
	var err error
	switch {
	case path == queryPath:
		_, err = w.page(ctx, question{}, "")
		err = scanners.Failed(path, err)
	case strings.HasPrefix(path, graphVersion):
		_, err = w.get(ctx, w.graph, path, path)
	default:
		_, err = w.get(ctx, w.manager, path, path)
	}
	if err != nil {
		why = cause(err, nil)
	}
	return w.tried(path) - before, time.Since(began), why
}

const (
	site     = "/subscriptions/a/resourceGroups/g/providers/Microsoft.Web/sites/s"
	plan     = "/subscriptions/a/resourceGroups/g/providers/Microsoft.Web/serverfarms/p"
	otherApp = "/subscriptions/b/resourceGroups/g/providers/Microsoft.Web/sites/s"
	vault    = "/subscriptions/a/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
	users    = graphVersion + "/users"

	failing  = `500 {"error": {"code": "InternalServerError"}}`
	slowDown = `429 {"error": {"code": "TooManyRequests"}}`
	refusing = `403 {"error": {"code": "AuthorizationFailed"}}`
)

// TestGivesUpSooner shows what a service costs that hangs or is broken: the
// first call is tried for a minute or two, those after it once and shortly, and of
// an operation that never is answered none is tried in the end. The reason is
// the true one for all.
func TestGivesUpSooner(t *testing.T) {
	hangs, broken := posture.Cause{Reason: posture.TimedOut}, posture.Cause{Reason: posture.Failed, Code: "InternalServerError"}
	for name, test := range map[string]struct {
		path, answer string
		first        int // tries of the first call
		longest      time.Duration
		why          posture.Cause
	}{
		"a read hangs":          {site, "", 2, 2*tryTimeout + 2*firstWait, hangs},
		"a read is broken":      {site, failing, attempts, patience, broken},
		"a read is of a proxy":  {site, "200 <html>", attempts, patience, posture.Cause{Reason: posture.Malformed}},
		"a query hangs":         {queryPath, "", 2, 2*tryTimeout + 2*firstWait, hangs},
		"a query is broken":     {queryPath, failing, attempts, patience, broken},
		"the directory hangs":   {users, "", 2, 2*tryTimeout + 2*firstWait, hangs},
		"the directory is down": {users, failing, attempts, patience, broken},
	} {
		t.Run(name, func(t *testing.T) {
			onWire(t, aToken{}, func(ctx context.Context, w *wired) {
				test.why.Operation = test.path
				w.set(test.path, test.answer)
				for n := range 2 * trouble.Hopeless {
					tries, took, why := w.call(ctx, test.path)
					if why != test.why {
						t.Errorf("call %d: %+v, want %+v", n, why, test.why)
					}
					if n == 0 && (tries < test.first || took > test.longest) || n > 0 && (tries > 1 || took > shortTry) {
						t.Errorf("call %d: tried %d times in %s", n, tries, took)
					}
				}
				for other, want := range map[string]int{plan: 1, otherApp: attempts, vault: attempts} {
					w.set(other, failing)
					if tries, _, _ := w.call(ctx, other); test.path == site && tries != want {
						t.Errorf("%s: tried %d times, want %d", other, tries, want)
					}
				}
			})
		})
	}
}

// TestManyHang shows that many calls that hang cost no more than a few do.
func TestManyHang(t *testing.T) {
	onWire(t, aToken{}, func(ctx context.Context, w *wired) {
		began := time.Now()
		late := scanners.Each(ctx, 8, make([]struct{}, 1000), func(ctx context.Context, _ struct{}) {
			if _, _, why := w.call(ctx, site); why.Reason != posture.TimedOut {
				t.Errorf("why = %+v", why)
			}
		})
		if took := time.Since(began); late != nil || took > 2*tryTimeout+3*shortTry {
			t.Errorf("a thousand calls took %s: %v", took, late)
		}
	})
}

// TestRecovers shows that a service that answers again is asked as before, be the
// answer that it refuses.
func TestRecovers(t *testing.T) {
	onWire(t, aToken{}, func(ctx context.Context, w *wired) {
		for _, answer := range []string{"200 {}", refusing} {
			w.set(site, failing)
			if tries, _, _ := w.call(ctx, site); tries != attempts {
				t.Errorf("tried %d times", tries)
			}
			w.set(site, answer)
			if tries, _, _ := w.call(ctx, site); tries != 1 {
				t.Errorf("%s: tried %d times", answer, tries)
			}
		}
	})
}

// TestThrottledInTrouble shows that throttled calls are never given up beside
// calls that fail.
func TestThrottledInTrouble(t *testing.T) {
	onWire(t, aToken{}, func(ctx context.Context, w *wired) {
		w.set(site, failing)
		w.call(ctx, site)
		w.set(plan, slowDown)
		if tries, _, why := w.call(ctx, plan); tries != attempts || why.Reason != posture.Throttled {
			t.Errorf("tried %d times: %+v", tries, why)
		}
	})
}

// TestNoFaultOfTheService shows that calls that the scan itself ended, and those
// for which there was no token, say nothing of the service.
func TestNoFaultOfTheService(t *testing.T) {
	onWire(t, aToken{}, func(ctx context.Context, w *wired) {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		w.call(short, site)
		w.set(plan, failing)
		if tries, _, _ := w.call(ctx, plan); tries != attempts {
			t.Errorf("tried %d times", tries)
		}
	})
	onWire(t, aToken{errors.New("AADSTS700082: no")}, func(ctx context.Context, w *wired) {
		for n := range 2 * trouble.Hopeless {
			if _, took, why := w.call(ctx, site); took > 0 || why.Reason != posture.NoCredentials {
				t.Errorf("call %d: %+v after %s", n, why, took)
			}
		}
		if begun, err := w.troubles.Of(counted{host: "management.azure.com", subscription: "a", provider: "microsoft.web"}).Begin("sites"); begun == nil {
			t.Errorf("no call is made: %v", err)
		}
	})
}

// TestOperations holds that calls that are alike are one operation.
func TestOperations(t *testing.T) {
	for path, want := range map[string]string{
		site:                         "sites",
		site + "/config/web":         "sites/config",
		"/subscriptions":             "subscriptions",
		"/subscriptions/a/locations": "subscriptions/locations",
		users + "/u/memberOf":        "users/memberof",
		batchPath:                    "$batch",
	} {
		if got := operationOf(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
