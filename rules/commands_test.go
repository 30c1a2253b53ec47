package rules_test

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"posture/internal/posture"
	"posture/internal/pythontest"
)

// fixing is a command that a rule gives, as a shell would call it.
type fixing struct {
	rule string
	argv []string
}

// fixings returns every command that rules give for their failing examples,
// each a plain call with its arguments.
func fixings(t *testing.T, alter func(*posture.Resource)) []fixing {
	t.Helper()
	var all []fixing
	for _, p := range providers {
		for _, f := range load(t, p.files, p.docs).Failing(alter) {
			for _, argv := range calls(t, f.Rule, f.Command) {
				all = append(all, fixing{f.Rule, argv})
			}
		}
	}
	return all
}

// calls parses a command as a shell does. It fails what is more than calls of a
// program with arguments.
func calls(t *testing.T, rule, command string) [][]string {
	t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(command), rule)
	if err != nil {
		t.Errorf("%s: %v", rule, err)
		return nil
	}
	var all [][]string
	for _, stmt := range file.Stmts {
		call, ok := stmt.Cmd.(*syntax.CallExpr)
		if !ok || stmt.Background || stmt.Negated || len(stmt.Redirs) > 0 || len(call.Assigns) > 0 {
			t.Errorf("%s: expected calls of a program only, found %q", rule, command)
			return nil
		}
		argv, err := expand.Fields(&expand.Config{}, call.Args...)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			return nil
		}
		all = append(all, argv)
	}
	return all
}

// TestCommandsAreKnown holds that what rules tell people to paste exists: of the
// AWS CLI by its own tables, of gcloud, bq and az by the lists in testdata.
func TestCommandsAreKnown(t *testing.T) {
	t.Parallel()
	var aws []fixing
	listed := listedCommands(t, "testdata/gcloud.txt")
	maps.Copy(listed, listedCommands(t, "testdata/az.txt"))
	for _, f := range fixings(t, nil) {
		switch f.argv[0] {
		case "aws":
			aws = append(aws, f)
		case "gcloud", "bq", "az":
			if fault := listed.fault(f.argv); fault != "" {
				t.Errorf("%s: %s: %q", f.rule, fault, f.argv)
			}
		default:
			t.Errorf("%s: expected a command of aws, gcloud, bq or az, found %q", f.rule, f.argv)
		}
	}
	if len(aws) == 0 {
		t.Fatal("no rule has a command of aws")
	}
	for i, faults := range awsFaults(t, aws) {
		if len(faults) > 0 {
			t.Errorf("%s: %s: %q", aws[i].rule, strings.Join(faults, ", "), aws[i].argv)
		}
	}
}

// awsFaults asks the AWS CLI what is wrong with commands, and sends none.
func awsFaults(t *testing.T, all []fixing) [][]string {
	t.Helper()
	python, err := pythontest.Find("python", "POSTURE_PYTHON")
	if err != nil {
		t.Fatal(err)
	}
	var in strings.Builder
	encoder := json.NewEncoder(&in)
	for _, f := range all {
		if err := encoder.Encode(f.argv); err != nil {
			t.Fatal(err)
		}
	}
	check := exec.Command(python, "testdata/aws_cli.py")
	check.Stdin, check.Stderr = strings.NewReader(in.String()), os.Stderr
	out, err := check.Output()
	if err != nil {
		t.Fatal(err)
	}
	faults := make([][]string, 0, len(all))
	for line := range strings.Lines(string(out)) {
		var one []string
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		faults = append(faults, one)
	}
	if len(faults) != len(all) {
		t.Fatalf("%d answers to %d commands", len(faults), len(all))
	}
	return faults
}

// commandList holds the flags of commands, by their words: "gcloud sql
// instances patch".
type commandList map[string][]string

// listedCommands reads a list with one command a line: its words, then its
// flags. Lines that begin with # are comments.
func listedCommands(t *testing.T, file string) commandList {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list := commandList{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		flags := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") })
		if flags < 0 {
			flags = len(words)
		}
		command := strings.Join(words[:flags], " ")
		list[command] = append(list[command], words[flags:]...) // it may be listed by several
	}
	return list
}

// fault says what is wrong with a call by the list, "" when nothing is.
func (l commandList) fault(argv []string) string {
	for n := len(argv); n > 0; n-- {
		flags, ok := l[strings.Join(argv[:n], " ")]
		if !ok {
			continue
		}
		for _, word := range argv[n:] {
			name, _, _ := strings.Cut(word, "=")
			if strings.HasPrefix(name, "--") && !slices.Contains(flags, name) {
				return "no flag " + name + " is listed"
			}
		}
		return ""
	}
	return "the command is not listed"
}

// constants are the words in capitals that commands hold as they are, the last
// three as values of examples.
var constants = strings.Fields(`
	ACCESS_LOGS ACCOUNT ACTIVE AES256 ALERT ALL ALL_PROVISIONED_ACCOUNTS ASC AUDIT_LOGS AWS AWS_IAM AWS_OWNED_CMK CRITICAL
	DIRECT_IPV6 DISABLED DNS EBS_MALWARE_PROTECTION EC2 ECR EKS_AUDIT_LOGS ELB ENABLED ENCRYPTED_ONLY EQUALS ERROR
	ES_APPLICATION_LOGS EXISTS FAILED FALSE FIRST_OBSERVED_AT FROM GET GKE_METADATA GOVERNANCE HIGH HTTPS HTTP_301 IMMUTABLE
	IPV4_ONLY LAMBDA LAMBDA_NETWORK_LOGS LATEST_WITHIN_WINDOW MIGRATE NOT PAY_PER_REQUEST RDS RDS_LOGIN_EVENTS REGIONAL RESTART
	RESTRICTED REVOKE RSA_2048 RUNTIME_MONITORING S3_DATA_EVENT S3_DATA_EVENTS SCAN_ON_PUSH SCHEMA SECURITY
	SERVER_AUTHENTICATION SEV SNAPSHOT SQS SSE SSE_S3 STRINGEQUALS SYSTEM TABLE TERMINATE TLS13 TLS1_2 TRUE VPC WILDCARD
	WORKLOAD
	AWS_SECRET S3_DATA_EVENT SLACK_TOKEN`)

// capitals finds what only a person can choose, and constants.
var capitals = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{2,}\b`)

// TestNotesExplainCapitals holds that a note names every word in capitals that
// people must replace in its command.
func TestNotesExplainCapitals(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		loaded := load(t, p.files, p.docs)
		notes := map[string]string{}
		for _, r := range loaded.Rules() {
			notes[r.ID] = r.Fix.Note
		}
		for _, f := range loaded.Failing(nil) {
			for _, word := range capitals.FindAllString(f.Command, -1) {
				if !slices.Contains(constants, word) && !strings.Contains(notes[f.Rule], word) {
					t.Errorf("%s: the note does not say what %s is", f.Rule, word)
				}
			}
		}
	}
}

// TestHostileNamesStayArguments holds that whatever a stranger called a
// resource, its name and id are arguments of the same calls, in the same place.
func TestHostileNamesStayArguments(t *testing.T) {
	t.Parallel()
	const hostile = `a'b "c" $(d); e | f & g > h \i *`
	rename := func(to string) func(*posture.Resource) {
		return func(r *posture.Resource) { r.Name, r.ID = to, strings.Replace(r.ID, "example", to, 1) }
	}
	tame, wild := fixings(t, rename("example")), fixings(t, rename(hostile))
	if len(tame) != len(wild) {
		t.Fatalf("%d calls instead of %d", len(wild), len(tame))
	}
	for i := range wild {
		for k, word := range wild[i].argv {
			wild[i].argv[k] = strings.ReplaceAll(word, hostile, "example")
		}
		if diff := cmp.Diff(tame[i].argv, wild[i].argv); diff != "" {
			t.Errorf("%s: %s", wild[i].rule, diff)
		}
	}
}
