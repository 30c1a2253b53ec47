package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	crm "google.golang.org/api/cloudresourcemanager/v3"
	"google.golang.org/api/googleapi"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/answer"
)

// rereadTries is how often a second reading is tried: a scan does not wait a
// minute for each.
const rereadTries = 3

// reader reads any URL of Google's APIs.
type reader struct {
	client *http.Client
	host   *url.URL // where to send requests instead; nil: to the URL's own host
}

// newReader returns a reader with the guarded transport, which tries a call so
// often.
func (i *Inventory) newReader(ctx context.Context, attempts int) (*reader, error) {
	options := i.options
	options.Attempts = attempts
	client, endpoint, err := i.dial(ctx, options)
	if err != nil {
		return nil, err
	}
	r := &reader{client: client}
	if endpoint != "" {
		r.host, err = url.Parse(endpoint)
	}
	return r, err
}

// askVersion3 is the body of a question for a policy: with its conditions.
const askVersion3 = `{"options":{"requestedPolicyVersion":3}}`

// Fetch reads what the inventory lacks into a value, from a URL of one of Google's
// APIs, and is as patient as the inventory's own listings. It counts the call.
// The error wraps posture.ErrGone where the API says that there is no such
// thing. Where an export is read there is no call.
func (r *Reading) Fetch(ctx context.Context, op string, at *url.URL, into any) error {
	i := r.place.inventory
	if i.client == nil {
		return notListedError{resources}
	}
	body, err := i.fetchWithin(ctx, i.options.Attempts, op, http.MethodGet, at)
	if err != nil {
		return gone(err)
	}
	return scanners.Failed(op, answer.Decode(body, into))
}

// fetchAgain is fetch for a second reading.
func (i *Inventory) fetchAgain(ctx context.Context, op, method string, at *url.URL) (json.RawMessage, error) {
	attempts := rereadTries
	if i.options.Attempts > 0 {
		attempts = min(i.options.Attempts, rereadTries)
	}
	return i.fetchWithin(ctx, attempts, op, method, at)
}

func (i *Inventory) fetchWithin(ctx context.Context, attempts int, op, method string, at *url.URL) (json.RawMessage, error) {
	r, err := scanners.Once(&i.whole().memo, fmt.Sprint("reader ", attempts), func() (*reader, error) { return i.newReader(ctx, attempts) })
	if err != nil {
		return nil, scanners.Failed(op, err)
	}
	i.record.Count(op)
	body, err := r.fetch(ctx, method, at)
	return body, scanners.Failed(op, err)
}

func (r *reader) fetch(ctx context.Context, method string, at *url.URL) (json.RawMessage, error) {
	to := *at
	if r.host != nil {
		to.Scheme, to.Host = r.host.Scheme, r.host.Host
	}
	asked := ""
	if method == http.MethodPost {
		asked = askVersion3
	}
	request, err := http.NewRequestWithContext(ctx, method, to.String(), strings.NewReader(asked))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return answer.Read(response.Body)
}

// gone marks the error of an API that says, in its own words, that it does not
// know the resource. A page that only says "404" says nothing of it.
func gone(err error) error {
	var answer *googleapi.Error
	if errors.As(err, &answer) && answer.Code == http.StatusNotFound && answer.Message != "" {
		return errors.Join(err, posture.ErrGone)
	}
	return err
}

var errNoPolicy = errors.New("the answer is no IAM policy")

// getPolicy returns the resource's own IAM policy as the API itself has it.
func (r *Reading) getPolicy(ctx context.Context, g *Get) (*Policy, error) {
	op := g.Policy.Op
	at, err := g.URL(r.Asset.Name)
	if err != nil {
		return nil, scanners.Failed(op, err)
	}
	path, query, _ := strings.Cut(string(g.Policy.Form), "?")
	at.Path, at.RawQuery = at.Path+path, query
	method := http.MethodGet
	if g.Policy.Form == PolicyPosted {
		method = http.MethodPost
	}
	body, err := r.place.inventory.fetchAgain(ctx, op, method, at)
	if err != nil {
		return nil, err
	}
	var answer crm.Policy
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, scanners.Failed(op, err)
	}
	if answer.Etag == "" { // every policy has one, also one that grants nothing
		return nil, scanners.Failed(op, errNoPolicy)
	}
	return policyOfREST(r.policyOn(), &answer), nil
}

// policyOn returns what grants of the resource's own policy say they are on.
func (r *Reading) policyOn() string {
	if isNode(r.Type) {
		return r.Asset.owner()
	}
	return r.Asset.Name
}
