package azuresignin

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"posture/internal/config"
	"posture/scanners/azure"
)

var app = Application{Tenant: "99999999-8888-7777-6666-555555555555", Client: "22222222-3333-4444-5555-666666666666"}

// entra answers as Entra ID does, without a network. The client of the SDK
// refuses any address that has no TLS.
type entra struct {
	t      *testing.T
	login  string // the host; "": that of the public cloud
	status int
	answer string
	form   url.Values // of the last request for a token
}

func (e *entra) Do(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, ""
	login := cmp.Or(e.login, "https://login.microsoftonline.com/")
	switch {
	case "https://"+r.URL.Host+"/" != login:
		e.t.Errorf("a request went to %s", r.URL.Host)
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		body = `{"tenant_discovery_endpoint": "` + login + app.Tenant + `/v2.0/.well-known/openid-configuration", "metadata": []}`
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		body = `{"token_endpoint": "` + login + app.Tenant + `/oauth2/v2.0/token", "authorization_endpoint": "` + login + `a", "issuer": "` + login + app.Tenant + `/v2.0"}`
	default:
		text, err := io.ReadAll(r.Body)
		if err != nil {
			e.t.Error(err)
		}
		if e.form, err = url.ParseQuery(string(text)); err != nil {
			e.t.Error(err)
		}
		status, body = e.status, e.answer
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

const granted = `{"token_type": "Bearer", "expires_in": 3599, "access_token": "t"}`

func (e *entra) options() policy.ClientOptions {
	return policy.ClientOptions{Transport: e, Retry: policy.RetryOptions{MaxRetries: -1}}
}

// shown is a token as AWS gives them.
func shown() string {
	claims := `{"iss": "https://abc.tokens.sts.global.api.aws", "sub": "arn:aws:iam::111122223333:role/posture-scan-azure", "aud": ["api://AzureADTokenExchange"]}`
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".verysecret"
}

func TestFederated(t *testing.T) {
	e := &entra{t: t, status: http.StatusOK, answer: granted}
	got, err := app.Federated(t.Context(), config.DefaultAzureCloud, func(context.Context, string) (string, error) { return shown(), nil }, e.options())
	if err != nil || got.Credential == nil || got.Cloud.Manager != "https://management.azure.com" {
		t.Fatalf("%v, %v", got, err)
	}
	if e.form.Get("client_assertion") != shown() || e.form.Get("client_id") != app.Client {
		t.Errorf("shown to Entra ID: %v", e.form)
	}
}

// TestClouds: each cloud is signed in to at its own host, with a token that is for
// it, for a token of its own Azure Resource Manager.
func TestClouds(t *testing.T) {
	for name, want := range map[string]struct{ login, exchange, scope string }{
		"AzureCloud":        {"https://login.microsoftonline.com/", "api://AzureADTokenExchange", "https://management.azure.com/.default"},
		"AzureUSGovernment": {"https://login.microsoftonline.us/", "api://AzureADTokenExchangeUSGov", "https://management.core.usgovcloudapi.net//.default"},
		"AzureChinaCloud":   {"https://login.chinacloudapi.cn/", "api://AzureADTokenExchangeChina", "https://management.core.chinacloudapi.cn//.default"},
	} {
		e := &entra{t: t, login: want.login, status: http.StatusOK, answer: granted}
		var asked []string
		assert := func(_ context.Context, audience string) (string, error) {
			asked = append(asked, audience)
			return shown(), nil
		}
		for way, sign := range map[string]func() (azure.Options, error){
			"a token":  func() (azure.Options, error) { return app.Federated(t.Context(), name, assert, e.options()) },
			"a secret": func() (azure.Options, error) { return app.Stored(t.Context(), name, "verysecret~1", e.options()) },
		} {
			got, err := sign()
			if err != nil || got.Cloud != azure.Clouds()[name] {
				t.Errorf("%s by %s: %v, %v", name, way, got.Cloud, err)
			}
			if scopes := strings.Fields(e.form.Get("scope")); !slices.Contains(scopes, want.scope) {
				t.Errorf("%s by %s: asked for %q, want %s", name, way, scopes, want.scope)
			}
		}
		if asked = slices.Compact(asked); !slices.Equal(asked, []string{want.exchange}) {
			t.Errorf("%s: tokens for %q, want %s", name, asked, want.exchange)
		}
	}
	if len(azure.Clouds()) != 3 {
		t.Error("there is a cloud that this does not try")
	}
}

func TestFederatedRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		answer string
		want   []string
	}{
		"no federated credential": {
			http.StatusUnauthorized, `{"error": "invalid_client", "error_description": "AADSTS70021: No matching federated identity record found. Trace ID: 1\r\nCorrelation ID: 2"}`,
			[]string{"invalid_client: AADSTS70021: No matching federated identity record found.;", "issuer https://abc.tokens.sts.global.api.aws, subject arn:aws:iam::111122223333:role/posture-scan-azure and audience api://AzureADTokenExchange"},
		},
		"no such application": {http.StatusBadRequest, `{"error": "unauthorized_client", "error_description": "AADSTS700016: not found"}`, []string{"AADSTS700016: not found"}},
		"a proxy":             {http.StatusForbidden, `<html>verysecret</html>`, []string{"it answered Forbidden, not as Entra ID does"}},
		"broken":              {http.StatusInternalServerError, ``, []string{"it answered Internal Server Error"}},
		"an empty token":      {http.StatusOK, `{}`, []string{"sign in to Entra ID as the application " + app.Client}},
	} {
		t.Run(name, func(t *testing.T) {
			e := &entra{t: t, status: c.status, answer: c.answer}
			_, err := app.Federated(t.Context(), config.DefaultAzureCloud, func(context.Context, string) (string, error) { return shown(), nil }, e.options())
			if err == nil || strings.Contains(err.Error(), "verysecret") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			}
		})
	}
	e := &entra{t: t}
	_, err := app.Federated(t.Context(), config.DefaultAzureCloud, func(context.Context, string) (string, error) { return "", errors.New("sts: AccessDenied") }, e.options())
	if err == nil || err.Error() != "get a token to show to Entra ID: sts: AccessDenied" || e.form != nil {
		t.Errorf("without a token: %v", err)
	}
}

func TestStored(t *testing.T) {
	for name, held := range map[string]string{"a secret": "verysecret~1\n", "a certificate": certificateOf(t, rsaKey(t))} {
		e := &entra{t: t, status: http.StatusOK, answer: granted}
		if _, err := app.Stored(t.Context(), config.DefaultAzureCloud, held, e.options()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (e.form.Get("client_secret") == "verysecret~1") == (e.form.Get("client_assertion") != "") {
			t.Errorf("%s: shown to Entra ID: %v", name, e.form)
		}
	}
	refusing := &entra{t: t, status: http.StatusUnauthorized, answer: `{"error": "invalid_client", "error_description": "AADSTS7000222: expired"}`}
	for name, held := range map[string]string{
		"nothing": "", "words": "very secret", "half a certificate": "-----BEGIN CERTIFICATE-----\nverysecret", "a certificate of another kind": certificateOf(t, ecKey(t)), "an expired one": "verysecret",
	} {
		if _, err := app.Stored(t.Context(), config.DefaultAzureCloud, held, refusing.options()); err == nil || strings.Contains(err.Error(), "secret ") && !errors.Is(err, errNeither) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	env := map[string]string{tenantVariable: app.Tenant, clientVariable: app.Client}
	if got, err := FromEnvironment(func(name string) string { return env[name] }); err != nil || got != app {
		t.Errorf("got %v, %v", got, err)
	}
	for name := range env {
		lacks := func(asked string) string {
			if asked == name {
				return "contoso.com"
			}
			return env[asked]
		}
		if _, err := FromEnvironment(lacks); err == nil || !strings.HasPrefix(err.Error(), name+": expected an id") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func rsaKey(t *testing.T) any {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t *testing.T) any {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificateOf returns a certificate that signs itself, with its key, as PEM.
func certificateOf(t *testing.T, key any) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "posture"}, NotAfter: time.Now().Add(time.Hour)}
	var public any
	switch key := key.(type) {
	case *rsa.PrivateKey:
		public = &key.PublicKey
	case *ecdsa.PrivateKey:
		public = &key.PublicKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}
