package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signInFile is what gcloud writes for a program on AWS, with the addresses of
// a server on this machine.
const signInFile = `{
  "type": "external_account",
  "audience": "//iam.googleapis.com/projects/4001/locations/global/workloadIdentityPools/posture/providers/aws",
  "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
  "token_url": "%[1]s/v1/token",
  "credential_source": {"environment_id": "aws1", "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"},
  "service_account_impersonation_url": "%[1]s/v1/projects/-/serviceAccounts/scan@my-posture.iam.gserviceaccount.com:generateAccessToken"
}`

// answered is what a server says to one call for a token.
type answered struct {
	status int
	kind   string
	body   string
	hangs  bool
}

func (a answered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the caller has gone
	if a.hangs {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Location", "https://login.example.com/?made-up-secret")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// TestGoogleSignIn holds, with Google's own library, how a scan from AWS ends
// that gets no token: with the reason and what to do, without the text of
// strangers, and with nothing stored.
func TestGoogleSignIn(t *testing.T) {
	refused := func(code int, body string) answered { return answered{code, "application/json", body, false} }
	exchanged := refused(200, `{"access_token": "made-up-secret", "token_type": "Bearer", "expires_in": 3600}`)
	api := func(status, message, more string) string {
		return fmt.Sprintf(`{"error": {"code": 403, "status": %q, "message": %q, "details": [%s]}}`, status, message, more)
	}
	const (
		provider = "gcloud iam workload-identity-pools providers describe aws --workload-identity-pool posture --location global --project 4001"
		foreign  = "that is not Google's answer, something between here and there gave it: check HTTPS_PROXY"
		page     = `<html>made-up-secret</html>`
	)
	for name, test := range map[string]struct {
		sts, iam answered
		code     int
		want     []string
	}{
		"no such pool":         {refused(400, `{"error": "invalid_target", "error_description": "The target service is invalid."}`), exchanged, exitUsage, []string{"invalid_target: The target service is invalid.", "disabled or deleted: " + provider}},
		"AWS session expired":  {refused(400, `{"error": "invalid_grant", "error_description": "Received invalid AWS response of type ExpiredToken with error message: The security token included in the request is expired"}`), exchanged, exitUsage, []string{"your AWS session has expired, run: aws sso login"}},
		"AWS does not confirm": {refused(400, `{"error": "invalid_grant", "error_description": "Received invalid AWS response of type SignatureDoesNotMatch"}`), exchanged, exitUsage, []string{"aws sts get-caller-identity", "date -u"}},
		"not trusted":          {refused(401, `{"error": "unauthorized_client", "error_description": "The given credential is rejected by the attribute condition."}`), exchanged, exitUsage, []string{"attribute condition: " + provider}},
		"not to act as":        {exchanged, refused(403, api("PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).", "")), exitUsage, []string{"gcloud iam service-accounts add-iam-policy-binding scan@my-posture.iam.gserviceaccount.com --role roles/iam.workloadIdentityUser"}},
		"no such account":      {exchanged, refused(404, api("NOT_FOUND", "Gaia id not found", "")), exitUsage, []string{"gcloud iam service-accounts describe scan@my-posture.iam.gserviceaccount.com"}},
		"API off": {exchanged, refused(403, api("PERMISSION_DENIED", "disabled", `{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {"service": "iamcredentials.googleapis.com", "consumer": "projects/4001"}}`)),
			exitUsage, []string{"gcloud services enable iamcredentials.googleapis.com --project 4001"}},
		"API off, said oddly": {exchanged, refused(403, api("PERMISSION_DENIED", "disabled", `{"reason": "SERVICE_DISABLED", "metadata": {"service": "x; rm -rf /", "consumer": "projects/$(id)"}}`)),
			exitUsage, []string{"gcloud services enable iamcredentials.googleapis.com --project PROJECT"}},
		"a proxy's page":                {answered{200, "text/html; charset=utf-8", page, false}, exchanged, exitIncomplete, []string{"HTTP 200 without a token, text/html", foreign}},
		"a proxy refuses":               {answered{403, "text/html", page, false}, exchanged, exitIncomplete, []string{"HTTP 403, text/html", foreign}},
		"a proxy's page, second call":   {exchanged, answered{200, "text/html", page, false}, exitIncomplete, []string{foreign}},
		"a redirection":                 {answered{307, "text/html", page, false}, exchanged, exitIncomplete, []string{"HTTP 307, a redirection", foreign}},
		"a redirection, second call":    {exchanged, answered{302, "text/html", page, false}, exitIncomplete, []string{"HTTP 302, a redirection", foreign}},
		"an empty token":                {refused(200, `{"access_token": "", "expires_in": 3600}`), exchanged, exitIncomplete, []string{"HTTP 200 without a token", foreign}},
		"a token that never runs out":   {refused(200, `{"access_token": "made-up-secret"}`), exchanged, exitIncomplete, []string{"HTTP 200 without a token", foreign}},
		"an empty token, second call":   {exchanged, refused(200, `{"accessToken": "", "expireTime": "2100-01-01T00:00:00Z"}`), exitIncomplete, []string{"HTTP 200 without a token", foreign}},
		"a list":                        {refused(200, `[]`), exchanged, exitIncomplete, []string{foreign}},
		"an error that is a success":    {refused(200, `{"error": "invalid_target"}`), exchanged, exitUsage, []string{"invalid_target", provider}},
		"out of order":                  {answered{500, "text/html", page, false}, exchanged, exitIncomplete, []string{"HTTP 500", "try again in some minutes"}},
		"out of order, second call":     {exchanged, refused(503, api("UNAVAILABLE", "later", "")), exitIncomplete, []string{"UNAVAILABLE: later", "try again in some minutes"}},
		"too many calls":                {refused(429, api("RESOURCE_EXHAUSTED", "later", "")), exchanged, exitIncomplete, []string{"try again in some minutes"}},
		"nobody answers":                {answered{hangs: true}, exchanged, exitIncomplete, []string{"as nobody answers in time", "curl -i http://127.0.0.1:"}},
		"nobody answers the second one": {exchanged, answered{hangs: true}, exitIncomplete, []string{"as nobody answers in time", "curl -i http://127.0.0.1:"}},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.Handle("POST /v1/token", test.sts)
			mux.Handle("POST /v1/projects/", test.iam)
			server := httptest.NewServer(mux)
			defer server.Close()
			dir := t.TempDir()
			file := filepath.Join(dir, "google.json")
			if err := os.WriteFile(file, fmt.Appendf(nil, signInFile, server.URL), 0o600); err != nil {
				t.Fatal(err)
			}
			for key, value := range map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": file, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up-secret", "AWS_REGION": "eu-west-1"} {
				t.Setenv(key, value)
			}
			began := time.Now()
			code, stderr := exitOf(t, []string{"scan", "gcp", "--organization", "3001", "--store", dir, "--time-limit", "1s"}, streams{out: io.Discard, openTime: 300 * time.Millisecond})
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%s: want %s", stderr, want)
				}
			}
			if strings.Contains(stderr, "made-up-secret") || strings.Contains(stderr, "rm -rf") || strings.Contains(stderr, "login.example.com") {
				t.Errorf("it shows what strangers wrote: %s", stderr)
			}
			if kept, err := os.ReadDir(dir); err != nil || len(kept) != 1 {
				t.Errorf("something was stored: %v, %v", kept, err)
			}
		})
	}
}
