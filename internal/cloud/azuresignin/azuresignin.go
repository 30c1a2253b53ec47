// Package azuresignin signs a function in to Entra ID as an application. The
// function shows a token of the cloud that it runs in, which Entra ID trusts by
// a federated credential, so that nothing is stored; or, where that is not to be
// had, a certificate or a secret. Begin with SignIn.
package azuresignin

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"posture/internal/config"
	"posture/scanners/azure"
)

// The Azure SDKs' own variables.
const (
	tenantVariable = "AZURE_TENANT_ID"
	clientVariable = "AZURE_CLIENT_ID"
)

// Application is an app registration of a tenant.
type Application struct{ Tenant, Client string }

// FromEnvironment returns the application that the environment names.
func FromEnvironment(getenv func(string) string) (Application, error) {
	a := Application{getenv(tenantVariable), getenv(clientVariable)}
	for name, id := range map[string]string{tenantVariable: a.Tenant, clientVariable: a.Client} {
		if !config.IsGUID(id) {
			return Application{}, fmt.Errorf("%s: expected an id such as 11111111-2222-3333-4444-555555555555", name)
		}
	}
	return a, nil
}

// SecretVariable names a secret with the application's own secret or
// certificate, for a tenant that trusts no tokens of the function's cloud.
const SecretVariable = "POSTURE_AZURE_SECRET" //nolint:gosec // the variable's name; it holds the secret's name

// SignIn signs in as the application that the environment names: by the secret
// that SecretVariable names, if it is set, and else by tokens of assert.
func SignIn(ctx context.Context, a config.Azure, getenv func(string) string, read func(ctx context.Context, name string) (string, error), assert Assertion) (azure.Options, error) {
	app, err := FromEnvironment(getenv)
	if err != nil {
		return azure.Options{}, err
	}
	name := getenv(SecretVariable)
	if name == "" {
		return app.Federated(ctx, a.Cloud, assert, policy.ClientOptions{})
	}
	held, err := read(ctx, name)
	if err != nil {
		return azure.Options{}, err
	}
	return app.Stored(ctx, a.Cloud, held, policy.ClientOptions{})
}

// Assertion returns a token for an audience that says who the function is.
type Assertion func(ctx context.Context, audience string) (string, error)

// Federated signs in with tokens of another cloud. It asks for a first token of
// Azure, so that a refusal is one clear error and not one of each call.
func (a Application) Federated(ctx context.Context, cloud string, assert Assertion, client policy.ClientOptions) (azure.Options, error) {
	where := azure.Clouds()[cloud]
	client.Cloud = where.Configuration()
	show := func(ctx context.Context) (string, error) { return assert(ctx, where.Exchange) }
	first, err := show(ctx)
	if err != nil {
		return azure.Options{}, fmt.Errorf("get a token to show to Entra ID: %w", err)
	}
	got, err := azidentity.NewClientAssertionCredential(a.Tenant, a.Client, show, &azidentity.ClientAssertionCredentialOptions{ClientOptions: client})
	if err != nil {
		return azure.Options{}, a.failed(err, "")
	}
	if err := try(ctx, got, where); err != nil {
		return azure.Options{}, a.failed(err, first)
	}
	return azure.Options{Credential: got, Cloud: where}, nil
}

var errNeither = errors.New("expected the secret of an app registration, or its certificate with its key as PEM or PKCS#12")

// Stored signs in with what a secret holds: a certificate with its key, as PEM or
// PKCS#12 without a password, or else the text of a client secret. No error
// quotes it.
func (a Application) Stored(ctx context.Context, cloud, held string, client policy.ClientOptions) (azure.Options, error) {
	where := azure.Clouds()[cloud]
	client.Cloud = where.Configuration()
	got, err := a.stored(held, client)
	if err != nil {
		return azure.Options{}, err
	}
	if err := try(ctx, got, where); err != nil {
		return azure.Options{}, a.failed(err, "")
	}
	return azure.Options{Credential: got, Cloud: where}, nil
}

func (a Application) stored(held string, client policy.ClientOptions) (azcore.TokenCredential, error) {
	held = strings.TrimSpace(held)
	if certs, key, err := certificate(held); err == nil {
		got, err := azidentity.NewClientCertificateCredential(a.Tenant, a.Client, certs, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: client})
		if err != nil { // its text could quote the certificate
			return nil, errNeither
		}
		return got, nil
	}
	if held == "" || strings.ContainsAny(held, " \n") {
		return nil, errNeither
	}
	got, err := azidentity.NewClientSecretCredential(a.Tenant, a.Client, held, &azidentity.ClientSecretCredentialOptions{ClientOptions: client})
	if err != nil {
		return nil, errNeither
	}
	return got, nil
}

// certificate reads PEM, or PKCS#12 in base64 as secret stores keep it.
func certificate(held string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if strings.Contains(held, "-----BEGIN") {
		return azidentity.ParseCertificates([]byte(held), nil)
	}
	packed, err := base64.StdEncoding.DecodeString(held)
	if err != nil {
		return nil, nil, err
	}
	return azidentity.ParseCertificates(packed, nil)
}

// try gets a token for Azure Resource Manager.
func try(ctx context.Context, as azcore.TokenCredential, where azure.Cloud) error {
	_, err := as.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{where.Scope()}})
	return err
}

// failed says what to do about a refused sign-in. Of the token that was shown it
// tells only what a federated credential is compared with.
func (a Application) failed(err error, shown string) error {
	var refused *azidentity.AuthenticationFailedError
	if errors.As(err, &refused) {
		err = errors.New(reason(refused))
	}
	what := fmt.Errorf("sign in to Entra ID as the application %s of the tenant %s: %w", a.Client, a.Tenant, err)
	c, known := claims(shown)
	if !known {
		return what
	}
	return fmt.Errorf("%w; the application needs a federated credential with issuer %s, subject %s and audience %s", what, c.Iss, c.Sub, c.audience())
}

// reason returns Entra ID's own words, which begin with a code such as
// AADSTS70021, on one line. Further lines may quote a token.
func reason(refused *azidentity.AuthenticationFailedError) string {
	refusal := refused.RawResponse
	if refusal == nil {
		line, _, _ := strings.Cut(refused.Error(), "\n")
		return line
	}
	body, err := runtime.Payload(refusal)
	var said struct {
		Error       string
		Description string `json:"error_description"`
	}
	if err != nil || json.Unmarshal(body, &said) != nil || said.Error == "" {
		return "it answered " + refusal.Status + ", not as Entra ID does: is there a proxy in between?"
	}
	line, _, _ := strings.Cut(said.Description, "\n")
	line, _, _ = strings.Cut(line, " Trace ID:")
	return strings.TrimSpace(said.Error + ": " + strings.TrimSpace(line))
}

// shownClaims are what a federated credential is compared with.
type shownClaims struct {
	Iss, Sub string
	Aud      any // a text, or a list of texts
}

func (c shownClaims) audience() string { return strings.Trim(fmt.Sprint(c.Aud), "[]") }

// claims returns those of a token, and whether it is one. Nothing is decided by
// them.
func claims(token string) (c shownClaims, known bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return c, false
	}
	return c, c.Iss != ""
}
