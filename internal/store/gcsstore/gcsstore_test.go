package gcsstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/api/option"

	"posture/internal/snapshot/snapshottest"
	"posture/internal/store"
	"posture/internal/store/gcsstore"
	"posture/internal/store/storetest"
)

// cloud is an emulator on a loopback port.
type cloud struct {
	server *fakestorage.Server
	url    string
	made   atomic.Int32 // buckets
}

func startCloud(t *testing.T) *cloud {
	t.Helper()
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true})
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server.HTTPHandler())
	t.Cleanup(listening.Close)
	return &cloud{server: server, url: listening.URL}
}

// client talks to the emulator through a transport.
func (c *cloud) client(t *testing.T, transport http.RoundTripper) *storage.Client {
	t.Helper()
	client, err := gcsstore.NewClient(context.Background(),
		option.WithEndpoint(c.url+"/storage/v1/"), option.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// bucket makes an empty bucket and returns its name.
func (c *cloud) bucket() string {
	name := fmt.Sprintf("store-%d", c.made.Add(1))
	c.server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
	return name
}

func TestStore(t *testing.T) {
	cloud := startCloud(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		return gcsstore.New(cloud.client(t, http.DefaultTransport), cloud.bucket(), "an installation/1/")
	})
}

// creator is a client's way that may create objects and replace none, as one with
// roles/storage.objectCreator: Cloud Storage may look at that before it looks at
// the condition of a put.
type creator struct{ refuses atomic.Int32 }

func (c *creator) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost || answer.StatusCode != http.StatusPreconditionFailed {
		return answer, err
	}
	c.refuses.Add(1)
	_ = answer.Body.Close()
	answer.StatusCode, answer.Status = http.StatusForbidden, "403 Forbidden"
	answer.Body = io.NopCloser(strings.NewReader(`{"error": {"code": 403, "message": "denied"}}`))
	return answer, nil
}

// TestCreatorOnly holds that who may only create learns that an object is there,
// and takes no other refusal for it.
func TestCreatorOnly(t *testing.T) {
	cloud := startCloud(t)
	way := new(creator)
	s := gcsstore.New(cloud.client(t, way), cloud.bucket(), "")
	if _, err := s.PutIfAbsent(t.Context(), "runs/a", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIfAbsent(t.Context(), "runs/a", []byte("two")); !errors.Is(err, store.ErrExists) || way.refuses.Load() == 0 {
		t.Errorf("put again after %d refusals: %v, want ErrExists", way.refuses.Load(), err)
	}
	closed := gcsstore.New(cloud.client(t, refusing{}), cloud.bucket(), "")
	if _, err := closed.PutIfAbsent(t.Context(), "runs/b", []byte("one")); err == nil || errors.Is(err, store.ErrExists) {
		t.Errorf("put where nothing is, refused: %v", err)
	}
}

// refusing refuses every put.
type refusing struct{}

func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return http.DefaultTransport.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: http.StatusForbidden, Status: "403 Forbidden", Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"error": {"code": 403, "message": "denied"}}`)),
	}, nil
}

func TestRuns(t *testing.T) {
	cloud := startCloud(t)
	snapshottest.Run(t, gcsstore.New(cloud.client(t, http.DefaultTransport), cloud.bucket(), "runs of/1"))
}

func TestPrefix(t *testing.T) {
	cloud := startCloud(t)
	client, bucket := cloud.client(t, http.DefaultTransport), cloud.bucket()
	if err := client.Bucket(bucket).Object("a/b/folder/").NewWriter(t.Context()).Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Prefixes(t, func(prefix string) store.Store { return gcsstore.New(client, bucket, prefix) })
	if got, want := gcsstore.New(client, bucket, "a/b/").String(), "gs://"+bucket+"/a/b"; got != want {
		t.Errorf("store is called %s, want %s", got, want)
	}
}

func TestNoBucket(t *testing.T) {
	client := startCloud(t).client(t, http.DefaultTransport)
	storetest.NoBucket(t, gcsstore.New(client, "no-such-bucket", ""), "1")
}

// isPut tells uploads from other requests.
func isPut(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/upload/")
}

func TestFaults(t *testing.T) {
	cloud := startCloud(t)
	place := func(t *testing.T) func(http.RoundTripper) store.Store {
		bucket := cloud.bucket()
		return func(transport http.RoundTripper) store.Store {
			return gcsstore.New(cloud.client(t, transport), bucket, "")
		}
	}
	storetest.Faults(t, storetest.Wire{Place: place, IsPut: isPut, NoVersion: "123"})
}

// A version that is no generation is no object's; 0 would ask for absence.
func TestVersions(t *testing.T) {
	cloud := startCloud(t)
	s := gcsstore.New(cloud.client(t, http.DefaultTransport), cloud.bucket(), "")
	for _, version := range []string{"", "0", "-1", "x", `"1"`, "9223372036854775808"} {
		if _, err := s.PutIfMatch(t.Context(), "a", version, []byte("x")); !errors.Is(err, store.ErrConflict) {
			t.Errorf("replace version %q: %v, want ErrConflict", version, err)
		}
	}
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v, want ErrNotFound", err)
	}
}

// recorded keeps what is asked of the emulator.
type recorded struct {
	mu    sync.Mutex
	asked []string
}

func (r *recorded) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.asked = append(r.asked, request.Method+" "+request.URL.RequestURI())
	r.mu.Unlock()
	return http.DefaultTransport.RoundTrip(request)
}

// A put is one request with a condition and without ACLs, and that a bucket
// exists is asked once.
func TestRequests(t *testing.T) {
	cloud := startCloud(t)
	var log recorded
	s := gcsstore.New(cloud.client(t, &log), cloud.bucket(), "")
	for range 3 {
		if _, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if len(log.asked) != 4 {
		t.Errorf("three reads of what is not there: %q, want one request more", log.asked)
	}
	log.asked = nil
	if _, err := s.PutIfAbsent(t.Context(), "a", make([]byte, 20<<20)); err != nil {
		t.Fatal(err)
	}
	if len(log.asked) != 1 || !strings.Contains(log.asked[0], "ifGenerationMatch=0") || strings.Contains(strings.ToLower(log.asked[0]), "acl=") {
		t.Errorf("put: %q, want one request that asks for absence and sets no ACL", log.asked)
	}
}

// noToken is a transport whose credentials give no token.
type noToken struct{}

func (noToken) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &auth.Error{Err: errors.New("credentials have expired"), Response: &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader(""))}}
}

func TestNoToken(t *testing.T) {
	cloud := startCloud(t)
	start := time.Now()
	_, err := gcsstore.New(cloud.client(t, noToken{}), cloud.bucket(), "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("put without credentials: %v after %v", err, time.Since(start))
	}
}
