package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

// failed returns the error of a call as the SDK wraps it.
func failed(err error) error {
	return &smithy.OperationError{ServiceID: "S3", OperationName: "GetBucketVersioning", Err: err}
}

func api(code string) error { return &smithy.GenericAPIError{Code: code, Message: "secret"} }

func status(status int, err error) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
	}}
}

func TestCause(t *testing.T) {
	const op = "s3:GetBucketVersioning"
	permission := map[string]string{op: "s3:Read"}
	tests := map[string]struct {
		err  error
		want posture.Cause
	}{
		"refused":              {api("AccessDenied"), posture.Cause{Reason: posture.Denied, Code: "AccessDenied", Permission: "s3:Read"}},
		"credentials ran out":  {api("ExpiredToken"), posture.Cause{Reason: posture.NoCredentials, Code: "ExpiredToken"}},
		"refused, code hidden": {status(403, api("UnknownError")), posture.Cause{Reason: posture.Denied, Code: "UnknownError", Permission: "s3:Read"}},
		"throttled":            {status(503, api("SlowDown")), posture.Cause{Reason: posture.Throttled, Code: "SlowDown"}},
		"throttled by SNS":     {api("Throttled"), posture.Cause{Reason: posture.Throttled, Code: "Throttled"}},
		"throttled, by status": {status(429, api("Odd")), posture.Cause{Reason: posture.Throttled, Code: "Odd"}},
		"scan out of time":     {fmt.Errorf("wait: %w", context.DeadlineExceeded), posture.Cause{Reason: posture.TimedOut}},
		"scan stopped":         {context.Canceled, posture.Cause{Reason: posture.TimedOut}},
		"no answer in time":    {&net.DNSError{IsTimeout: true}, posture.Cause{Reason: posture.TimedOut}},
		"AWS fell over":        {status(500, api("InternalError")), posture.Cause{Reason: posture.Failed, Code: "InternalError"}},
		"malformed":            {&smithy.DeserializationError{Err: errors.New("text")}, posture.Cause{Reason: posture.Malformed}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.Operation = op
			if diff := cmp.Diff(test.want, cause(failed(test.err), permission)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(posture.Cause{Reason: posture.Mistake}, cause(scanners.ErrPanic, permission)); diff != "" {
		t.Errorf("panic (-want +got):\n%s", diff)
	}
}

func TestNotConfigured(t *testing.T) {
	missing := failed(api("NoSuchBucketPolicy"))
	if err := NotConfigured(missing, "Other", "NoSuchBucketPolicy"); err != nil {
		t.Errorf("err = %v, want none", err)
	}
	for _, err := range []error{missing, failed(api("AccessDenied")), errors.New("reset")} {
		if got := NotConfigured(err, "Other"); !errors.Is(got, err) {
			t.Errorf("err = %v, want %v", got, err)
		}
	}
	if err := NotConfigured(nil, "Other"); err != nil {
		t.Errorf("err = %v, want none", err)
	}
}
