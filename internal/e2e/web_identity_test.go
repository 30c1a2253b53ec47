package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestWebIdentity scans AWS as docs/gcp.md does it from Google Cloud: with a
// token in a file and no key at all.
func TestWebIdentity(t *testing.T) {
	target, err := url.Parse(emptyEmulator(t))
	if err != nil {
		t.Fatal(err)
	}
	newBuilder(t, target.String()).bucket("acme-data", nil)
	var exchanged url.Values
	emulator := httputil.NewSingleHostReverseProxy(target)
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == "AssumeRoleWithWebIdentity" {
			exchanged = form
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		emulator.ServeHTTP(w, r)
	}))
	defer aws.Close()
	folder := t.TempDir()
	token := filepath.Join(folder, "token")
	if err := os.WriteFile(token, []byte("made-up-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	role := "arn:aws:iam::" + own + ":role/posture-scan"
	program, err := filepath.Abs(commandLine)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "scan", "aws", "--services", "s3", "--regions", "us-east-1", "--format", "json")
	command.Dir = folder
	command.Env = []string{"AWS_WEB_IDENTITY_TOKEN_FILE=" + token, "AWS_ROLE_ARN=" + role, "AWS_ENDPOINT_URL_STS=" + aws.URL}
	for _, variable := range environment(aws.URL) {
		if !strings.HasPrefix(variable, "AWS_ACCESS_KEY_ID=") && !strings.HasPrefix(variable, "AWS_SECRET_ACCESS_KEY=") {
			command.Env = append(command.Env, variable)
		}
	}
	out, err := command.CombinedOutput()
	if !bytes.Contains(out, []byte(`"acme-data"`)) {
		t.Errorf("%v\n%s", err, out)
	}
	got := []string{exchanged.Get("RoleArn"), exchanged.Get("WebIdentityToken")}
	if diff := gocmp.Diff([]string{role, "made-up-token"}, got); diff != "" {
		t.Errorf("exchanged (-want +got):\n%s", diff)
	}
}
