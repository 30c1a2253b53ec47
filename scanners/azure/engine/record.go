package engine

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/scanners"
	"posture/scanners/answer"
)

// readOnly refuses requests that could change something, before they are sent.
type readOnly struct{}

// The only requests with a body that are sent: a query, and several reads of
// Microsoft Graph in one.
const (
	queryPath = "/providers/Microsoft.ResourceGraph/resources"
	batchPath = graphVersion + "/$batch"
)

// Do implements policy.Policy.
func (readOnly) Do(request *policy.Request) (*http.Response, error) {
	raw := request.Raw()
	switch {
	case raw.Method == http.MethodGet:
	case raw.Method == http.MethodPost && raw.URL.Path == queryPath:
	case raw.Method == http.MethodPost && raw.URL.Path == batchPath && onlyReads(request):
	default:
		return nil, scanners.ErrNotReadOnly
	}
	return request.Next()
}

// onlyReads reports whether all requests of a batch are reads.
func onlyReads(request *policy.Request) bool {
	var sent batch
	if request.Body() == nil || json.NewDecoder(request.Body()).Decode(&sent) != nil || request.RewindBody() != nil {
		return false
	}
	return !slices.ContainsFunc(sent.Requests, func(r batched) bool { return r.Method != http.MethodGet })
}

// checked refuses a successful answer that is not the service's.
type checked struct{}

// Do implements policy.Policy.
func (checked) Do(request *policy.Request) (*http.Response, error) {
	response, err := request.Next()
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		return response, err
	}
	body, err := answer.Read(response.Body)
	_ = response.Body.Close()
	if err == nil {
		_, err = answer.Members(body)
	}
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
