package azblobstore_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
	"posture/internal/store/azblobstore"
)

// delegated is the key that the account of these tests gives out.
var delegated = base64.StdEncoding.EncodeToString([]byte("a key for signing, never shown"))

// keys answers as an account that gives out keys for signing, which Azurite does to
// nobody who signs in with the account's own key. It notes what was asked.
type keys struct {
	status int
	asked  string
}

func (k *keys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	k.asked = r.Method + " " + r.URL.Path + "?" + r.URL.RawQuery + " " + string(body)
	w.Header().Set("Content-Type", "application/xml")
	if k.status != http.StatusOK {
		w.Header().Set("X-Ms-Error-Code", "AuthorizationPermissionMismatch")
		w.WriteHeader(k.status)
		return
	}
	window := func(name string) string {
		return regexp.MustCompile("<" + name + ">([^<]*)<").FindStringSubmatch(string(body))[1]
	}
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>11111111-2222-3333-4444-555555555555</SignedOid>
		<SignedTid>99999999-8888-7777-6666-555555555555</SignedTid><SignedStart>%s</SignedStart><SignedExpiry>%s</SignedExpiry>
		<SignedService>b</SignedService><SignedVersion>2026-06-06</SignedVersion><Value>%s</Value></UserDelegationKey>`, window("Start"), window("Expiry"), delegated)
}

// anyToken is a credential of whoever.
type anyToken struct{}

func (anyToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token-never-shown", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// accountOf returns a store in an account that the server answers for.
func accountOf(t *testing.T, k *keys) store.Viewable {
	t.Helper()
	server := httptest.NewTLSServer(k)
	t.Cleanup(server.Close)
	sent := senderTo{server.URL, server.Client()}
	client, err := azblob.NewClient("https://results.blob.core.windows.net/", anyToken{}, &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: sent, Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return azblobstore.New(client, "evidence", "posture").(store.Viewable)
}

// senderTo sends all requests to a server on this machine.
type senderTo struct {
	base   string
	client *http.Client
}

func (s senderTo) Do(r *http.Request) (*http.Response, error) {
	at, err := url.Parse(s.base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = at.Scheme, at.Host
	return s.client.Do(r)
}

// TestShare: a signed address opens one blob for reading, over HTTPS, for seven days at
// most, and shows neither the key nor the token.
func TestShare(t *testing.T) {
	for name, row := range map[string]struct{ lasting, until time.Duration }{
		"a day": {24 * time.Hour, 24 * time.Hour}, "a month": {30 * 24 * time.Hour, 7*24*time.Hour - 15*time.Minute},
	} {
		k := &keys{status: http.StatusOK}
		address, until, err := accountOf(t, k).Share(t.Context(), "weekly/2026-W47/a b.html", row.lasting)
		if err != nil {
			t.Fatal(err)
		}
		if late := time.Until(until) - row.until; late > time.Second || late < -time.Minute {
			t.Errorf("%s: until %s", name, until)
		}
		signed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := signed.Query()
		got := []string{signed.Scheme, signed.Host, signed.Path, q.Get("sp"), q.Get("sr"), q.Get("spr"), q.Get("se"), q.Get("skoid"), q.Get("rsct")}
		want := []string{"https", "results.blob.core.windows.net", "/evidence/posture/weekly/2026-W47/a b.html", "r", "b", "https", until.Format("2006-01-02T15:04:05Z"), "11111111-2222-3333-4444-555555555555", "text/html; charset=utf-8"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if q.Get("sig") == "" || strings.Contains(address, delegated) || strings.Contains(address, url.QueryEscape(delegated)) || strings.Contains(address, "never-shown") {
			t.Errorf("%s: %s", name, address)
		}
		if !strings.HasPrefix(k.asked, "POST /?comp=userdelegationkey&restype=service ") {
			t.Errorf("%s: asked %s", name, k.asked)
		}
	}
}

// TestShareRefused: without the permission there is no address, and the error names
// neither key nor token.
func TestShareRefused(t *testing.T) {
	address, until, err := accountOf(t, &keys{status: http.StatusForbidden}).Share(t.Context(), "weekly/a.html", time.Hour)
	want := "sign weekly/a.html in azblob://results/evidence/posture: Azure answered AuthorizationPermissionMismatch (HTTP 403)"
	if err == nil || err.Error() != want || address != "" || !until.IsZero() {
		t.Errorf("got %q, %s, %v, want %s", address, until, err, want)
	}
	if got := accountOf(t, &keys{}).Address("weekly/a.html"); got != "" {
		t.Errorf("there is no page for it, and got %s", got)
	}
}
