package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/credentials/impersonate"
	"google.golang.org/api/option"

	"posture/internal/posture"
)

// Credentials returns the application default credentials (those of gcloud
// auth application-default login, of the machine, a workload identity
// federation or a key file), or with an account to impersonate those of it by
// way of them, as options for clients, and the identity that they stand for,
// "" when they do not tell. It makes no call.
func Credentials(impersonated string) (options []option.ClientOption, caller string, err error) {
	own, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scopeRead}})
	if err != nil {
		cause := posture.Cause{Reason: posture.NoCredentials, Operation: "find credentials"}
		return nil, "", &posture.ReadError{Cause: cause, Err: noCredentials(os.Getenv(fileVariable), err)}
	}
	return As(own, callerOf(own), impersonated)
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
// that they stand for. It makes no call.
func As(own *auth.Credentials, caller, impersonated string) ([]option.ClientOption, string, error) {
	own = telling(own, "")
	if impersonated == "" {
		return []option.ClientOption{option.WithAuthCredentials(own)}, caller, nil
	}
	other, err := impersonate.NewCredentials(&impersonate.CredentialsOptions{
		TargetPrincipal: impersonated, Scopes: []string{scopeRead}, Credentials: own,
	})
	if err != nil {
		return nil, "", fmt.Errorf("impersonate %s: %w", impersonated, err)
	}
	return []option.ClientOption{option.WithAuthCredentials(telling(other, impersonated))}, impersonated, nil
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
