package federation

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestExplain holds that both forms of an error are understood, and nothing
// else is made of a body.
func TestExplain(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want Refusal
	}{
		"OAuth":    {`{"error": "invalid_grant", "error_description": "expired\n token"}`, Refusal{Code: "invalid_grant", Why: "expired token"}},
		"an API":   {`{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}`, Refusal{Code: "PERMISSION_DENIED", Why: "no"}},
		"a page":   {`<html>`, Refusal{Code: "403 Forbidden"}},
		"nothing":  {``, Refusal{Code: "403 Forbidden"}},
		"too long": {`{"error": "x", "error_description": "` + strings.Repeat("y", 500) + `"}`, Refusal{Code: "x", Why: strings.Repeat("y", 400)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Refusal{Code: "403 Forbidden"}
			got.explain([]byte(test.body))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
