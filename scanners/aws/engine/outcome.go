package engine

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"posture/internal/posture"
	"posture/scanners"
)

// NotConfigured turns an error into nil when its code is one by which the API
// answers that nothing is configured. The call's output is nil then.
func NotConfigured(err error, codes ...string) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	for _, code := range codes {
		if api.ErrorCode() == code {
			return nil
		}
	}
	return err
}

// denied holds the codes by which AWS services refuse a call: true where a
// permission would help, false where the credentials or the account are at
// fault.
var denied = map[string]bool{
	"AccessDenied":                  true,
	"AccessDeniedException":         true,
	"AllAccessDisabled":             true,
	"AuthFailure":                   false,
	"AuthorizationError":            true,
	"AuthorizationErrorException":   true,
	"ExpiredToken":                  false,
	"ExpiredTokenException":         false,
	"Forbidden":                     true,
	"ForbiddenException":            true,
	"InvalidAccessKeyId":            false,
	"InvalidClientTokenId":          false,
	"InvalidToken":                  false,
	"NotAuthorized":                 true,
	"OptInRequired":                 false,
	"RequestExpired":                false,
	"SignatureDoesNotMatch":         false,
	"SubscriptionRequiredException": false,
	"UnauthorizedException":         true,
	"UnauthorizedOperation":         true,
	"UnrecognizedClientException":   false,
}

// lapsed holds those of them that say that the credentials are none, or
// none any longer.
var lapsed = map[string]bool{
	"AuthFailure": true, "ExpiredToken": true, "ExpiredTokenException": true, "InvalidAccessKeyId": true, "InvalidClientTokenId": true,
	"InvalidToken": true, "RequestExpired": true, "SignatureDoesNotMatch": true, "UnrecognizedClientException": true,
}

// cause says why a call failed, given the permission of each operation.
func cause(err error, permissions map[string]string) posture.Cause {
	var known *posture.ReadError
	if errors.As(err, &known) {
		return known.Cause
	}
	var c posture.Cause
	if operation := innermost(err); operation != nil {
		c.Operation = prefix(operation.ServiceID) + ":" + operation.OperationName
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		c.Code = api.ErrorCode()
	}
	c.Reason, c.Code = reason(err, c.Code)
	helps, listed := denied[c.Code]
	switch {
	case c.Reason != posture.Denied:
	case refusedBy(messageOf(err)) != posture.Denied:
		c.Reason = refusedBy(messageOf(err))
	case helps || !listed:
		c.Permission = permissions[c.Operation]
	}
	return c
}

// messageOf returns what the API wrote about an error, "" for nothing.
func messageOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// innermost returns the operation that failed: where a call failed because
// its credentials could not be had, the one that was to give them.
func innermost(err error) *smithy.OperationError {
	var found, deeper *smithy.OperationError
	for errors.As(err, &deeper) {
		found, err = deeper, deeper.Err
	}
	return found
}

// Refusal returns the error of a call that was made outside of a scan, with
// its cause and without the text of the API's answer.
func Refusal(doing string, err error) error {
	known := permissions(nil)
	known["sts:AssumeRole"] = "sts:AssumeRole"
	why := cause(err, known)
	return &posture.ReadError{Cause: why, Err: plainError{doing, why, err}, Said: scanners.WithoutSecrets(messageOf(err))}
}

// plainError is the failure of a call without the text of the API's answer,
// which may quote the request and its credentials.
type plainError struct {
	doing string
	cause posture.Cause
	err   error
}

func (e plainError) Error() string {
	var api smithy.APIError
	if !errors.As(e.err, &api) {
		return fmt.Sprintf("%s: %v", e.doing, e.err)
	}
	return fmt.Sprintf("%s: %s", e.doing, e.cause)
}

func (e plainError) Unwrap() error { return e.err }

// reason sorts an error with the code of the API, if it has one, into the
// closed set of reasons. It returns what is known beside the reason: that code,
// or in its place the status of the answer.
func reason(err error, code string) (posture.Reason, string) {
	_, refused := denied[code]
	status := httpStatus(err)
	switch {
	case throttles(code):
		return posture.Throttled, code
	case lapsed[code]:
		return posture.NoCredentials, code
	case refused, status == http.StatusUnauthorized, status == http.StatusForbidden:
		return posture.Denied, code
	case status == http.StatusTooManyRequests:
		return posture.Throttled, code
	case code != "" && code != noCode:
		return posture.Failed, code
	}
	return scanners.ReasonOf(err, status)
}

// noCode is what the SDK says where an answer holds no code.
const noCode = "UnknownError"

// moreThrottles holds codes that the SDK does not know to mean throttling.
var moreThrottles = map[string]struct{}{
	"Throttled":       {}, // SNS
	"TooManyRequests": {}, // EFS
}

// throttles reports whether a code tells the caller to slow down.
func throttles(code string) bool {
	_, known := retry.DefaultThrottleErrorCodes[code]
	_, more := moreThrottles[code]
	return known || more
}

// httpStatus returns the status of the answer that made a call fail, 0 for none.
func httpStatus(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
