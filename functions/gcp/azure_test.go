package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"posture/internal/entratest"
)

const googleIssuer = "https://accounts.google.com"

// azureEnvironment is that of a function that reads Azure.
func azureEnvironment(t *testing.T, azure *entratest.Azure, metadata http.HandlerFunc) []string {
	t.Helper()
	server := httptest.NewServer(metadata)
	t.Cleanup(server.Close)
	return append(azure.Env,
		"FUNCTION_TARGET=run", "POSTURE_CLOUD=azure",
		"GCE_METADATA_HOST="+strings.TrimPrefix(server.URL, "http://"), "NO_PROXY=127.0.0.1")
}

func newAzure(t *testing.T) *entratest.Azure {
	t.Helper()
	return entratest.Start(t, googleIssuer)
}

// TestAzure is one run over Azure, by the function's own identity.
func TestAzure(t *testing.T) {
	t.Parallel()
	c, azure := newCloud(t), newAzure(t)
	c.put("config/posture.yaml", entratest.Config+"slack: {channel: C0123456789}\n")
	p := c.start(t, azureEnvironment(t, azure, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("audience") != "api://AzureADTokenExchange" || r.Header.Get("Metadata-Flavor") != "Google" {
			t.Errorf("the metadata server was asked for %s", r.URL)
		}
		fmt.Fprint(w, entratest.Assertion(googleIssuer, "1234567890"))
	})...)
	code, body := p.post(t, "/", scheduled, "{}")
	got := parse(t, body)
	if code != http.StatusOK || got.Run != "20261121T050000Z-azure" || got.Targets != 1 || got.Outcome != "complete" || got.Counts["fail"] == 0 || got.Counts["pass"] == 0 {
		t.Errorf("got %d %s\n%s", code, body, p.log)
	}
	if wrong := azure.Wrong(); len(wrong) > 0 || len(azure.Signed()) == 0 {
		t.Errorf("signed in by %q; wrong: %q", azure.Signed(), wrong)
	}
	if strings.Contains(p.log.String()+body, entratest.Never) {
		t.Errorf("a secret shows:\n%s", p.log)
	}
}

// TestAzureRefused: what keeps the function from Azure is said in one line.
func TestAzureRefused(t *testing.T) {
	t.Parallel()
	gives := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, entratest.Assertion(googleIssuer, "1234567890"))
	}
	for name, test := range map[string]struct {
		refuse   bool
		metadata http.HandlerFunc
		env      string
		want     string
	}{
		"not trusted":    {true, gives, "", "issuer https://accounts.google.com, subject 1234567890 and audience api://AzureADTokenExchange"},
		"no identity":    {false, http.NotFound, "", "ask the metadata server who the function is"},
		"no application": {false, gives, "AZURE_TENANT_ID=", "AZURE_TENANT_ID: expected an id"},
		"another cloud":  {false, gives, "POSTURE_CLOUD=aws", `POSTURE_CLOUD \"aws\": expected gcp or azure`},
	} {
		t.Run(name, func(t *testing.T) {
			c, azure := newCloud(t), newAzure(t)
			c.put("config/posture.yaml", entratest.Config)
			azure.Refuse(test.refuse)
			p := c.start(t, append(azureEnvironment(t, azure, test.metadata), test.env)...)
			if code, body := p.post(t, "/", scheduled, "{}"); code != http.StatusInternalServerError || !strings.Contains(body, test.want) || strings.Contains(body, entratest.Never) {
				t.Errorf("got %d %s\nwant %s", code, body, test.want)
			}
		})
	}
}
