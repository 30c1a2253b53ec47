package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"
	"cloud.google.com/go/auth/httptransport"
	"google.golang.org/api/option"

	"posture/internal/posture"
)

// Credentials returns the application default credentials (those of gcloud
// auth application-default login, of the machine, a workload identity
// federation or a key file), or with an account to impersonate those of it by
// way of them, as options for clients, and the identity that they stand for,
// "" when they do not tell. It gets a token, as As does.
func Credentials(ctx context.Context, impersonated string) (options []option.ClientOption, caller string, err error) {
	own, err := detect()
	if err != nil {
		cause := posture.Cause{Reason: posture.NoCredentials, Operation: "find credentials"}
		return nil, "", &posture.ReadError{Cause: cause, Err: noCredentials(os.Getenv(fileVariable), err)}
	}
	return As(ctx, own, callerOf(own), impersonated)
}

// detect finds the credentials, which make no call yet. Those that exchange an
// identity get the client that says what came instead of a token. A certificate
// takes a client of the library's own.
func detect() (*auth.Credentials, error) {
	options := &credentials.DetectOptions{Scopes: []string{scopeRead}}
	own, err := credentials.DetectDefault(options)
	if err != nil {
		return nil, err
	}
	kind := kindOf(own)
	if kind != "external_account" && kind != "impersonated_service_account" || bytes.Contains(own.JSON(), []byte(`"certificate"`)) {
		return own, nil
	}
	options.Client = SignInClient(nil)
	return credentials.DetectDefault(options)
}

// kindOf returns the type that a file of credentials has, "" for those of a
// machine, which are in no file.
func kindOf(own *auth.Credentials) string {
	var file struct{ Type string }
	if json.Unmarshal(own.JSON(), &file) != nil {
		return ""
	}
	return file.Type
}

// fileVariable names the file of credentials.
const fileVariable = "GOOGLE_APPLICATION_CREDENTIALS"

// noCredentials says why none were found.
func noCredentials(file string, err error) error {
	switch {
	case file == "":
		return fmt.Errorf("no Google Cloud credentials were found: %s", signIn)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("no Google Cloud credentials were found: %s names %s, and there is no such file: correct it, or unset it and run: gcloud auth application-default login", fileVariable, file)
	default:
		return fmt.Errorf("no Google Cloud credentials were found: %s names %s, which cannot be read as credentials: correct it, or unset it and run: gcloud auth application-default login", fileVariable, file)
	}
}

// As returns credentials that stand for the caller as options for clients, or
// with an account to impersonate those of it by way of them, and the identity
// that they stand for. It gets a token, so that a refusal is one clear error
// and not one of each call.
func As(ctx context.Context, own *auth.Credentials, caller, impersonated string) ([]option.ClientOption, string, error) {
	used := telling(own, "")
	if impersonated != "" {
		var err error
		if used, err = impersonating(used, impersonated, nil); err != nil {
			return nil, "", fmt.Errorf("impersonate %s: %w", impersonated, err)
		}
		caller = impersonated
	}
	if _, err := used.Token(ctx); err != nil {
		return nil, "", &posture.ReadError{Cause: cause(err, nil), Err: &saidError{err.Error(), err}}
	}
	return []option.ClientOption{option.WithAuthCredentials(used)}, caller, nil
}

// impersonating returns the credentials of an account by way of others. A nil
// base is the default transport.
func impersonating(own *auth.Credentials, account string, base http.RoundTripper) (*auth.Credentials, error) {
	client, err := httptransport.NewClient(&httptransport.Options{
		Credentials: own, BaseRoundTripper: newExchange(base),
		InternalOptions: &httptransport.InternalOptions{SkipUniverseDomainValidation: true}, // as the library does for its own client
	})
	if err != nil {
		return nil, err
	}
	client.Timeout, client.CheckRedirect = exchangeTime, stay
	other, err := impersonate.NewCredentials(&impersonate.CredentialsOptions{
		TargetPrincipal: account, Scopes: []string{scopeRead}, Credentials: own, Client: client,
	})
	if err != nil {
		return nil, err
	}
	return telling(other, account), nil
}

// callerOf returns whom credentials stand for, as far as they say so.
func callerOf(own *auth.Credentials) string {
	var file struct {
		Email string `json:"client_email"`
	}
	if err := json.Unmarshal(own.JSON(), &file); err != nil {
		return "" // those of a machine are in no file
	}
	return file.Email
}
