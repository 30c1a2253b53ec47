package engine

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// signedIn is a credential whose errors say that it is the sign-in that failed:
// the SDK has a type of its own for only some of them.
type signedIn struct{ azcore.TokenCredential }

// signInError is the error of a credential that gave no token.
type signInError struct{ err error }

func (e *signInError) Error() string { return "sign in to Azure: " + e.err.Error() }
func (e *signInError) Unwrap() error { return e.err }

// NonRetriable implements the SDK's mark of errors that are not tried again.
func (*signInError) NonRetriable() {}

// GetToken implements azcore.TokenCredential.
func (s signedIn) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := s.TokenCredential.GetToken(ctx, o)
	var network *net.OpError
	var unsent *url.Error
	if err == nil || ctx.Err() != nil || errors.As(err, &network) || errors.As(err, &unsent) {
		return token, err
	}
	return token, &signInError{err}
}

// claims is what a token says of itself.
type claims struct {
	UPN        string `json:"upn"`
	UniqueName string `json:"unique_name"`
	AppID      string `json:"appid"`
	TenantID   string `json:"tid"`
}

// claimsOf returns what a token says, nothing where it has another form.
func claimsOf(token string) claims {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var said claims
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return claims{}
	}
	return said
}

// caller returns whom a token stands for, by its own claims, "" where it does
// not say: a person's name, or the id of an application or identity. Nothing
// is decided by it.
func caller(token string) string {
	said := claimsOf(token)
	return cmp.Or(said.UPN, said.UniqueName, said.AppID)
}

// caller returns who reads, for the record.
func (e *Estate) caller(ctx context.Context) string {
	if e.export != nil {
		return ""
	}
	token, err := e.options.Credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{e.options.Cloud.Scope()}})
	if err != nil { // every call meets the same fault, and says so
		return ""
	}
	return caller(token.Token)
}
