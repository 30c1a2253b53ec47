package engine

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/scanners"
)

type operationKey struct{}

// named returns a context whose requests are shown as the operation.
func named(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation)
}

// logged tells of each request that goes out, and of its answer.
type logged struct{}

// Do implements policy.Policy.
func (logged) Do(request *policy.Request) (*http.Response, error) {
	began := time.Now()
	response, err := request.Next()
	scanners.Tried(request.Raw().Context(), func() scanners.Try { return triedOf(request.Raw(), response, err, time.Since(began)) })
	return response, err
}

// triedOf says what came of a request.
func triedOf(request *http.Request, response *http.Response, err error, took time.Duration) scanners.Try {
	operation, ok := request.Context().Value(operationKey{}).(string)
	if !ok {
		operation = request.Method + " " + operationOf(request.URL.Path)
	}
	tried := scanners.Try{Operation: operation, Place: partAfter(request.URL.Path, "/subscriptions/"), Took: took}
	if response != nil { // also where its body broke off
		tried.Status, tried.RequestID = response.StatusCode, requestIDOf(response.Header)
	}
	if err == nil {
		err = refusalOf(response)
	}
	if err != nil {
		why, code := reason(err)
		if code == "" {
			code = string(why)
		}
		tried.Code, tried.Said = code, messageOf(err)
	}
	return tried
}

// requestIDOf returns the id of a request to Azure Resource Manager or Microsoft Graph.
func requestIDOf(header http.Header) string {
	if id := header.Get("x-ms-request-id"); id != "" {
		return id
	}
	return header.Get("request-id")
}

// refusalOf returns the error of an answer that is one, as the SDK makes it.
func refusalOf(response *http.Response) error {
	if response.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	return runtime.NewResponseError(response)
}
