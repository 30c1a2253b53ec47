package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"posture/scanners"
)

// exchangeTime is how long one call for a token may take.
const exchangeTime = 30 * time.Second

// SignInClient returns the client for the calls by which an identity is
// exchanged for a token. It makes a Refusal of every answer without one: the
// library would hand on the answer's text, or send an empty token. It follows
// no redirection, which would carry a signed identity elsewhere. A nil base is
// the default transport.
func SignInClient(base http.RoundTripper) *http.Client {
	return &http.Client{Transport: newExchange(base), Timeout: exchangeTime, CheckRedirect: stay}
}

// exchange is the transport of SignInClient. It lets pass what is no exchange,
// as calls of a machine's metadata.
type exchange struct{ http.RoundTripper }

func newExchange(base http.RoundTripper) exchange {
	if base == nil {
		base = http.DefaultTransport
	}
	return exchange{base}
}

// The ends of the paths of both calls: that of the Security Token Service, and
// that of the IAM Service Account Credentials API.
const (
	exchangePath    = "/v1/token"
	impersonatePath = ":generateAccessToken"
)

const largestToken = 1 << 20 // bytes of an answer

// RoundTrip implements http.RoundTripper.
func (e exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := e.RoundTripper.RoundTrip(r)
	impersonates := strings.HasSuffix(r.URL.Path, impersonatePath)
	if err != nil || !impersonates && !strings.HasSuffix(r.URL.Path, exchangePath) {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, largestToken))
	_ = response.Body.Close() // it was only read
	if err != nil {
		return nil, err
	}
	if response.StatusCode < http.StatusMultipleChoices && holdsToken(body, impersonates) {
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, nil
	}
	return nil, refusalOf(r, response, body)
}

// holdsToken reports whether an answer is whole.
func holdsToken(body []byte, impersonates bool) bool {
	var answer struct {
		Exchanged string    `json:"access_token"`
		Seconds   int       `json:"expires_in"`
		Granted   string    `json:"accessToken"`
		Expires   time.Time `json:"expireTime"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	if impersonates {
		return answer.Granted != "" && !answer.Expires.IsZero()
	}
	return answer.Exchanged != "" && answer.Seconds > 0
}

// Refusal says why there is no token, and what to do. Why is Google's own text,
// without secrets.
type Refusal struct {
	Host    string // who was asked
	Code    string // the service's own word, or what else came
	Why     string
	Foreign bool // the answer is not the service's own, or not whole
	Busy    bool // the service is out of order, or throttles

	api     string // the API that is off, where that is why
	project string // where it is
	pool    pool   // what the identity was exchanged at
	account string // the service account that was asked for
	aws     bool   // the identity is one of AWS
}

// pool is a provider of a workload identity pool.
type pool struct{ project, pool, provider string }

var (
	audienceForm = regexp.MustCompile(`^//iam\.googleapis\.com/projects/([0-9]+)/locations/global/workloadIdentityPools/([a-z0-9-]+)/providers/([a-z0-9-]+)$`)
	plainWord    = regexp.MustCompile(`^[a-z0-9.:-]+$`)
	accountPath  = regexp.MustCompile(`/serviceAccounts/([a-z0-9@.:-]+):generateAccessToken$`)
)

// refusalOf returns what an answer without a token says.
func refusalOf(r *http.Request, response *http.Response, body []byte) *Refusal {
	refusal := &Refusal{Host: r.URL.Hostname(), Code: fmt.Sprintf("HTTP %d", response.StatusCode)}
	if found := accountPath.FindStringSubmatch(r.URL.Path); found != nil {
		refusal.account = found[1]
	}
	refusal.asked(r)
	told := refusal.explain(body)
	switch status := response.StatusCode; {
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		refusal.Busy = true
	case told:
	case status < http.StatusMultipleChoices:
		refusal.Foreign, refusal.Code = true, refusal.Code+" without a token"+pageKind(response)
	case status < http.StatusBadRequest:
		refusal.Foreign, refusal.Code = true, refusal.Code+", a redirection"
	default:
		refusal.Foreign, refusal.Code = true, refusal.Code+pageKind(response)
	}
	return refusal
}

// pageKind returns the type of an answer that is no JSON, as in ", text/html".
func pageKind(response *http.Response) string {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind == "application/json" {
		return ""
	}
	return ", " + scanners.WithoutSecrets(kind)
}

// asked notes what the exchange was asked for.
func (r *Refusal) asked(request *http.Request) {
	if request.GetBody == nil {
		return
	}
	body, err := request.GetBody()
	if err != nil {
		return // the commands have placeholders then
	}
	text, err := io.ReadAll(io.LimitReader(body, largestToken))
	form, wrong := url.ParseQuery(string(text))
	if err != nil || wrong != nil {
		return
	}
	r.aws = form.Get("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request"
	if found := audienceForm.FindStringSubmatch(form.Get("audience")); found != nil {
		r.pool = pool{found[1], found[2], found[3]}
	}
}

// explain takes code and text from a body of one of the two forms that there
// are: that of OAuth, where the error is a text, and that of Google's APIs,
// where it is an object. It reports whether the body has one.
func (r *Refusal) explain(body []byte) bool {
	var said struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil {
		return false
	}
	var word string
	var api struct {
		Status  string `json:"status"`
		Message string `json:"message"`
		Details []struct {
			Reason   string            `json:"reason"`
			Metadata map[string]string `json:"metadata"`
		} `json:"details"`
	}
	switch {
	case json.Unmarshal(said.Error, &word) == nil && word != "":
		r.Code, r.Why = scanners.WithoutSecrets(word), scanners.WithoutSecrets(said.Description)
	case json.Unmarshal(said.Error, &api) == nil && api.Status != "":
		r.Code, r.Why = scanners.WithoutSecrets(api.Status), scanners.WithoutSecrets(api.Message)
	default:
		return false
	}
	for _, detail := range api.Details {
		if detail.Reason == serviceDisabled {
			r.Code, r.api, r.project = serviceDisabled, plainWord.FindString(detail.Metadata["service"]), plainWord.FindString(strings.TrimPrefix(detail.Metadata["consumer"], "projects/"))
		}
	}
	return true
}

// Error implements error.
func (r *Refusal) Error() string { return r.NoToken() }

// NoToken says who gave no token, why, and what to do.
func (r *Refusal) NoToken() string {
	what := r.Code
	if r.Why != "" {
		what += ": " + r.Why
	}
	return fmt.Sprintf("%s gave no token (%s): %s", r.Host, what, r.advice())
}

// Passing reports whether it may pass by itself, or is for whoever runs the network.
func (r *Refusal) Passing() bool { return r.Foreign || r.Busy }

// advice says what to do.
func (r *Refusal) advice() string {
	switch {
	case r.Busy:
		return "it is out of order or has too much to do: try again in some minutes"
	case r.Foreign:
		return "that is not Google's answer, something between here and there gave it: check HTTPS_PROXY, and see what comes: curl -i https://" + r.Host + "/"
	case r.Code == serviceDisabled:
		return fmt.Sprintf("an API is not enabled: gcloud services enable %s --project %s", cmp.Or(r.api, "iamcredentials.googleapis.com"), cmp.Or(r.project, "PROJECT"))
	case r.account != "":
		return r.adviceOnAccount()
	case r.Code == "invalid_target":
		return "the pool or its provider is not there, is disabled or deleted: " + r.describe()
	case r.Code == "invalid_grant" && r.aws && strings.Contains(r.Why, "ExpiredToken"): // AWS's own word, in Google's text
		return "your AWS session has expired, run: aws sso login"
	case r.Code == "invalid_grant" && r.aws:
		return "AWS does not confirm the identity: see whether aws sts get-caller-identity works, and compare the clock: date -u"
	case r.Code == "invalid_grant":
		return "the identity that is exchanged has expired, or its issuer is not the provider's: " + r.describe()
	case r.aws:
		return "compare the account and role of aws sts get-caller-identity with what the provider trusts, and with its attribute condition: " + r.describe()
	}
	return "compare the identity with what the provider trusts, and with its attribute condition: " + r.describe()
}

func (r *Refusal) adviceOnAccount() string {
	if r.Code == "NOT_FOUND" {
		return "check the service account: gcloud iam service-accounts describe " + r.account
	}
	return fmt.Sprintf("check its name, and let whoever signs in act as it: gcloud iam service-accounts add-iam-policy-binding %s --role roles/iam.workloadIdentityUser --member MEMBER"+
		" (from a pool; roles/iam.serviceAccountTokenCreator for a person or another service account)", r.account)
}

// describe returns the command that shows the provider.
func (r *Refusal) describe() string {
	return fmt.Sprintf("gcloud iam workload-identity-pools providers describe %s --workload-identity-pool %s --location global --project %s",
		cmp.Or(r.pool.provider, "PROVIDER"), cmp.Or(r.pool.pool, "POOL"), cmp.Or(r.pool.project, "PROJECT"))
}
