package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"posture/internal/store"
)

// TestBucketRegion holds what is made of S3's answers about a bucket.
func TestBucketRegion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		region string
		want   string
		code   int
	}{
		"here":                 {http.StatusOK, "us-east-1", "us-east-1", exitFine},
		"elsewhere":            {http.StatusMovedPermanently, "eu-west-1", "eu-west-1", exitFine},
		"elsewhere, as signed": {http.StatusBadRequest, "eu-west-1", "eu-west-1", exitFine},
		"closed":               {http.StatusForbidden, "eu-west-1", "eu-west-1", exitFine},
		"closed and silent":    {http.StatusForbidden, "", "", exitFine},
		"nowhere":              {http.StatusNotFound, "", "", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.region != "" {
					w.Header().Set("X-Amz-Bucket-Region", test.region)
				}
				w.WriteHeader(test.status)
			}))
			defer server.Close()
			region, err := bucketRegion(context.Background(), s3Client(awsAt(server.URL)), store.URL{Scheme: store.SchemeS3, Bucket: "results"})
			if region != test.want || codeOf(err) != test.code {
				t.Errorf("got %q, %v, want %q and exit code %d", region, err, test.want, test.code)
			}
		})
	}
}

// TestNoNetwork holds that what time may fix is no mistake of the user.
func TestNoNetwork(t *testing.T) {
	t.Parallel()
	_, err := bucketRegion(context.Background(), s3Client(awsAt("http://127.0.0.1:1")), store.URL{Scheme: store.SchemeS3, Bucket: "results"})
	if codeOf(err) != exitIncomplete {
		t.Fatalf("got %v, want exit code %d", err, exitIncomplete)
	}
	want := "store s3://results: S3 HeadBucket got no answer: dial tcp 127.0.0.1:1: connect: connection refused"
	if got := plain(err); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// awsAt returns the configuration of clients of a server.
func awsAt(url string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIA", "made-up", ""),
	}
}
