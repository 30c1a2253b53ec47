package federation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Refusal says why Google gave no token, and what to look at. Why is Google's
// own text, which tells no secret.
type Refusal struct {
	Host string // who refused
	Code string
	Why  string
}

// Error says so.
func (r *Refusal) Error() string { return r.NoToken() }

// NoToken is what errors of calls that lack the token may say.
func (r *Refusal) NoToken() string {
	advice := "compare the AWS account and the role with those that the pool's provider trusts, and with its attribute condition"
	if strings.HasPrefix(r.Host, "iamcredentials.") {
		advice = "grant the role roles/iam.workloadIdentityUser on the service account to the pool's principals, and enable the API iamcredentials.googleapis.com"
	}
	what := r.Code
	if r.Why != "" {
		what += ": " + r.Why
	}
	return fmt.Sprintf("%s gave no token: %s; %s", r.Host, what, advice)
}

// telling is a transport that makes errors of answers that refuse, because the
// library hands on only their bodies, as text.
type telling struct{ http.RoundTripper }

// RoundTrip returns a Refusal instead of an answer that trying again would not
// change.
func (t telling) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if err != nil || response.StatusCode < 400 || response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	_ = response.Body.Close() // it was only read
	if err != nil {
		return nil, err
	}
	refusal := &Refusal{Host: r.URL.Hostname(), Code: response.Status}
	refusal.explain(body)
	return nil, refusal
}

// explain takes code and text from a body of one of the two forms that there
// are: that of OAuth, where the error is a text, and that of Google's APIs,
// where it is an object.
func (r *Refusal) explain(body []byte) {
	var said struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil {
		return
	}
	var api struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	switch {
	case json.Unmarshal(said.Error, &api) == nil && api.Status != "":
		r.Code, r.Why = api.Status, short(api.Message)
	case len(said.Error) > 0:
		r.Code, r.Why = string(bytes.Trim(said.Error, `"`)), short(said.Description)
	}
}

// short returns a text in one line of bounded length.
func short(text string) string {
	return fmt.Sprintf("%.400s", strings.Join(strings.Fields(text), " "))
}
