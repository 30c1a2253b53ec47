package engine

import (
	"context"
	"errors"
	"net"
	"net/url"

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
