// Package entratest gives tests an Azure under its own names: Entra ID, which
// gives tokens for those of another cloud or for a secret, and Azure Resource
// Manager behind it. Begin with Start.
package entratest

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"posture/internal/proxytest"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/enginetest"
)

// What Entra ID goes by, and gives. Nothing of it but the client's id may show
// anywhere.
const (
	Client       = "22222222-3333-4444-5555-666666666666"
	ClientSecret = "client-secret-never-to-be-seen"
	Never        = "never-to-be-seen" // in all that is secret

	token = "azure-token-never-to-be-seen" //nolint:gosec // made up
)

// Assertion returns a token as another cloud gives them.
func Assertion(issuer, subject string) string {
	claims, _ := json.Marshal(map[string]string{"iss": issuer, "sub": subject, "aud": "api://AzureADTokenExchange"}) // texts always can
	return "e30." + base64.RawURLEncoding.EncodeToString(claims) + "." + Never
}

// Azure is a tenant with its subscriptions.
type Azure struct {
	Manager *azuretest.Server
	Env     []string // with which a program finds it

	proxy *proxytest.Proxy

	mu     sync.Mutex
	issuer string   // whose tokens are taken
	refuse bool     // no token is given
	signed []string // how programs signed in
	wrong  []string // what no program should do
}

// Config puts its subscription into scope.
const Config = "azure: {subscriptions: [" + enginetest.Subscription + "], services: [redis]}\n"

//go:embed estate.txtar
var estateText []byte

// Estate returns what is in the subscription: two caches, one of them failing.
func Estate(t *testing.T) azuretest.Estate {
	t.Helper()
	estate, err := azuretest.Parse(txtar.Parse(estateText))
	if err != nil {
		t.Fatal(err)
	}
	return estate
}

// Start starts an Azure that takes the tokens of an issuer.
func Start(t *testing.T, issuer string) *Azure {
	t.Helper()
	a := &Azure{Manager: azuretest.Start(Estate(t)), issuer: issuer}
	t.Cleanup(a.Manager.Close)
	a.proxy = proxytest.Start(t, a, "login.microsoftonline.com", "management.azure.com")
	a.Env = append(slices.Clone(a.proxy.Env), "AZURE_TENANT_ID="+enginetest.Tenant, "AZURE_CLIENT_ID="+Client)
	return a
}

// Trust takes the tokens of another issuer from now on, and forgets who signed
// in.
func (a *Azure) Trust(issuer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issuer, a.signed, a.wrong = issuer, nil, nil
}

// Refuse has Entra ID give no token, or give them again.
func (a *Azure) Refuse(refuse bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = refuse
}

// Signed returns how programs signed in: "a secret", "a token of ISSUER".
func (a *Azure) Signed() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.signed)
}

// Wrong returns what no program should have done.
func (a *Azure) Wrong() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Concat(a.wrong, a.proxy.Wrong())
}

func (a *Azure) note(list *[]string, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*list = append(*list, what)
}

// ServeHTTP answers for all of Azure's names.
func (a *Azure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	const login = "https://login.microsoftonline.com/" + enginetest.Tenant
	switch {
	case r.Host == "management.azure.com":
		if r.Header.Get("Authorization") != "Bearer "+token {
			a.note(&a.wrong, "without the token: "+r.URL.Path)
		}
		a.Manager.ServeHTTP(w, r)
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		fmt.Fprintf(w, `{"tenant_discovery_endpoint": "%s/v2.0/.well-known/openid-configuration", "metadata": []}`, login)
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		fmt.Fprintf(w, `{"token_endpoint": "%s/oauth2/v2.0/token", "authorization_endpoint": "%s/a", "issuer": "%s/v2.0"}`, login, login, login)
	default:
		a.grant(w, r)
	}
}

// grant gives a token for one of another cloud, or for the secret.
func (a *Azure) grant(w http.ResponseWriter, r *http.Request) {
	way, right := "a secret", r.PostFormValue("client_secret") == ClientSecret
	a.mu.Lock()
	if assertion := r.PostFormValue("client_assertion"); assertion != "" {
		way, right = "a token of "+issuerOf(assertion), issuerOf(assertion) == a.issuer
	}
	refused := a.refuse
	a.mu.Unlock()
	a.note(&a.signed, way)
	if !right || r.PostFormValue("client_id") != Client {
		a.note(&a.wrong, way+" as "+r.PostFormValue("client_id"))
	}
	if refused {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error": "invalid_client", "error_description": "AADSTS70021: No matching federated identity record found for presented assertion. Trace ID: 1"}`)
		return
	}
	fmt.Fprintf(w, `{"token_type": "Bearer", "expires_in": 3599, "access_token": %q}`, token)
}

// issuerOf returns the issuer of a token, "nobody" where it is none, as those
// that an emulator of Cognito gives.
func issuerOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "nobody"
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iss string }
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return "nobody"
	}
	return claims.Iss
}
