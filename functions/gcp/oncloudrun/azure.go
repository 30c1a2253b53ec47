package oncloudrun

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"cloud.google.com/go/compute/metadata"

	"posture/internal/cloud/azuresignin"
	"posture/internal/config"
	"posture/scanners/azure"
)

// azureCredentials returns those of the application that trusts the function's
// service account.
func azureCredentials(ctx context.Context, a config.Azure, _ func(string) string) (azure.Options, error) {
	read := func(ctx context.Context, name string) (string, error) { return secret(name)(ctx, false) }
	return azuresignin.SignIn(ctx, a, os.Getenv, read, ownToken)
}

// ownToken returns a token of Google for an audience that says which service account
// the function runs as, from the metadata server.
func ownToken(ctx context.Context, audience string) (string, error) {
	token, err := metadata.GetWithContext(ctx, "instance/service-accounts/default/identity?audience="+url.QueryEscape(audience))
	if err != nil {
		return "", fmt.Errorf("ask the metadata server who the function is: %w", err)
	}
	return token, nil
}
