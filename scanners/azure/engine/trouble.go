package engine

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/internal/posture"
	"posture/scanners/trouble"
)

const (
	// patience is how long a call is tried again after its first try that failed:
	// within it fits one that hangs, and all tries of one that is told that the
	// service is broken.
	patience = 90 * time.Second
	// shortTry is for a try of a call where calls before it have hung: a full page
	// of Resource Graph takes some seconds.
	shortTry = 15 * time.Second
)

// newTroubles returns the services of a scan, by what their calls are counted by.
func newTroubles() *trouble.Services[counted] {
	return trouble.New[counted](trouble.Limits{Patience: patience, ShortTry: shortTry, Sort: outcomeOf})
}

// calls is the policy of calls as a whole: one that is not worth making is not
// made. An answer that the service is broken is an error behind it.
type calls struct{ *trouble.Services[counted] }

// underWay is the call that a request is of.
type underWay struct{ *trouble.Call }

// Do implements policy.Policy.
func (c calls) Do(request *policy.Request) (*http.Response, error) {
	of := countedAs(request)
	of.list = false
	call, err := c.Of(of).Begin(operationOf(request.Raw().URL.Path))
	if err != nil {
		return nil, err
	}
	request.SetOperationValue(underWay{call})
	response, err := request.Next()
	err = failure(response, err)
	call.End(request.Raw().Context(), err)
	if err != nil {
		return nil, err
	}
	return response, nil
}

// tries is the policy of each try of a call, which it gives so much time.
type tries struct{ timeout time.Duration }

// Do implements policy.Policy.
func (p tries) Do(request *policy.Request) (response *http.Response, err error) {
	var under underWay
	if !request.OperationValue(&under) {
		return request.Next()
	}
	failed := under.Attempt(request.Raw().Context(), func(ctx context.Context) error {
		try, cancel := context.WithTimeout(ctx, p.timeout)
		defer cancel()
		response, err = request.Clone(try).Next() //nolint:bodyclose // the SDK has read it, and whoever asks closes it
		return failure(response, err)
	})
	if errors.As(failed, new(*trouble.GaveUp)) {
		return nil, failed
	}
	return response, err
}

// failure returns the error of a call, also of one to which there is an answer
// that the service is broken, or that there are too many calls.
func failure(response *http.Response, err error) error {
	if err != nil || response.StatusCode < http.StatusInternalServerError && !runtime.HasStatusCode(response, http.StatusRequestTimeout, http.StatusTooManyRequests) {
		return err
	}
	return runtime.NewResponseError(response)
}

// outcomeOf sorts the error of a try, or of a call, while its context lasts.
func outcomeOf(err error) trouble.Outcome {
	var answered *azcore.ResponseError
	var final interface{ NonRetriable() }
	switch why, _ := reason(err); {
	case why == posture.Throttled, errors.As(err, &answered) && asksToWait(answered):
		return trouble.Throttled
	case why == posture.TimedOut:
		return trouble.Hangs
	case errors.As(err, new(*trouble.GaveUp)), answered != nil:
		return trouble.Fails
	case errors.As(err, &final):
		return trouble.Answers // such as that there is no token
	default:
		return trouble.Fails // no answer, or one that is not the service's
	}
}

// asksToWait reports whether an answer is that there are too many calls.
func asksToWait(answer *azcore.ResponseError) bool {
	return answer.StatusCode == http.StatusTooManyRequests || answer.RawResponse != nil && waitAsked(answer.RawResponse.Header, answer.StatusCode) > 0
}

// operationOf returns what a path asks for, without whose it is:
// "storageaccounts/blobservices" of a provider.
func operationOf(path string) string {
	path = strings.TrimPrefix(strings.ToLower(path), graphVersion)
	if i := strings.LastIndex(path, "/providers/"); i >= 0 {
		_, path, _ = strings.Cut(strings.TrimPrefix(path[i:], "/providers/"), "/")
	}
	var kinds []string
	for i, part := range strings.Split(strings.Trim(path, "/"), "/") {
		if i%2 == 0 { // types and names take turns
			kinds = append(kinds, part)
		}
	}
	return strings.Join(kinds, "/")
}
