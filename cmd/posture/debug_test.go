package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/clouds"
	"posture/internal/cloud/gcpcloud"
	"posture/scanners/aws/awstest"
	"posture/scanners/azure/azuretest"
	"posture/scanners/gcp/gcptest"
)

// planted is the secret of the test, in what a cloud is sent and answers.
const planted = "pL4nted0S3cretT0ken9aAbBcCdDeEfFgGhHiIjJkK1234"

// leak is a refusal that quotes what it was sent.
const leak = "refused: Authorization: Bearer " + planted + ", AccountKey=" + planted + "; password: '" + planted +
	"' https://archive.blob.core.windows.net/c/b?sv=2026-01-01&sig=" + planted + "%3D&se=2027-01-01 https://logs.s3.amazonaws.com/k?X-Amz-Signature=" + planted

// wire is between the program and a server: it counts the requests by the
// status of their answers, plants the secret in headers, and spoils some answers.
type wire struct {
	refusal string // the body of a refusal, in the provider's form; "": it refuses nothing

	mu       sync.Mutex
	seen     int
	statuses map[string]int
}

// untouched is how many requests are answered well at first, so that the scan begins.
const untouched = 12

// next counts a request, and says how it is to be answered: 0 is well.
func (w *wire) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen++; w.seen <= untouched {
		return 0
	}
	return w.seen % 5
}

func (w *wire) count(status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses[status]++
}

// serve answers a request, well by what would answer it.
func (w *wire) serve(out http.ResponseWriter, r *http.Request, well http.HandlerFunc) {
	out.Header().Set("X-Planted", planted)
	out.Header().Set("Set-Cookie", "session="+planted)
	out.Header().Set("Www-Authenticate", "Bearer "+planted)
	code := http.StatusOK
	switch how := w.next(); {
	case how == 1 && w.refusal != "":
		code = http.StatusForbidden
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(code)
		fmt.Fprint(out, w.refusal)
	case how == 2: // no answer of the service's
		fmt.Fprintf(out, `{"token": %q, "at": "https://a.example/?sig=%s" `, planted, planted)
	case how == 3: // it breaks off
		out.Header().Set("Content-Length", "4096")
		fmt.Fprintf(out, `{"token": %q`, planted)
	default:
		answer := &statusNoted{ResponseWriter: out, code: http.StatusOK}
		well(answer, r)
		code = answer.code
	}
	w.count(strconv.Itoa(code))
}

// statusNoted notes the status of an answer.
type statusNoted struct {
	http.ResponseWriter
	code int
}

func (a *statusNoted) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// TestDebug: --debug prints one line for each request that was made, with the
// status of its answer, and no secret: none of the credentials, of headers, of
// addresses, or of what the provider wrote.
func TestDebug(t *testing.T) {
	for name, c := range map[string]struct {
		open func(*testing.T, *wire) (environment map[string]string, more func() map[string]int)
		args []string
		exit int
	}{
		"aws":   {tapAWS, []string{"--services", "s3,sqs,lambda,kms"}, exitIncomplete},
		"gcp":   {tapGCP, []string{"--organization", "3001"}, exitIncomplete},
		"azure": {tapAzure, []string{"--tenant", azureTenant}, exitIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{statuses: map[string]int{}}
			environment, more := c.open(t, w)
			environment["XDG_DATA_HOME"] = t.TempDir()
			var out, seen bytes.Buffer
			world := streams{
				program: "posture", in: strings.NewReader(""), out: &out, err: &seen, clouds: clouds.All(), now: time.Now,
				getenv: func(name string) string { return environment[name] },
			}
			if code := run(t.Context(), append([]string{"scan", name, "--debug", "--quiet"}, c.args...), world); code != c.exit {
				t.Errorf("exit code %d\n%.3000s", code, &seen)
			}
			want := maps.Clone(w.statuses)
			for code, n := range more() {
				want[code] += n
			}
			if diff := cmp.Diff(want, shown(t, seen.String())); diff != "" {
				t.Errorf("by status (- the server's, + shown): %s", diff)
			}
			if want["200"] == 0 || want["403"]+want["PERMISSION_DENIED"] == 0 {
				t.Errorf("too little was asked: %v", want)
			}
			if at := strings.Index(seen.String()+out.String(), planted[:20]); at >= 0 {
				t.Errorf("the secret is shown: %.300s", (seen.String() + out.String())[max(0, at-200):])
			}
		})
	}
}

// tried matches a line of a request: with its status, or with a word for it.
var tried = regexp.MustCompile(`^debug: [0-9:.]+ (?:(?:GET |POST )?\S+(?: \S+)?) ([1-5][0-9]{2}|ok|[A-Z_]+)(?: .*)? [0-9.]+(?:µs|ms|s|0s)`)

// shown counts the lines of requests by their status.
func shown(t *testing.T, text string) map[string]int {
	t.Helper()
	got := map[string]int{}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "debug: ") {
			continue
		}
		parts := tried.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("cannot read %s", line)
			continue
		}
		got[parts[1]]++
	}
	return got
}

// noMore is for servers whose requests all come through the wire.
func noMore() map[string]int { return nil }

// tapAWS starts an AWS behind the wire, which refuses some calls in its own words.
func tapAWS(t *testing.T, w *wire) (map[string]string, func() map[string]int) {
	t.Helper()
	estate, err := awstest.LoadFS(os.DirFS("../../scanners/aws/services/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"us-east-1"}, map[string]*awstest.Estate{production: estate})
	var faults []awstest.Fault
	for _, operation := range []string{"sqs:GetQueueAttributes", "s3:GetBucketPolicy", "lambda:GetPolicy", "kms:GetKeyPolicy"} {
		faults = append(faults, awstest.Fault{Kind: awstest.Denied, Op: operation, Say: leak})
	}
	cloud.Break(faults...)
	server, err := awstest.Start(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.serve(out, r, cloud.ServeHTTP) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "AKIA" + production + "TEST", "AWS_SECRET_ACCESS_KEY": planted, "AWS_SESSION_TOKEN": planted,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	return map[string]string{}, noMore
}

// tapGCP starts a Google Cloud whose REST APIs are behind the wire, and whose
// inventory refuses one content.
func tapGCP(t *testing.T, w *wire) (map[string]string, func() map[string]int) {
	t.Helper()
	files, err := filepath.Glob("../../scanners/gcp/testdata/*.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var estate []io.Reader
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		estate = append(estate, bytes.NewReader(content))
	}
	server, err := gcptest.Start(estate...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w.refusal = fmt.Sprintf(`{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": %q}}`, leak)
	server.Between(func(out http.ResponseWriter, r *http.Request, answer http.HandlerFunc) { w.serve(out, r, answer) })
	refused := 0
	var mu sync.Mutex
	server.Refuse(func(c gcptest.Call) error {
		if c.Content.String() != "ORG_POLICY" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		refused++
		return status.Error(codes.PermissionDenied, leak)
	})
	return map[string]string{gcpcloud.EndpointVariable: server.URL()}, func() map[string]int {
		return map[string]int{"ok": len(server.Calls()) - refused, "PERMISSION_DENIED": refused}
	}
}

// azureTenant is the tenant of the made-up Azure.
const azureTenant = "99999999-8888-7777-6666-555555555555"

// tapAzure starts an Azure behind the wire.
func tapAzure(t *testing.T, w *wire) (map[string]string, func() map[string]int) {
	t.Helper()
	files, err := filepath.Glob("../../scanners/azure/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	estate, err := azuretest.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	azure := azuretest.Start(estate)
	t.Cleanup(azure.Close)
	w.refusal = fmt.Sprintf(`{"error": {"code": "AuthorizationFailed", "message": %q}}`, leak)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.serve(out, r, azure.ServeHTTP) }))
	t.Cleanup(server.Close)
	return map[string]string{azurecloud.EndpointVariable: server.URL}, noMore
}
