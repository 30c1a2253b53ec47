package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestLinked holds what gets into the programs. A call of a method by its name
// at run time, as templates and net/rpc make it, keeps the linker from leaving
// out any method: a hundred megabytes of them. As it leaves out what nobody
// calls, what is left also shows all that the programs could ever do to AWS.
// Apache Arrow, which newer clients of Azure's storage link, is not needed.
func TestLinked(t *testing.T) {
	for program, changes := range map[string][]string{
		"plan":       {"iam.GenerateCredentialReport", "s3.PutObject", "sts.AssumeRole"},
		"scan-aws":   {"iam.GenerateCredentialReport", "s3.PutObject", "sts.AssumeRole"},
		"scan-gcp":   {"s3.PutObject", "sts.AssumeRole"},
		"scan-azure": {"s3.PutObject", "sts.AssumeRole"},
		"weekly":     {"s3.PutObject", "sts.AssumeRole"},
		"posture":    {"iam.GenerateCredentialReport", "s3.DeleteObject", "s3.PutObject", "sts.AssumeRole"},
	} {
		symbols := symbolsOf(t, filepath.Join(programs, program))
		var made []string
		for _, symbol := range symbols {
			if heavy.MatchString(symbol) || !linksGoogle[program] && needless.MatchString(symbol) {
				t.Errorf("%s holds %s", program, symbol)
			}
			if found := operation.FindStringSubmatch(symbol); found != nil && !reading.MatchString(found[2]) && !signingIn[found[1]+"."+found[2]] {
				made = append(made, found[1]+"."+found[2])
			}
		}
		slices.Sort(made)
		if diff := gocmp.Diff(changes, made); diff != "" {
			t.Errorf("%s: operations that are not reads (-want +linked):\n%.2000s", program, diff)
		}
	}
}

var (
	linksGoogle = map[string]bool{"posture": true, "scan-gcp": true} // Google's client library links the client of net/rpc, which costs little
	heavy       = regexp.MustCompile(`^(text/template\.\(\*state\)\.|(text|html)/template\.\(\*Template\)\.Execute|net/rpc\.\(\*Server\)|github\.com/modern-go/reflect2\.|github\.com/apache/arrow)`)
	needless    = regexp.MustCompile(`^(html/template|net/rpc)\.`)
	operation   = regexp.MustCompile(`aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.([A-Z][A-Za-z0-9]+)$`)
	reading     = regexp.MustCompile(`^(Get|List|Head|Describe|BatchGet|Lookup)|^Options$`)
)

// signingIn holds the calls by which the SDK gets credentials and sessions.
var signingIn = map[string]bool{
	"s3.CreateSession": true, "ssooidc.CreateToken": true, "sts.AssumeRoleWithWebIdentity": true, "signin.CreateOAuth2Token": true,
}

// symbolsOf returns the names of what a program holds.
func symbolsOf(t *testing.T, program string) []string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "tool", "nm", program).Output()
	if err != nil {
		t.Fatalf("list the symbols of %s: %v", program, err)
	}
	var symbols []string
	for line := range strings.Lines(string(output)) {
		if fields := strings.Fields(line); len(fields) >= 3 {
			symbols = append(symbols, fields[2])
		}
	}
	return symbols
}
