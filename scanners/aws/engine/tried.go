package engine

import (
	"context"
	"errors"
	"net/http"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"posture/scanners"
)

// LogTries makes a client tell of each request, and of its answer, whoever
// scanners.LogTries named.
func LogTries(stack *middleware.Stack) error {
	const name = "posture.tried"
	_, told := stack.Finalize.Get(name)
	if _, retries := stack.Finalize.Get("Retry"); told || !retries {
		return nil
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc(name, tell), "Retry", middleware.After)
}

func tell(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	began := time.Now()
	out, metadata, err := next.HandleFinalize(ctx, in)
	scanners.Tried(ctx, func() scanners.Try { return triedOf(ctx, metadata, err, time.Since(began)) })
	return out, metadata, err
}

// triedOf says what came of a try of the call that the context is of.
func triedOf(ctx context.Context, metadata middleware.Metadata, err error, took time.Duration) scanners.Try {
	tried := scanners.Try{
		Operation: prefix(awsmiddleware.GetServiceID(ctx)) + ":" + awsmiddleware.GetOperationName(ctx),
		Place:     awsmiddleware.GetRegion(ctx), Status: httpStatus(err), Took: took, Said: messageOf(err),
	}
	tried.RequestID, _ = awsmiddleware.GetRequestIDMetadata(metadata)
	if response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response); ok && response != nil && response.Response != nil {
		tried.Status = response.StatusCode
	}
	var named interface{ ServiceRequestID() string }
	if tried.RequestID == "" && errors.As(err, &named) {
		tried.RequestID = named.ServiceRequestID()
	}
	if err != nil && (tried.Status == 0 || tried.Status >= http.StatusMultipleChoices) {
		tried.Code = codeOf(err)
	}
	return tried
}

// codeOf returns the API's code of an error, or why there is none.
func codeOf(err error) string {
	var api smithy.APIError
	known := ""
	if errors.As(err, &api) {
		known = api.ErrorCode()
	}
	why, code := reason(err, known)
	if code == "" {
		return string(why)
	}
	return code
}
