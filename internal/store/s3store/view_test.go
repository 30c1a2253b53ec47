package s3store_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
	"posture/internal/store/s3store"
)

// signedIn returns a bucket as a client sees it whose credentials end at a time, if
// they do.
func signedIn(region, endpoint string, end time.Time) store.Viewable {
	o := s3.Options{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "never-shown", SessionToken: "token", CanExpire: !end.IsZero(), Expires: end}, nil
	})}
	if endpoint != "" {
		o.BaseEndpoint = &endpoint
	}
	return s3store.New(s3.New(o), "results", "posture").(store.Viewable)
}

// TestAddress holds where the console shows what is kept.
func TestAddress(t *testing.T) {
	for _, row := range []struct{ region, endpoint, key, want string }{
		{"eu-west-1", "", "weekly/a.html", "https://console.aws.amazon.com/s3/object/results?prefix=posture%2Fweekly%2Fa.html&region=eu-west-1"},
		{"eu-west-1", "", "runs/r/", "https://console.aws.amazon.com/s3/buckets/results?prefix=posture%2Fruns%2Fr%2F&region=eu-west-1"},
		{"us-gov-west-1", "", "a", "https://console.amazonaws-us-gov.com/s3/object/results?prefix=posture%2Fa&region=us-gov-west-1"},
		{"cn-north-1", "", "a", "https://console.amazonaws.cn/s3/object/results?prefix=posture%2Fa&region=cn-north-1"},
		{"eu-west-1", "http://localhost:1", "a", ""},
	} {
		if got := signedIn(row.region, row.endpoint, time.Time{}).Address(row.key); got != row.want {
			t.Errorf("%s %s: %s, want %s", row.region, row.key, got, row.want)
		}
	}
}

// TestShare: a signed address opens one object, for seven days at most and not
// longer than the credentials say that they hold, and shows no secret.
func TestShare(t *testing.T) {
	soon := time.Now().Add(time.Hour).UTC()
	for name, row := range map[string]struct {
		end     time.Time
		lasting time.Duration
		seconds string
		until   time.Duration
	}{
		"for good": {time.Time{}, 30 * 24 * time.Hour, "604800", 7 * 24 * time.Hour},
		"a day":    {time.Time{}, 24 * time.Hour, "86400", 24 * time.Hour},
		"a role's": {soon, 24 * time.Hour, "86400", time.Hour},
	} {
		address, until, err := signedIn("eu-west-1", "", row.end).Share(t.Context(), "weekly/a.html", row.lasting)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{parsed.Scheme, parsed.Host, parsed.Path, parsed.Query().Get("X-Amz-Expires"), parsed.Query().Get("x-id"), parsed.Query().Get("response-content-type")}
		want := []string{"https", "results.s3.eu-west-1.amazonaws.com", "/posture/weekly/a.html", row.seconds, "GetObject", "text/html; charset=utf-8"}
		if diff := cmp.Diff(want, got); diff != "" || strings.Contains(address, "never-shown") {
			t.Errorf("%s: %s", name, diff)
		}
		if off := time.Until(until) - row.until; off > time.Minute || off < -time.Minute {
			t.Errorf("%s: until %s", name, until)
		}
	}
}

// TestShareNeedsCredentials: without any there is no address.
func TestShareNeedsCredentials(t *testing.T) {
	o := s3.Options{Region: "eu-west-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, http.ErrServerClosed
	})}
	if address, _, err := s3store.New(s3.New(o), "results", "").(store.Viewable).Share(t.Context(), "a", time.Hour); err == nil || address != "" {
		t.Errorf("%s, %v", address, err)
	}
}
