package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// graphVersion begins every path of Microsoft Graph.
const graphVersion = "/v1.0"

// Directory reads an object of the tenant's directory by Microsoft Graph into a
// value. The path follows the version: "/policies/authorizationPolicy".
func (r *Reading) Directory(operation, path string, into any) error {
	if err := r.ownDirectory(operation); err != nil {
		return err
	}
	e := r.place.estate
	return e.getInto(r.Context(), e.graph, operation, graphVersion+path, into)
}

// DirectoryAll reads a listing of the directory to its end.
func DirectoryAll[T any](r *Reading, operation, path string) ([]T, error) {
	if err := r.ownDirectory(operation); err != nil {
		return nil, err
	}
	e := r.place.estate
	return pagesOf[T](r.Context(), e, e.graph, operation, graphVersion+path)
}

// DirectoryRows is DirectoryAll for objects of the directory that are read as
// rows. Their ids follow that of the tenant: "/tenants/…/applications/…".
func DirectoryRows(r *Reading, operation, path, kind string) ([]*Row, error) {
	all, err := DirectoryAll[json.RawMessage](r, operation, path)
	var found []*Row
	for _, data := range all {
		var head struct{ ID, DisplayName string }
		if bad := json.Unmarshal(data, &head); bad != nil || head.ID == "" {
			return found, scanners.Failed(operation, errNoID)
		}
		found = append(found, &Row{ID: r.Row.ID + "/" + kind + "/" + strings.ToLower(head.ID), Name: head.DisplayName, Type: r.Type, Data: data})
	}
	return found, err
}

// Found is one answer of several that were asked for together.
type Found[T any] struct {
	Value T
	Err   error // wraps posture.ErrGone where there is no such object
}

// DirectoryObjects reads objects of the directory, 20 with one request, in the
// order of their paths. What was read is kept for all subscriptions.
func DirectoryObjects[T any](r *Reading, operation string, paths []string) []Found[T] {
	found := make([]Found[T], len(paths))
	for i, reply := range r.replies(operation, paths) {
		err := reply.err
		if err == nil {
			err = answer.Decode(reply.body, &found[i].Value)
		}
		found[i].Err = scanners.Failed(operation, err)
	}
	return found
}

// DirectoryLists is DirectoryObjects for listings, each read to its end.
func DirectoryLists[T any](r *Reading, operation string, paths []string) []Found[[]T] {
	found := make([]Found[[]T], len(paths))
	for i, reply := range r.replies(operation, paths) {
		found[i].Value, found[i].Err = listFrom[T](r, operation, paths[i], reply)
	}
	return found
}

// listFrom returns a listing whose first page is at hand. One with more
// pages is kept as a whole.
func listFrom[T any](r *Reading, operation, path string, first reply) ([]T, error) {
	if first.err != nil {
		return nil, scanners.Failed(operation, first.err)
	}
	page, err := pageOf[T](first.body)
	if err != nil {
		return nil, scanners.Failed(operation, err)
	}
	if page.next() == "" {
		return *page.Value, nil
	}
	e := r.place.estate
	return scanners.Once(&e.memo, "pages of "+path, func() ([]T, error) {
		next, err := e.graph.pathOf(page.next(), "")
		if err != nil {
			return nil, scanners.Failed(operation, err)
		}
		more, err := pagesOf[T](r.Context(), e, e.graph, operation, next)
		return append(slices.Clone(*page.Value), more...), err
	})
}

var (
	errOtherTenant error = &posture.ReasonError{Reason: posture.OtherAccount, Code: "tenant", Text: "the credentials read the directory of another tenant"}
	errNoTenant    error = &posture.ReasonError{Reason: posture.NotAnswered, Code: "tenantId", Text: "the tenant of the subscription is not in the answer"}
)

// ownDirectory returns an error where the credentials read another directory
// than that of the target, or it is not known which that is: nobody of it would
// be found there.
func (r *Reading) ownDirectory(operation string) error {
	if r.place.estate.export != nil {
		return scanners.Failed(operation, errExport)
	}
	tenant, err := r.place.tenantID()
	if err != nil {
		return scanners.Failed(operation, err)
	}
	e := r.place.estate
	reads, err := scanners.Once(&e.memo, "tenant of the credentials", func() (string, error) {
		token, err := e.options.Credential.GetToken(r.Context(), policy.TokenRequestOptions{Scopes: []string{e.options.Cloud.Graph + "/.default"}})
		return claimsOf(token.Token).TenantID, err
	})
	switch {
	case err != nil || reads == "": // only Azure need understand a token
	case tenant == "":
		err = errNoTenant
	case !strings.EqualFold(reads, tenant):
		err = errOtherTenant
	}
	return scanners.Failed(operation, err)
}

// tenantID returns the tenant of the target, "" where Azure does not say.
func (p *place) tenantID() (string, error) {
	if isTenant(p.target) {
		return tenantOf(p.target), nil
	}
	return scanners.Once(&p.memo, "tenant", func() (string, error) {
		var data struct{ TenantID string }
		err := p.rows.each(listing{containersTable, subscriptionType}, p.target.Account, func(row *Row) bool {
			return row.decode(&data) != nil
		})
		return data.TenantID, err
	})
}

// reply is what one read of several was answered.
type reply struct {
	body []byte
	err  error
}

// directory keeps what was read of it by several reads in one, each path once.
type directory struct {
	mu    sync.Mutex
	known map[string]*asked // by path
}

// asked is a path that somebody reads.
type asked struct {
	done chan struct{} // closed once there is a reply
	reply
}

// claim returns those of the paths that nobody has read or is reading, for the
// caller to read.
func (d *directory) claim(paths []string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[string]*asked{}
	}
	var own []string
	for _, path := range paths {
		if d.known[path] == nil {
			d.known[path] = &asked{done: make(chan struct{}), reply: reply{err: errNoReply}}
			own = append(own, path)
		}
	}
	return own
}

// read reads paths that were claimed, and lets go of all in any case.
func (d *directory) read(paths []string, ask func(chunk []string) []reply) {
	defer func() {
		for _, path := range paths {
			close(d.of(path).done)
		}
	}()
	slices.Sort(paths)
	for chunk := range slices.Chunk(paths, batchSize) {
		for i, one := range ask(chunk) {
			d.of(chunk[i]).reply = one
		}
	}
}

func (d *directory) of(path string) *asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known[path]
}

// get returns the reply to a path that was claimed, once there is one.
func (d *directory) get(ctx context.Context, path string) reply {
	one := d.of(path)
	select {
	case <-one.done:
		return one.reply
	case <-ctx.Done():
		return reply{err: ctx.Err()}
	}
}

// batchSize is how many reads one request may hold.
const batchSize = 20

// replies reads paths that were not read yet, and returns the replies to all.
func (r *Reading) replies(operation string, paths []string) []reply {
	replies := make([]reply, len(paths))
	if err := r.ownDirectory(operation); err != nil {
		for i := range replies {
			replies[i].err = err
		}
		return replies
	}
	e := r.place.estate
	e.directory.read(e.directory.claim(paths), func(chunk []string) []reply { return e.together(r.Context(), operation, chunk) })
	for i, path := range paths {
		replies[i] = e.directory.get(r.Context(), path)
	}
	return replies
}

// batch is several requests in one, and batched one of them
// (learn.microsoft.com/graph/json-batching).
type batch struct {
	Requests []batched `json:"requests"`
}

type batched struct {
	ID     string `json:"id"`
	Method string `json:"method"`
	URL    string `json:"url"`
}

// batchAnswer is what a batch is answered, in any order.
type batchAnswer struct {
	Responses []struct {
		ID      string
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

var errNoReply error = &posture.ReasonError{Reason: posture.Malformed, Text: "the answer lacks one of several reads"}

// together reads paths with one request. Those that were throttled are asked
// again, as often as any call.
func (e *Estate) together(ctx context.Context, operation string, paths []string) []reply {
	replies := make([]reply, len(paths))
	open := make([]int, len(paths))
	for i := range paths {
		open[i] = i
	}
	for try := 1; len(open) > 0; try++ {
		answered, err := e.askTogether(ctx, operation, paths, open)
		if err != nil {
			for _, i := range open {
				replies[i].err = err
			}
			return replies
		}
		var throttled []int
		var wait time.Duration
		for _, i := range open {
			one := answered[i]
			replies[i] = one.reply
			if one.throttled {
				throttled, wait = append(throttled, i), max(wait, one.wait)
			}
		}
		if try >= e.attempts() || scanners.Pause(ctx, min(wait, longestWait)) != nil {
			return replies
		}
		open = throttled
	}
	return replies
}

// answered is the reply to one read, and whether it may be asked again.
type answered struct {
	reply
	throttled bool
	wait      time.Duration
}

// askTogether sends one request for the open ones of the paths.
func (e *Estate) askTogether(ctx context.Context, operation string, paths []string, open []int) (map[int]answered, error) {
	var all batch
	for _, i := range open {
		all.Requests = append(all.Requests, batched{ID: strconv.Itoa(i), Method: http.MethodGet, URL: paths[i]})
	}
	request, err := runtime.NewRequest(ctx, http.MethodPost, e.graph.host+(&url.URL{Path: batchPath}).EscapedPath())
	if err == nil {
		err = runtime.MarshalAsJSON(request, all)
	}
	if err != nil {
		return nil, err
	}
	body, err := e.send(e.graph, operation, request)
	if err != nil {
		return nil, err
	}
	var replies batchAnswer
	if err := answer.Decode(body, &replies); err != nil {
		return nil, err
	}
	found := map[int]answered{}
	for _, i := range open {
		found[i] = answered{reply: reply{err: errNoReply}}
	}
	for _, one := range replies.Responses {
		i, err := strconv.Atoi(one.ID)
		if _, asked := found[i]; err != nil || !asked {
			return nil, errNoReply
		}
		found[i] = e.replyOf(one.Status, one.Headers, one.Body)
	}
	return found, nil
}

// replyOf sorts the answer to one read as the answer to a request is sorted.
func (e *Estate) replyOf(status int, headers map[string]string, body []byte) answered {
	if status == http.StatusOK {
		return answered{reply: reply{body: body}}
	}
	response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: &http.Request{Method: http.MethodGet, URL: &url.URL{}}}
	for name, value := range headers {
		response.Header.Set(name, value)
	}
	return answered{
		reply:     reply{err: goneFromDirectory(runtime.NewResponseError(response))},
		throttled: status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable,
		wait:      max(waitAsked(response.Header, http.StatusTooManyRequests), e.backoff()),
	}
}
