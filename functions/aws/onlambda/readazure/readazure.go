// Package readazure gives Azure to the Lambda function that reads it, by the AWS
// identity of that function: no key is stored, unless an account can give no
// token for that identity.
package readazure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"posture/functions/aws/onlambda"
	"posture/internal/cloud"
	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/azuresignin"
	"posture/internal/config"
	"posture/scanners/azure"
)

// Scope is what the runs of Azure cover, in their ids.
const Scope = "azure"

// How the function shows who it is, where not by a token of STS.
const (
	secretVariable = "POSTURE_AZURE_SECRET"        //nolint:gosec // the variable's name; it holds the name of a secret in Secrets Manager
	poolVariable   = "POSTURE_AZURE_IDENTITY_POOL" // POOL-ID/DEVELOPER-PROVIDER of Amazon Cognito
)

// Clouds returns Azure.
func Clouds(_ context.Context, s onlambda.Site) ([]cloud.Cloud, error) {
	return []cloud.Cloud{azurecloud.New(func(ctx context.Context, a config.Azure, getenv func(string) string) (azure.Options, error) {
		app, err := azuresignin.FromEnvironment(os.Getenv)
		if err != nil {
			return azure.Options{}, err
		}
		if name := getenv(secretVariable); name != "" {
			held, err := s.Secret(name)(ctx, false)
			if err != nil {
				return azure.Options{}, fmt.Errorf("read the secret %s: %w", name, err)
			}
			return app.Stored(ctx, a.Cloud, held, policy.ClientOptions{})
		}
		assert := fromSTS(s.AWS)
		if pool := getenv(poolVariable); pool != "" {
			if assert, err = fromCognito(s.AWS, pool); err != nil {
				return azure.Options{}, err
			}
		}
		return app.Federated(ctx, a.Cloud, assert, policy.ClientOptions{})
	})}, nil
}

var errFederationOff = errors.New("the AWS account gives no tokens for other parties yet; turn that on with: aws iam enable-outbound-web-identity-federation")

// fromSTS gets tokens of the AWS account (sts:GetWebIdentityToken). Entra ID
// knows RS256 only.
func fromSTS(cfg aws.Config) azuresignin.Assertion {
	client := sts.NewFromConfig(cfg)
	return func(ctx context.Context) (string, error) {
		out, err := client.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{
			Audience: []string{azuresignin.Audience}, SigningAlgorithm: aws.String("RS256"), DurationSeconds: aws.Int32(300),
		})
		var off *types.OutboundWebIdentityFederationDisabledException
		if errors.As(err, &off) {
			return "", errFederationOff
		}
		if err != nil {
			return "", err
		}
		return aws.ToString(out.WebIdentityToken), nil
	}
}

// developer is the name by which the pool knows the function.
const developer = "posture-scan-azure"

// fromCognito gets tokens of an identity pool
// (cognito-identity:GetOpenIdTokenForDeveloperIdentity). Their audience is the
// pool's id, and their subject the identity that the pool gives the function.
func fromCognito(cfg aws.Config, pool string) (azuresignin.Assertion, error) {
	id, provider, found := strings.Cut(pool, "/")
	if !found || !strings.Contains(id, ":") || provider == "" {
		return nil, fmt.Errorf("%s %q: expected POOL-ID/DEVELOPER-PROVIDER", poolVariable, pool)
	}
	client := cognitoidentity.NewFromConfig(cfg)
	return func(ctx context.Context) (string, error) {
		out, err := client.GetOpenIdTokenForDeveloperIdentity(ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &id, Logins: map[string]string{provider: developer}, TokenDuration: aws.Int64(300),
		})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Token), nil
	}, nil
}
