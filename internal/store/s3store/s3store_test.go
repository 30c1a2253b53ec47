package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"posture/internal/mototest"
	"posture/internal/store"
	"posture/internal/store/s3store"
	"posture/internal/store/storetest"
)

// newClient talks to the emulator through a transport.
func newClient(t *testing.T, transport http.RoundTripper) *s3.Client {
	t.Helper()
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(mototest.Start(t)),
		Region:       "us-east-1",
		HTTPClient:   &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

// buckets numbers the buckets of this process.
var buckets atomic.Int32

// newBucket makes an empty bucket and returns its name.
func newBucket(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("store-%d", buckets.Add(1))
	client := newClient(t, http.DefaultTransport)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}, func(o *s3.Options) { o.UsePathStyle = true })
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return s3store.New(newClient(t, http.DefaultTransport), newBucket(t), "an installation/1/")
	})
}

// Stores in one bucket do not see each other, nor what is no key.
func TestPrefix(t *testing.T) {
	bucket := newBucket(t)
	client := newClient(t, http.DefaultTransport)
	for _, prefix := range []string{"", "a", "a/b", "ab"} {
		if _, err := s3store.New(client, bucket, prefix).PutIfAbsent(t.Context(), "k"+prefix, []byte(prefix)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a/b/folder/"), Body: strings.NewReader("")},
		func(o *s3.Options) { o.UsePathStyle = true })
	if err != nil {
		t.Fatal(err)
	}
	s := s3store.New(client, bucket, "a/b")
	for entry, err := range s.List(t.Context(), "") {
		if err != nil || entry.Key != "ka/b" {
			t.Errorf("entry %+v, %v", entry, err)
		}
	}
	if want := "s3://" + bucket + "/a/b"; s.String() != want {
		t.Errorf("store is called %s, want %s", s, want)
	}
}

// That the bucket is absent is neither an absent object nor a conflict.
func TestNoBucket(t *testing.T) {
	s := s3store.New(newClient(t, http.DefaultTransport), "no-such-bucket", "")
	_, get := s.Get(t.Context(), "a")
	_, absent := s.PutIfAbsent(t.Context(), "a", nil)
	_, match := s.PutIfMatch(t.Context(), "a", `"1"`, nil)
	for call, err := range map[string]error{"get": get, "put": absent, "replace": match} {
		if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// fault does something else to the first requests of a method.
type fault struct {
	method string
	times  atomic.Int32
	do     func(*http.Request) (*http.Response, error)
}

func (f *fault) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == f.method && f.times.Add(-1) >= 0 {
		return f.do(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// answer is an S3 error.
func answer(r *http.Request, status int, code string) (*http.Response, error) {
	body := "<Error><Code>" + code + "</Code><Message>as the test wants it</Message></Error>"
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// loseAfter applies a request and then says something else.
func loseAfter(otherwise func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
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

func reset(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func status(code int, name string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) { return answer(r, code, name) }
}

// Whatever happens to an answer, a put that was applied is a success and one
// that lost is a loss.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(*http.Request) (*http.Response, error)
		times int
	}{
		"answer lost":              {loseAfter(reset), 1},
		"answer lost to the end":   {loseAfter(reset), 100},
		"error after it was done":  {loseAfter(status(500, "InternalError")), 1},
		"request lost":             {reset, 2},
		"throttled":                {status(503, "SlowDown"), 2},
		"another put under way":    {status(409, "ConditionalRequestConflict"), 2},
		"time-out after it was ok": {loseAfter(status(408, "RequestTimeout")), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := newBucket(t)
			plain := s3store.New(newClient(t, http.DefaultTransport), bucket, "")
			faulty := func() store.Store {
				f := &fault{method: http.MethodPut, do: c.do}
				f.times.Store(int32(c.times))
				return s3store.New(newClient(t, f), bucket, "")
			}
			version, err := faulty().PutIfAbsent(t.Context(), "a", []byte("one"))
			if err != nil {
				t.Fatalf("put: %v", err)
			}
			if version, err = faulty().PutIfMatch(t.Context(), "a", version, []byte("two")); err != nil {
				t.Fatalf("replace: %v", err)
			}
			body, got, err := store.Read(t.Context(), plain, "a", 10)
			if err != nil || !bytes.Equal(body, []byte("two")) || got != version {
				t.Errorf("read %q version %s, %v; want version %s", body, got, err, version)
			}
			if c.times == 100 {
				return
			}
			if _, err := faulty().PutIfAbsent(t.Context(), "a", []byte("other")); !errors.Is(err, store.ErrExists) {
				t.Errorf("put over another's: %v, want ErrExists", err)
			}
			if _, err := faulty().PutIfMatch(t.Context(), "a", `"0123"`, []byte("three")); !errors.Is(err, store.ErrConflict) {
				t.Errorf("replace of another version: %v, want ErrConflict", err)
			}
		})
	}
}

// When it cannot be found out whether a put was applied, the error claims
// neither.
func TestUnknownOutcome(t *testing.T) {
	bucket := newBucket(t)
	dead := &fault{method: http.MethodPut, do: reset}
	dead.times.Store(1000)
	_, err := s3store.New(newClient(t, dead), bucket, "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || errors.Is(err, store.ErrExists) {
		t.Errorf("put: %v", err)
	}
}

// A refusal is told at once.
func TestRefused(t *testing.T) {
	bucket := newBucket(t)
	denied := &fault{method: http.MethodPut, do: status(403, "AccessDenied")}
	denied.times.Store(1)
	_, err := s3store.New(newClient(t, denied), bucket, "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") || denied.times.Load() != 0 {
		t.Errorf("put: %v", err)
	}
	start := time.Now()
	client := s3.New(s3.Options{BaseEndpoint: aws.String(mototest.Start(t)), Region: "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("credentials have expired")
		})})
	_, err = s3store.New(client, bucket, "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "have expired") || time.Since(start) > 5*time.Second {
		t.Errorf("put without credentials: %v after %v", err, time.Since(start))
	}
}
