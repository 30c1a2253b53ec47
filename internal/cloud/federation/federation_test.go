package federation

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"posture/scanners/gcp"
)

// written is what gcloud writes.
const written = `{
  "universe_domain": "googleapis.com",
  "type": "external_account",
  "audience": "//iam.googleapis.com/projects/4001/locations/global/workloadIdentityPools/posture/providers/aws",
  "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
  "token_url": "https://sts.googleapis.com/v1/token",
  "credential_source": {"environment_id": "aws1", "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials"},
  "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/posture-scan@my-posture.iam.gserviceaccount.com:generateAccessToken"
}`

func TestCaller(t *testing.T) {
	for name, test := range map[string]struct{ from, to, caller string }{
		"a service account": {"aws1", "aws1", "posture-scan@my-posture.iam.gserviceaccount.com"},
		"the pool itself":   {"service_account_impersonation_url", "unused", ""},
		"a region":          {"https://sts.", "https://sts.europe-west3.rep.", "posture-scan@my-posture.iam.gserviceaccount.com"},
		"a default account": {"posture-scan@my-posture.iam", "4001-compute@developer", "4001-compute@developer.gserviceaccount.com"},
	} {
		_, caller, err := Credentials("google.json", []byte(strings.Replace(written, test.from, test.to, 1)), Identity{})
		if err != nil || caller != test.caller {
			t.Errorf("%s: %q, %v", name, caller, err)
		}
	}
}

// TestRefused holds that what gcloud would not write is refused, above all an
// address that is not Google's, and that no error quotes the file.
func TestRefused(t *testing.T) {
	for name, test := range map[string]struct{ from, to, want string }{
		"no JSON":               {"{", "verysecret", "it is no JSON"},
		"another type":          {"external_account", "authorized_user", "type: expected external_account"},
		"no pool":               {"workloadIdentityPools/posture", "verysecret", "audience: expected //iam.googleapis.com/projects/NUMBER/"},
		"a workforce":           {"projects/4001/locations/global/workloadIdentityPools", "locations/global/workforcePools", "audience: expected"},
		"another kind of token": {"aws:token-type:aws4_request", "oauth:token-type:jwt", "subject_token_type: expected urn:ietf:params:aws:token-type:aws4_request"},
		"another exchange":      {"https://sts.googleapis.com/", "https://sts.googleapis.com.verysecret.example/", "token_url: expected https://sts.googleapis.com/v1/token"},
		"without TLS":           {"https://sts", "http://sts", "token_url: expected"},
		"another account":       {"https://iamcredentials.googleapis.com/", "https://verysecret.example/", "service_account_impersonation_url: expected"},
		"another method":        {":generateAccessToken", ":signJwt", "service_account_impersonation_url: expected"},
		"another universe":      {`"universe_domain": "googleapis.com"`, `"universe_domain": "verysecret.example"`, "universe_domain: expected googleapis.com"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Credentials("google.json", []byte(strings.Replace(written, test.from, test.to, 1)), Identity{})
			if err == nil || !strings.HasPrefix(err.Error(), "google.json: "+test.want) || strings.Contains(err.Error(), "verysecret") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, text := range []string{
		`{"type": "service_account", "private_key_id": "1", "private_key": "verysecret"}`,
		`{"type": "authorized_user", "client_id": "1", "refresh_token": "verysecret"}`,
		strings.Replace(written, "{", `{"client_secret": "verysecret",`, 1),
	} {
		if _, _, err := Credentials("google.json", []byte(text), Identity{}); !errors.Is(err, ErrKey) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("got %v", err)
		}
	}
}

// elsewhere leads what is meant for Google to a server of this machine.
type elsewhere struct{ to *url.URL }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Meant-For", r.URL.Host)
	r.URL.Scheme, r.URL.Host = e.to.Scheme, e.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

// TestExchange holds, with the library's own client, that a token comes by both
// calls, and that no answer without one is taken for one or followed.
func TestExchange(t *testing.T) {
	const sts, granting = "sts.googleapis.com", "iamcredentials.googleapis.com"
	for name, test := range map[string]struct {
		at     string // who answers oddly, "" for none
		status int
		body   string
		want   string // begin of the error
		asked  int    // calls
	}{
		"a token":         {asked: 2},
		"no such pool":    {sts, 400, `{"error": "invalid_target", "error_description": "The target service is invalid."}`, sts + " gave no token (invalid_target: The target service is invalid.): the pool or its provider is not there, is disabled or deleted: gcloud iam workload-identity-pools providers describe aws --workload-identity-pool posture --location global --project 4001", 1},
		"no token":        {sts, 200, `{"access_token": "", "expires_in": 3600}`, sts + " gave no token (HTTP 200 without a token): that is not Google's answer", 1},
		"a redirection":   {sts, 307, "", sts + " gave no token (HTTP 307, a redirection): that is not Google's answer", 1},
		"not let in":      {granting, 403, `{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission denied on resource."}}`, granting + " gave no token (PERMISSION_DENIED: Permission denied on resource.): check its name, and let whoever signs in act as it: gcloud iam service-accounts add-iam-policy-binding posture-scan@my-posture.iam.gserviceaccount.com", 2},
		"an empty answer": {granting, 200, `{}`, granting + " gave no token (HTTP 200 without a token): ", 2},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Location", "/v1/token")
				switch r.Header.Get("X-Meant-For") {
				case test.at:
					w.WriteHeader(test.status)
					_, _ = io.WriteString(w, test.body)
				case sts:
					_, _ = io.WriteString(w, `{"access_token": "made-up", "token_type": "Bearer", "expires_in": 3600}`)
				case granting:
					_, _ = io.WriteString(w, `{"accessToken": "made-up-too", "expireTime": "2100-01-01T00:00:00Z"}`)
				}
			}))
			defer server.Close()
			to, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			as := Identity{Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "verysecret", ""), Region: "eu-west-1", Transport: elsewhere{to}}
			own, _, err := Credentials("google.json", []byte(written), as)
			if err != nil {
				t.Fatal(err)
			}
			token, err := own.Token(t.Context())
			var refused *gcp.Refusal
			switch {
			case test.want == "" && (err != nil || token.Value != "made-up-too"):
				t.Errorf("got %v", err)
			case test.want != "" && (!errors.As(err, &refused) || !strings.HasPrefix(refused.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
			if asked != test.asked {
				t.Errorf("%d calls, want %d", asked, test.asked)
			}
		})
	}
}
