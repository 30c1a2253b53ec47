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

	inventory "cloud.google.com/go/asset/apiv1"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/trouble"
)

// wire answers calls in place of the network, by operation: with a status and a
// body, or with a code of gRPC; without either never.
type wire struct {
	mu      sync.Mutex
	answers map[string]int
	tries   map[string]int
}

func (w *wire) set(operation string, answer int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[operation] = answer
}

func (w *wire) tried(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[operation]
}

func (w *wire) answer(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries[operation]++
	return w.answers[operation]
}

// RoundTrip answers at once or, as a server that hangs, not before the client
// has gone.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	code := w.answer(r.URL.Host + r.URL.Path)
	if code == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// invoke is RoundTrip for gRPC.
func (w *wire) invoke(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
	code := w.answer(inventoryHost)
	if code == 0 {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Code(code), "")
}

// wired is an inventory at the end of a wire.
type wired struct {
	*wire
	*Inventory
	t *testing.T
}

// onWire runs the test on a made-up clock, with an inventory as scans have it.
func onWire(t *testing.T, test func(ctx context.Context, w *wired)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wired{&wire{answers: map[string]int{}, tries: map[string]int{}}, nil, t}
		conn, err := grpc.NewClient("passthrough:///inventory", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithChainUnaryInterceptor(guard(NewQuota(100000), attemptTimeout), w.invoke))
		if err != nil {
			t.Fatal(err)
		}
		client, err := inventory.NewClient(t.Context(), option.WithGRPCConn(conn))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		w.Inventory = &Inventory{
			program: newProgram(Registry{}), client: client, record: &scanners.Counter{}, troubles: newTroubles(),
			options: Options{REST: []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: w.wire})}},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour) // as scans have
		defer cancel()
		test(ctx, w)
	})
}

// call makes a call, of the inventory itself or of a direct read, and returns how
// often it was tried, how long it took and why it failed.
func (w *wired) call(ctx context.Context, operation string) (tries int, took time.Duration, why posture.Cause) {
	before, began := w.tried(operation), time.Now()
	var err error
	if operation == inventoryHost {
		l := &listing{Inventory: w.Inventory, content: resources}
		_, err = l.page(ctx, nil, "")
		err = scanners.Failed(operation, err)
	} else {
		host, path, _ := strings.Cut(operation, "/")
		_, err = w.fetchWithin(ctx, 0, operation, http.MethodGet, &url.URL{Scheme: "https", Host: host, Path: "/" + path})
	}
	if err != nil {
		why = cause(err, nil)
	}
	return w.tried(operation) - before, time.Since(began), why
}

const (
	disks  = "compute.googleapis.com/compute/v1/projects/p/zones/z/disks"
	images = "compute.googleapis.com/compute/v1/projects/p/global/images"
	topics = "pubsub.googleapis.com/v1/projects/p/topics"
)

// TestGivesUpSooner shows what a service costs that hangs or is broken: the
// first call is tried for a minute or two, those after it once and shortly, and of
// an operation that never is answered none is tried in the end. The reason is
// the true one for all.
func TestGivesUpSooner(t *testing.T) {
	for name, test := range map[string]struct {
		operation string
		answer    int
		first     int // tries of the first call
		longest   time.Duration
		why       posture.Cause
	}{
		"a read hangs":            {disks, 0, 1, time.Minute, posture.Cause{Reason: posture.TimedOut}},
		"a read is unavailable":   {disks, 503, 7, patience + longestWait, posture.Cause{Reason: posture.Failed, Code: "UNAVAILABLE"}},
		"a read is broken":        {disks, 500, 1, 0, posture.Cause{Reason: posture.Failed, Code: "INTERNAL"}},
		"a listing hangs":         {inventoryHost, 0, 2, 121 * time.Second, posture.Cause{Reason: posture.TimedOut, Code: "DEADLINE_EXCEEDED"}},
		"a listing is broken":     {inventoryHost, int(codes.Internal), 7, patience + longestWait, posture.Cause{Reason: posture.Failed, Code: "INTERNAL"}},
		"a listing is unanswered": {inventoryHost, int(codes.Unavailable), 7, patience + longestWait, posture.Cause{Reason: posture.Failed, Code: "UNAVAILABLE"}},
	} {
		t.Run(name, func(t *testing.T) {
			onWire(t, func(ctx context.Context, w *wired) {
				test.why.Operation = test.operation
				w.set(test.operation, test.answer)
				for n := range 2 * trouble.Hopeless {
					tries, took, why := w.call(ctx, test.operation)
					if why != test.why {
						t.Errorf("call %d: %+v, want %+v", n, why, test.why)
					}
					if n == 0 && (tries < test.first || took > test.longest) || n > 0 && (tries > 1 || took > shortTry) {
						t.Errorf("call %d: tried %d times in %s", n, tries, took)
					}
				}
				if test.operation != disks {
					return
				}
				w.set(images, 503)
				if tries, took, _ := w.call(ctx, images); tries != 1 || took > 0 {
					t.Errorf("another call there: tried %d times in %s", tries, took)
				}
				w.set(topics, 503)
				if tries, _, _ := w.call(ctx, topics); tries < 7 {
					t.Errorf("a call elsewhere: tried %d times", tries)
				}
			})
		})
	}
}

// TestManyHang shows that many calls that hang cost no more than a few do.
func TestManyHang(t *testing.T) {
	onWire(t, func(ctx context.Context, w *wired) {
		began := time.Now()
		late := scanners.Each(ctx, directReads, make([]struct{}, 1000), func(ctx context.Context, _ struct{}) {
			if _, _, why := w.call(ctx, disks); why.Reason != posture.TimedOut {
				t.Errorf("why = %+v", why)
			}
		})
		if took := time.Since(began); late != nil || took > attemptTimeout+2*shortTry {
			t.Errorf("a thousand calls took %s: %v", took, late)
		}
	})
}

// TestRecovers shows that a service that answers again is asked as before, be the
// answer that it refuses.
func TestRecovers(t *testing.T) {
	onWire(t, func(ctx context.Context, w *wired) {
		for _, answer := range []int{http.StatusOK, http.StatusForbidden, http.StatusNotFound} {
			w.set(disks, 503)
			if tries, _, _ := w.call(ctx, disks); tries < 7 {
				t.Errorf("tried %d times", tries)
			}
			w.set(disks, answer)
			if tries, _, _ := w.call(ctx, disks); tries != 1 {
				t.Errorf("%d: tried %d times", answer, tries)
			}
		}
	})
}

// TestThrottledInTrouble shows that throttled calls are never given up beside
// calls that fail.
func TestThrottledInTrouble(t *testing.T) {
	onWire(t, func(ctx context.Context, w *wired) {
		w.set(disks, 503)
		w.call(ctx, disks)
		w.set(images, http.StatusTooManyRequests)
		if tries, _, why := w.call(ctx, images); tries != attempts || why.Reason != posture.Throttled {
			t.Errorf("tried %d times: %+v", tries, why)
		}
	})
}

// TestStoppedCallIsNoTrouble shows that calls that the scan itself ended say
// nothing of the service.
func TestStoppedCallIsNoTrouble(t *testing.T) {
	onWire(t, func(ctx context.Context, w *wired) {
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		w.call(short, disks)
		w.set(images, 503)
		if tries, _, _ := w.call(ctx, images); tries < 7 {
			t.Errorf("tried %d times", tries)
		}
	})
}

// TestOperations holds that calls that are alike are one operation.
func TestOperations(t *testing.T) {
	for path, want := range map[string]string{
		"/compute/v1/projects/p/zones/z/disks/d":                         "GET projects/zones/disks",
		"/compute/v1/projects/p/global/networks/n/getEffectiveFirewalls": "GET projects/networks/getEffectiveFirewalls",
		"/v1/projects/p/locations/global/keyRings/k:getIamPolicy":        "GET projects/locations/keyRings/getIamPolicy",
		"/v2/organizations/1/sinks":                                      "GET organizations/sinks",
		"/storage/v1/b/bucket":                                           "GET b",
		"/":                                                              "GET ",
	} {
		request := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}}
		if got := operationOf(request); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// TestOutcomes holds what is trouble.
func TestOutcomes(t *testing.T) {
	if how := outcomeOf(&tokenError{}); how != trouble.Answers {
		t.Errorf("no token: %d", how)
	}
	if how := outcomeOf(&url.Error{Op: "Get", URL: "https://example.com", Err: errors.New("refused")}); how != trouble.Fails {
		t.Errorf("no connection: %d", how)
	}
}
