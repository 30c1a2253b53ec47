package oncloudrun

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"cloud.google.com/go/compute/metadata"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/internal/cloud/azuresignin"
	"posture/internal/config"
	"posture/scanners/azure"
)

// azureSecretVariable names a secret with the application's own secret or
// certificate, for a tenant that trusts no tokens of Google.
const azureSecretVariable = "POSTURE_AZURE_SECRET" //nolint:gosec // the variable's name; it holds the secret's name

// azureCredentials returns those of the application that trusts the function's
// service account.
func azureCredentials(ctx context.Context, a config.Azure, getenv func(string) string) (azure.Options, error) {
	app, err := azuresignin.FromEnvironment(os.Getenv)
	if err != nil {
		return azure.Options{}, err
	}
	if name := getenv(azureSecretVariable); name != "" {
		held, err := secret(name)(ctx, false)
		if err != nil {
			return azure.Options{}, err
		}
		return app.Stored(ctx, a.Cloud, held, policy.ClientOptions{})
	}
	return app.Federated(ctx, a.Cloud, ownToken, policy.ClientOptions{})
}

// ownToken returns a token of Google that says which service account the function
// runs as, from the metadata server.
func ownToken(ctx context.Context) (string, error) {
	token, err := metadata.GetWithContext(ctx, "instance/service-accounts/default/identity?audience="+url.QueryEscape(azuresignin.Audience))
	if err != nil {
		return "", fmt.Errorf("ask the metadata server who the function is: %w", err)
	}
	return token, nil
}
