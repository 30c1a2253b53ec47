package main_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"posture/internal/cloud/azurecloud"
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

// TestAzureStored: where a secret is named, the function signs in by what it holds, and
// says nothing of it.
func TestAzureStored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		held string // nothing: there is no such secret
		want string // of the answer
		by   []string
	}{
		"a secret":       {entratest.ClientSecret, `"outcome":"complete"`, []string{"a secret"}},
		"another one":    {"wrong-never-to-be-seen", "AADSTS", []string{"a secret"}},
		"no such secret": {"", "read the secret projects/p/secrets/azure", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, azure := newCloud(t), newAzure(t)
			c.put("config/posture.yaml", entratest.Config)
			azure.Refuse(test.want == "AADSTS")
			secrets := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if test.held == "" || r.URL.Path != "/v1/projects/p/secrets/azure/versions/latest:access" {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"payload": {"data": %q}}`, base64.StdEncoding.EncodeToString([]byte(test.held)))
			}))
			t.Cleanup(secrets.Close)
			p := c.start(t, append(azureEnvironment(t, azure, http.NotFound), "POSTURE_AZURE_SECRET=projects/p/secrets/azure", "POSTURE_SLACK_SECRET=", "POSTURE_TEST_SECRETS="+secrets.URL)...)
			_, body := p.post(t, "/", scheduled, "{}")
			if !strings.Contains(body, test.want) || strings.Contains(p.log.String()+body, entratest.Never) {
				t.Errorf("got %s, want %s\n%s", body, test.want, p.log)
			}
			if got := slices.Compact(azure.Signed()); !slices.Equal(got, test.by) {
				t.Errorf("signed in by %q, want %q", got, test.by)
			}
		})
	}
}

// TestAzureVariables holds that infra/gcp tells the function all that it can be told of
// Azure, by variables that say what they are for.
func TestAzureVariables(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile("../../infra/gcp/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	_, block, _ := strings.Cut(read("functions.tf"), "  azure = {\n")
	block, _, _ = strings.Cut(block, "  }\n")
	told := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^ +(\w+) += (.*)$`).FindAllStringSubmatch(block, -1) {
		told[line[1]] = line[2]
	}
	variables := read("variables.tf")
	for name, variable := range map[string]string{
		"POSTURE_AZURE_SCOPE": "azure_scope", "POSTURE_AZURE_SECRET": "azure_secret", "POSTURE_AZURE_DIRECTORY": "azure_directory",
		azurecloud.CloudVariable: "azure_cloud", "AZURE_TENANT_ID": "azure_tenant_id", "AZURE_CLIENT_ID": "azure_client_id",
	} {
		if !strings.Contains(told[name], "var."+variable) {
			t.Errorf("%s is %q, want var.%s", name, told[name], variable)
		}
		_, declared, _ := strings.Cut(variables, "variable \""+variable+"\" {\n")
		if !strings.HasPrefix(strings.TrimSpace(declared), "description = ") {
			t.Errorf("%s has no description", variable)
		}
	}
	if !strings.Contains(read("secret.tf"), `local.accounts["run-azure"].member`) {
		t.Error("the function that reads Azure may not read its secret")
	}
}
