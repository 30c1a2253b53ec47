package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/api/googleapi"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/posture"
	"posture/scanners"
)

// cause says why a call failed. The permissions are those of permissions,
// which services cannot ask for themselves: their declarations make them up.
func cause(err error, permissions map[string]string) posture.Cause {
	err = firstOf(err)
	var known *posture.ReadError
	if errors.As(err, &known) {
		return known.Cause
	}
	var missing notListedError
	if errors.As(err, &missing) {
		return posture.Cause{Reason: posture.NotListed, Operation: listOperation(missing.content)}
	}
	var c posture.Cause
	var call *scanners.CallError
	if errors.As(err, &call) {
		c.Operation = call.Operation
	}
	c.Reason, c.Code = reason(err)
	if c.Reason == posture.Denied && c.Code == "PERMISSION_DENIED" {
		c.Permission = permissions[c.Operation]
	}
	return c
}

// firstOf returns the first of several errors that were joined, each with a cause of
// its own: the reason of one says nothing of the call of another. Others it returns
// as they are.
func firstOf(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	caused := func(one error) bool {
		return errors.As(one, new(*scanners.CallError)) || errors.As(one, new(*posture.ReadError)) || errors.As(one, new(notListedError))
	}
	all := joined.Unwrap()
	first := slices.IndexFunc(all, caused)
	if first < 0 || len(all) > 1 && !slices.ContainsFunc(all[first+1:], caused) {
		return err
	}
	return firstOf(all[first])
}

// reason sorts an error into the closed set of reasons, and returns the API's
// own word for it, or what else is known.
func reason(err error) (posture.Reason, string) {
	grpc := grpcCode(err)
	why, named := refusedBy(err)
	switch {
	case named != "":
		return why, named
	case grpc == codes.PermissionDenied:
		return posture.Denied, codeNames[grpc]
	case grpc == codes.Unauthenticated:
		return posture.NoCredentials, codeNames[grpc]
	case grpc == codes.ResourceExhausted:
		return posture.Throttled, codeNames[grpc]
	case grpc == codes.DeadlineExceeded, grpc == codes.Canceled:
		return posture.TimedOut, codeNames[grpc]
	case codeNames[grpc] != "":
		return posture.Failed, codeNames[grpc]
	}
	return scanners.ReasonOf(err, 0)
}

// code returns the API's own word for what went wrong, "" for none.
func code(err error) string {
	_, named := reason(err)
	return named
}

// messageOf returns what the API wrote about an error, "" for nothing.
func messageOf(err error) string {
	var rest *googleapi.Error
	var answered interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &rest):
		return rest.Message
	case errors.As(err, &answered):
		return answered.GRPCStatus().Message()
	}
	return ""
}

// codeNames are the names that Google's APIs give to the codes.
var codeNames = map[codes.Code]string{
	codes.InvalidArgument: "INVALID_ARGUMENT", codes.FailedPrecondition: "FAILED_PRECONDITION", codes.OutOfRange: "OUT_OF_RANGE",
	codes.Unauthenticated: "UNAUTHENTICATED", codes.PermissionDenied: "PERMISSION_DENIED", codes.NotFound: "NOT_FOUND",
	codes.Aborted: "ABORTED", codes.AlreadyExists: "ALREADY_EXISTS", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.Canceled: "CANCELLED", codes.DataLoss: "DATA_LOSS", codes.Internal: "INTERNAL", codes.Unimplemented: "UNIMPLEMENTED",
	codes.Unavailable: "UNAVAILABLE", codes.DeadlineExceeded: "DEADLINE_EXCEEDED",
}

// grpcCode returns the code of an answer, of REST APIs too; Unknown for errors
// that are no answers.
func grpcCode(err error) codes.Code {
	var rest *googleapi.Error
	if errors.As(err, &rest) {
		return codeOfHTTP(rest)
	}
	var answered interface{ GRPCStatus() *status.Status }
	if errors.As(err, &answered) {
		return answered.GRPCStatus().Code()
	}
	return codes.Unknown
}

func codeOfHTTP(err *googleapi.Error) codes.Code {
	for _, item := range err.Errors {
		if strings.HasSuffix(item.Reason, "ateLimitExceeded") || item.Reason == "quotaExceeded" {
			return codes.ResourceExhausted
		}
	}
	switch err.Code {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return codes.DeadlineExceeded
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	}
	return codes.Internal
}

// details returns what an answer says of itself beside its code.
func details(err error) apierror.ErrDetails {
	parsed, ok := apierror.FromError(err)
	if !ok {
		return apierror.ErrDetails{}
	}
	return parsed.Details()
}

func errorInfo(err error) *errdetails.ErrorInfo { return details(err).ErrorInfo }

// retryDelay returns how long an answer asks to wait, 0 when it does not.
func retryDelay(err error) time.Duration {
	if info := details(err).RetryInfo; info != nil {
		return min(info.GetRetryDelay().AsDuration(), longestWait)
	}
	return 0
}

// refusal returns the error of a call that nothing can go on without, with its
// cause, what to do about it, and without the text of the answer, which may
// quote the request.
func (i *Inventory) refusal(doing string, err error) error {
	c := cause(err, i.permission)
	what := fmt.Sprintf("%s: %s", doing, c)
	var token *tokenError
	if errors.As(err, &token) {
		return &posture.ReadError{Cause: c, Err: &saidError{doing + ": " + token.Error(), err}}
	}
	code := c.Code
	if errors.Is(err, context.DeadlineExceeded) { // here, before the call was made or answered
		code = codeNames[codes.DeadlineExceeded]
	}
	switch code {
	case "DEADLINE_EXCEEDED":
		what = doing + ": Google Cloud does not answer in time: try again, and check the network"
	case "UNAVAILABLE":
		what = doing + ": " + unanswered(err)
	case "USER_PROJECT_DENIED":
		what = doing + ": you may not use the quota project: grant roles/serviceusage.serviceUsageConsumer on it, or take another: " + setQuota
	case "CONSUMER_INVALID":
		what = doing + ": there is no such quota project: take another: " + setQuota
	case "ACCESS_TOKEN_EXPIRED":
		what = doing + ": your Google Cloud sign-in has expired, run: gcloud auth application-default login"
	case serviceDisabled:
		what = doing + ": " + enable(err)
	case "PERMISSION_DENIED":
		what += "; check the name, then grant the role: " + i.root.role()
	case "NOT_FOUND":
		what += ": there is no such thing, or the credentials may not see it"
	case "UNAUTHENTICATED":
		what += "; " + signIn
	case "":
		what = fmt.Sprintf("%s: %v", doing, err)
	}
	return &posture.ReadError{Cause: c, Err: &saidError{what, err}, Said: scanners.WithoutSecrets(messageOf(err))}
}

const setQuota = "gcloud auth application-default set-quota-project PROJECT"

// gcloudsOwn is the project of gcloud itself, which calls are made from where a
// sign-in names no quota project.
const gcloudsOwn = "764086051850"

const signIn = "sign in (gcloud auth application-default login) or set GOOGLE_APPLICATION_CREDENTIALS"

// enable says which API is off, where, and how to enable it.
func enable(err error) string {
	about := errorInfo(err).GetMetadata()
	service, project := about["service"], strings.TrimPrefix(about["consumer"], "projects/")
	if service == "" {
		service = "cloudasset.googleapis.com"
	}
	if project == "" {
		project = "PROJECT"
	}
	if project == gcloudsOwn {
		return "your sign-in names no quota project, which pays for the calls: " + setQuota
	}
	return fmt.Sprintf("the API %s is not enabled in project %s; enable it: gcloud services enable %s --project %s", service, project, service, project)
}
