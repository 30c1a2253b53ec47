package aws

import (
	"context"
	"errors"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"posture/internal/posture"
)

var errPanic = errors.New("the scanner stopped on a mistake of its own")

// notConfigured turns an error into nil when its code is one by which the API
// answers that nothing is configured. The call's output is nil then.
func notConfigured(err error, codes ...string) error {
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

// denied holds the codes by which AWS services refuse a call.
var denied = map[string]bool{
	"AccessDenied":                  true,
	"AccessDeniedException":         true,
	"AllAccessDisabled":             true,
	"AuthFailure":                   true,
	"AuthorizationError":            true,
	"AuthorizationErrorException":   true,
	"ExpiredToken":                  true,
	"ExpiredTokenException":         true,
	"InvalidAccessKeyId":            true,
	"InvalidClientTokenId":          true,
	"NotAuthorized":                 true,
	"OptInRequired":                 true,
	"SignatureDoesNotMatch":         true,
	"SubscriptionRequiredException": true,
	"UnauthorizedOperation":         true,
	"UnrecognizedClientException":   true,
}

// cause says why a call failed.
func (a *account) cause(err error) posture.Cause { return cause(err, a.permission) }

func cause(err error, permission map[string]string) posture.Cause {
	var c posture.Cause
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		c.Operation = prefix(operation.ServiceID) + ":" + operation.OperationName
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		c.Code = api.ErrorCode()
	}
	c.Reason = reason(err, c.Code)
	if c.Reason == posture.Denied {
		c.Permission = permission[c.Operation]
	}
	return c
}

// reason sorts an error into the closed set of reasons.
func reason(err error, code string) posture.Reason {
	var network net.Error
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	switch {
	case denied[code]:
		return posture.Denied
	case throttled:
		return posture.Throttled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.As(err, &network) && network.Timeout():
		return posture.TimedOut
	default:
		return posture.Failed
	}
}
