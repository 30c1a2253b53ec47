package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"cloud.google.com/go/auth"
	"google.golang.org/grpc/codes"
)

// noSource is a source of tokens that always fails.
type noSource struct{ err error }

// Token implements auth.TokenProvider.
func (s noSource) Token(context.Context) (*auth.Token, error) { return nil, s.err }

func TestTokenErrors(t *testing.T) {
	answer := func(status int, body string) error {
		return fmt.Errorf("auth: cannot fetch token: %w", &auth.Error{Response: &http.Response{StatusCode: status}, Body: []byte(body)})
	}
	refused := &url.Error{Op: "Post", URL: "https://oauth2.googleapis.com/token", Err: &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}
	user, key := `{"type": "authorized_user"}`, `{"type": "service_account", "private_key": "made-up"}`
	for name, test := range map[string]struct {
		err      error
		file, as string
		says     string
		code     codes.Code
	}{
		"the network":                  {refused, user, "", "no token for Google Cloud, as nobody answers: dial tcp: connect: connection refused", codes.Unavailable},
		"no such host":                 {&url.Error{Op: "Post", URL: "https://x", Err: &net.DNSError{Err: "no such host", Name: "x"}}, user, "", "as nobody answers", codes.Unavailable},
		"late":                         {context.DeadlineExceeded, key, "", "as nobody answers", codes.Unavailable},
		"out of order":                 {answer(503, "<html>"), user, "", "as nobody answers", codes.Unavailable},
		"throttled":                    {answer(429, ""), user, "", "as nobody answers", codes.Unavailable},
		"expired":                      {answer(400, `{"error": "invalid_grant", "error_description": "Token of ada@example.com has been expired or revoked."}`), user, "", "your Google Cloud sign-in has expired or was revoked, run: gcloud auth application-default login", codes.Unauthenticated},
		"a deleted key":                {answer(400, `{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}`), key, "", "the service account's key is not accepted (invalid_grant)", codes.Unauthenticated},
		"another refusal":              {answer(401, `{"error": "unauthorized_client"}`), user, "", "no token for Google Cloud (unauthorized_client): sign in", codes.Unauthenticated},
		"a refusal with its reason":    {&url.Error{Op: "Post", URL: "https://x", Err: &Refusal{Host: "sts.googleapis.com", Code: "unauthorized_client"}}, "", "", "no token for Google Cloud: sts.googleapis.com gave no token (unauthorized_client): compare", codes.Unauthenticated},
		"a page":                       {answer(403, "<html>"), user, "", "no token for Google Cloud: sign in", codes.Unauthenticated},
		"not to impersonate":           {errors.New("impersonate: status code 403: ada@example.com may not"), user, "scan@audit.iam.gserviceaccount.com", "no token for scan@audit.iam.gserviceaccount.com: check its name, and grant the account that signed in the role roles/iam.serviceAccountTokenCreator on it", codes.Unauthenticated},
		"expired, while impersonating": {&url.Error{Op: "Post", URL: "https://x", Err: &tokenError{of: tokens{kind: "authorized_user"}, err: answer(400, `{"error": "invalid_grant"}`)}}, "", "scan@audit.iam.gserviceaccount.com", "your Google Cloud sign-in has expired", codes.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			own := auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: noSource{test.err}, JSON: []byte(test.file)})
			_, err := telling(own, test.as).Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "ada@example.com") {
				t.Errorf("%v, want %s", err, test.says)
			}
			if got := grpcCode(err); got != test.code {
				t.Errorf("code %v, want %v", got, test.code)
			}
			if !errors.Is(err, test.err) {
				t.Error("what happened is lost")
			}
		})
	}
}
