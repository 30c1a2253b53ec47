package s3store_test

import (
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

func TestPrefix(t *testing.T) {
	bucket := newBucket(t)
	client := newClient(t, http.DefaultTransport)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a/b/folder/"), Body: strings.NewReader("")},
		func(o *s3.Options) { o.UsePathStyle = true })
	if err != nil {
		t.Fatal(err)
	}
	storetest.Prefixes(t, func(prefix string) store.Store { return s3store.New(client, bucket, prefix) })
	if got, want := s3store.New(client, bucket, "a/b/").String(), "s3://"+bucket+"/a/b"; got != want {
		t.Errorf("store is called %s, want %s", got, want)
	}
}

func TestNoBucket(t *testing.T) {
	storetest.NoBucket(t, s3store.New(newClient(t, http.DefaultTransport), "no-such-bucket", ""), `"1"`)
}

func isPut(r *http.Request) bool { return r.Method == http.MethodPut }

func TestFaults(t *testing.T) {
	place := func(t *testing.T) func(http.RoundTripper) store.Store {
		bucket := newBucket(t)
		return func(transport http.RoundTripper) store.Store { return s3store.New(newClient(t, transport), bucket, "") }
	}
	storetest.Faults(t, storetest.Wire{Place: place, IsPut: isPut, NoVersion: `"0123"`})
}

// coded is an S3 error.
func coded(status int, code string) storetest.Answerer {
	return func(r *http.Request) (*http.Response, error) {
		answer, err := storetest.Answer(status)(r)
		answer.Header.Set("Content-Type", "application/xml")
		answer.Body = io.NopCloser(strings.NewReader("<Error><Code>" + code + "</Code><Message>as the test wants it</Message></Error>"))
		return answer, err
	}
}

// S3 asks to try again when another put of the key is under way.
func TestBusy(t *testing.T) {
	bucket := newBucket(t)
	busy := &storetest.Fault{IsPut: isPut, Do: coded(409, "ConditionalRequestConflict")}
	busy.Times.Store(2)
	if _, err := s3store.New(newClient(t, busy), bucket, "").PutIfAbsent(t.Context(), "a", []byte("x")); err != nil {
		t.Error(err)
	}
}

// A refusal is told at once.
func TestRefused(t *testing.T) {
	bucket := newBucket(t)
	denied := &storetest.Fault{IsPut: isPut, Do: coded(403, "AccessDenied")}
	denied.Times.Store(1)
	_, err := s3store.New(newClient(t, denied), bucket, "").PutIfAbsent(t.Context(), "a", []byte("x"))
	if err == nil || !strings.Contains(err.Error(), "AccessDenied") || denied.Times.Load() != 0 {
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
