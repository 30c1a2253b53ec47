package engine

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// TestCheckBody: an answer with a status of success counts only when it is the
// service's own.
func TestCheckBody(t *testing.T) {
	for name, c := range map[string]struct {
		operation, body string
		want            error
	}{
		"a query's answer":     {"sts:GetCallerIdentity", `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"/>`, nil},
		"EC2's, with a prolog": {"ec2:DescribeRegions", "<?xml version=\"1.0\"?>\n<DescribeRegionsResponse/>", nil},
		"S3's":                 {"s3:GetBucketAcl", "<AccessControlPolicy/>", nil},
		"JSON":                 {"kms:ListKeys", `{"Keys": []}`, nil},
		"JSON without members": {"sqs:ListQueues", `{}`, nil},
		"a bucket's policy":    {"s3:GetBucketPolicy", `{"Version": "2012-10-17"}`, nil},
		"nothing":              {"kms:ListKeys", " \n", errEmptyAnswer},
		"a page":               {"s3:GetBucketAcl", "<!DOCTYPE html><html><body>Log in</body></html>", errForeignAnswer},
		"XHTML":                {"s3:GetBucketAcl", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, errForeignAnswer},
		"a prolog only":        {"s3:GetBucketAcl", `<?xml version="1.0"?>`, errForeignAnswer},
		"the service's error":  {"s3:GetBucketAcl", `<Error><Code>SlowDown</Code></Error>`, errForeignAnswer},
		"a query's error":      {"iam:ListUsers", `<ErrorResponse><Error/></ErrorResponse>`, errForeignAnswer},
		"another's answer":     {"s3:GetBucketAcl", `<VersioningConfiguration/>`, errForeignAnswer},
		"a byte order mark":    {"kms:ListKeys", "\ufeff{\"Keys\": []}", errForeignAnswer},
		"a list":               {"kms:ListKeys", `[]`, errForeignAnswer},
		"null":                 {"kms:ListKeys", `null`, errForeignAnswer},
		"half of it":           {"kms:ListKeys", `{"Keys": [`, errForeignAnswer},
		"words":                {"kms:ListKeys", `service unavailable`, errForeignAnswer},
	} {
		if _, got := checkBody(c.operation, http.Header{}, []byte(c.body)); !errors.Is(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestKnows(t *testing.T) {
	for members, want := range map[string]bool{"Account,more": true, "arn": true, "error": false, "message,code": false} {
		if got := knows(&sts.GetCallerIdentityOutput{}, strings.Split(members, ",")); got != want {
			t.Errorf("%s: %v", members, got)
		}
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestReadBody(t *testing.T) {
	for _, length := range []int64{-1, 0, largestAnswer + 1} {
		if _, err := readBody(&smithyhttp.Response{Response: &http.Response{Body: io.NopCloser(endless{}), ContentLength: length}}); !errors.Is(err, errLargeAnswer) {
			t.Errorf("%d: %v", length, err)
		}
	}
}
