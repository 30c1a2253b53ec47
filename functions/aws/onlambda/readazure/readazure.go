// Package readazure gives Azure to the Lambda function that reads it, by the AWS
// identity of that function: no key is stored, unless an account can give no
// token for that identity. Clouds is handed to onlambda.Start.
package readazure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

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

// poolVariable names an identity pool of Amazon Cognito, POOL-ID/DEVELOPER-PROVIDER,
// whose tokens the function shows where STS gives none.
const poolVariable = "POSTURE_AZURE_IDENTITY_POOL"

// Clouds returns Azure.
func Clouds(_ context.Context, s onlambda.Site) ([]cloud.Cloud, error) {
	read := func(ctx context.Context, name string) (string, error) {
		held, err := s.Secret(name)(ctx, false)
		if err != nil {
			return "", fmt.Errorf("read the secret %s: %w", name, err)
		}
		return held, nil
	}
	return []cloud.Cloud{azurecloud.New(func(ctx context.Context, a config.Azure, getenv func(string) string) (azure.Options, error) {
		assert, err := assertion(s.AWS, getenv(poolVariable))
		if err != nil {
			return azure.Options{}, err
		}
		return azuresignin.SignIn(ctx, a, os.Getenv, read, assert)
	})}, nil
}

// assertion returns how the function shows who it is: by the pool, or by STS
// where none is named.
func assertion(cfg aws.Config, pool string) (azuresignin.Assertion, error) {
	if pool != "" {
		return fromCognito(cfg, pool)
	}
	return fromSTS(cfg), nil
}

var errFederationOff = errors.New("the AWS account gives no tokens for other parties yet; turn that on with: aws iam enable-outbound-web-identity-federation")

// fromSTS gets tokens of the AWS account (sts:GetWebIdentityToken). Entra ID
// knows RS256 only.
func fromSTS(cfg aws.Config) azuresignin.Assertion {
	client := sts.NewFromConfig(cfg)
	return func(ctx context.Context, audience string) (string, error) {
		out, err := client.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{
			Audience: []string{audience}, SigningAlgorithm: aws.String("RS256"), DurationSeconds: aws.Int32(300),
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
	return func(ctx context.Context, _ string) (string, error) {
		out, err := client.GetOpenIdTokenForDeveloperIdentity(ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &id, Logins: map[string]string{provider: developer}, TokenDuration: aws.Int64(300),
		})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Token), nil
	}, nil
}
