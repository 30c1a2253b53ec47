package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"cloud.google.com/go/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// tokens is a source of tokens that says of its errors what they are: clients
// take them all for a refusal, also where the network is at fault.
type tokens struct {
	auth.TokenProvider
	kind string // of credentials, as their file says; "" where there is none
	as   string // the account that is impersonated; "" for none
}

// Token implements auth.TokenProvider.
func (t tokens) Token(ctx context.Context) (*auth.Token, error) {
	token, err := t.TokenProvider.Token(ctx)
	if err != nil {
		return nil, &tokenError{of: t, err: err}
	}
	return token, nil
}

// tokenError is why there is no token.
type tokenError struct {
	of  tokens
	err error
}

// Unwrap returns the error of the library, whose text is not shown: it may
// quote the request.
func (e *tokenError) Unwrap() error { return e.err }

// GRPCStatus is what clients of gRPC take it for.
func (e *tokenError) GRPCStatus() *status.Status {
	if e.passing() {
		return status.New(codes.Unavailable, e.Error())
	}
	return status.New(codes.Unauthenticated, e.Error())
}

// passing reports whether it may pass by itself: nobody answered, or who did is out
// of order.
func (e *tokenError) passing() bool {
	var network net.Error
	var answer *auth.Error
	var refused *Refusal
	switch {
	case errors.As(e.err, &refused):
		return refused.Passing()
	case errors.As(e.err, &answer) && answer.Response != nil:
		return answer.Response.StatusCode >= http.StatusInternalServerError || answer.Response.StatusCode == http.StatusTooManyRequests
	case errors.Is(e.err, context.DeadlineExceeded):
		return true
	}
	var unanswered *net.OpError
	var unresolved *net.DNSError
	return errors.As(e.err, &unanswered) || errors.As(e.err, &unresolved) || errors.As(e.err, &network) && network.Timeout()
}

// Error says what happened, and what to do.
func (e *tokenError) Error() string {
	var own *tokenError
	var network *net.OpError
	var refused *Refusal
	var unsent *url.Error
	switch {
	case errors.As(e.err, &own): // of the credentials that impersonate
		return own.Error()
	case errors.As(e.err, &refused): // by who exchanges identities, and says why
		return "no token for Google Cloud: " + refused.NoToken()
	case errors.As(e.err, &network):
		return "no token for Google Cloud, as nobody answers: " + network.Error()
	case e.passing() && errors.As(e.err, &unsent):
		return "no token for Google Cloud, as nobody answers in time: see whether this machine reaches it: curl -i " + hostOf(unsent.URL)
	case e.passing():
		return "no token for Google Cloud, as nobody answers: try again"
	case e.of.as != "":
		return fmt.Sprintf("no token for %s: check its name, and grant the account that signed in the role roles/iam.serviceAccountTokenCreator on it", e.of.as)
	case e.of.kind == "service_account":
		return "the service account's key is not accepted" + e.code() + ": it was deleted or disabled, or the clock here is wrong; make another, or " + signIn
	case e.code() == " (invalid_grant)":
		return "your Google Cloud sign-in has expired or was revoked, run: gcloud auth application-default login"
	}
	return "no token for Google Cloud" + e.code() + ": " + signIn
}

// hostOf returns an address without its path, where names of others may be.
func hostOf(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return "https://sts.googleapis.com/"
	}
	return at.Scheme + "://" + at.Host + "/"
}

// code returns the word of OAuth for what went wrong, in brackets, "" for none.
func (e *tokenError) code() string {
	var answer *auth.Error
	var said struct{ Error string }
	if !errors.As(e.err, &answer) || json.Unmarshal(answer.Body, &said) != nil || said.Error == "" || strings.ContainsAny(said.Error, " \n") {
		return ""
	}
	return " (" + said.Error + ")"
}

// telling returns credentials whose errors say what they are.
func telling(own *auth.Credentials, as string) *auth.Credentials {
	return auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider: tokens{own, kindOf(own), as}, JSON: own.JSON(),
		ProjectIDProvider: auth.CredentialsPropertyFunc(own.ProjectID), QuotaProjectIDProvider: auth.CredentialsPropertyFunc(own.QuotaProjectID),
		UniverseDomainProvider: auth.CredentialsPropertyFunc(own.UniverseDomain),
	})
}

// saidError is an error with the text that people are told of it.
type saidError struct {
	text string
	err  error
}

// Error returns the text.
func (e *saidError) Error() string { return e.text }

// Unwrap returns what happened.
func (e *saidError) Unwrap() error { return e.err }

// HTTPStatusCode returns the status that stands for the code of gRPC where the error
// may pass by itself, 0 otherwise.
func (e *saidError) HTTPStatusCode() int {
	switch grpcCode(e.err) {
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.Internal:
		return http.StatusInternalServerError
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return 0
}

// unanswered returns how a call failed that nobody answered.
func unanswered(err error) string {
	_, dialed, found := strings.Cut(status.Convert(err).Message(), "dial tcp ")
	if !found {
		return "Google Cloud does not answer: try again"
	}
	return "Google Cloud cannot be reached: dial tcp " + strings.TrimRight(dialed, `"`)
}
