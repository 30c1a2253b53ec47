package engine

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

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

// record counts calls, and makes those wait of which an answer said that they
// are too many.
type record struct {
	scanners.Counter
	mu    sync.Mutex
	until map[string]time.Time // when calls of a kind may go on
}

func newRecord() *record { return &record{until: map[string]time.Time{}} }

// Do implements policy.Policy: it waits, and notes what the answer says of the
// calls to come.
func (r *record) Do(request *policy.Request) (*http.Response, error) {
	kind := kindOf(request.Raw())
	if err := scanners.Pause(request.Raw().Context(), time.Until(r.since(kind))); err != nil {
		return nil, err
	}
	response, err := request.Next()
	if err == nil {
		r.note(kind, waitAsked(response.Header, response.StatusCode))
	}
	return response, err
}

func (r *record) since(kind string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.until[kind]
}

func (r *record) note(kind string, wait time.Duration) {
	if wait <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := time.Now().Add(min(wait, longestWait)); until.After(r.until[kind]) {
		r.until[kind] = until
	}
}

// kindOf returns by what Azure counts calls: all queries of the graph are
// together, reads of Resource Manager by subscription and provider.
func kindOf(request *http.Request) string {
	path := strings.ToLower(request.URL.Path)
	if strings.EqualFold(path, queryPath) {
		return "query"
	}
	subscription, provider := partAfter(path, "/subscriptions/"), ""
	if i := strings.LastIndex(path, "/providers/"); i >= 0 {
		provider = partAfter(path[i:], "/providers/")
	}
	return request.URL.Host + " " + subscription + " " + provider
}

// partAfter returns the part of a path that follows a prefix in it.
func partAfter(path, prefix string) string {
	_, rest, _ := strings.Cut(path, prefix)
	part, _, _ := strings.Cut(rest, "/")
	return part
}

// waitAsked returns how long an answer asks to wait before more calls of its
// kind, 0 for no time. Resource Graph says what is left of its quota, and in
// how long it is whole again, as in 00:00:05.
func waitAsked(header http.Header, status int) time.Duration {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && status == http.StatusTooManyRequests {
		return time.Duration(seconds) * time.Second
	}
	if header.Get("x-ms-user-quota-remaining") != "0" {
		return 0
	}
	at, err := time.Parse(time.TimeOnly, header.Get("x-ms-user-quota-resets-after"))
	if err != nil {
		return quotaTime
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
}

// quotaTime is in how long the quota of queries is whole again.
const quotaTime = 5 * time.Second
