package fixtest

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/tools/txtar"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"posture/internal/mototest"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/aws"
)

const region = "us-east-1"

// emptyZip is the code of functions, code.zip in the folder of a case.
const emptyZip = "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// bench is what all cases share.
type bench struct {
	cli      cli
	emulator string
	policy   *policy.Policy
	rules    map[string]posture.Rule
}

// TestCommandsFix holds that the command of a finding does away with it.
func TestCommandsFix(t *testing.T) {
	loaded := load(t)
	b := bench{startCLI(t, runtime.GOMAXPROCS(0)), mototest.Start(t), loaded, map[string]posture.Rule{}}
	for _, rule := range loaded.Rules() {
		b.rules[rule.ID] = rule
	}
	for i, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			b.open(t, fmt.Sprintf("4%011d", i)).try(c)
		})
	}
}

// TestEachRuleIsTried holds that each rule has a case, or a reason why not.
func TestEachRuleIsTried(t *testing.T) {
	known := map[string]bool{}
	for _, c := range cases(t) {
		if rule, _, _ := strings.Cut(c.Name, " "); true {
			known[rule] = true
		}
	}
	file, err := os.Open("testdata/untried.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		rule, why, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case strings.HasPrefix(rule, "#"):
		case why == "":
			t.Errorf("no reason: %s", rule)
		case known[rule]:
			t.Errorf("%s has a case and a reason why it has none", rule)
		default:
			known[rule] = true
		}
	}
	for _, rule := range load(t).Rules() {
		if !known[rule.ID] {
			t.Errorf("%s: expected a case in testdata/cases.txtar, or in testdata/untried.txt why it cannot have one", rule.ID)
		}
		delete(known, rule.ID)
	}
	for rule := range known {
		t.Errorf("there is no rule %s", rule)
	}
}

func load(t *testing.T) *policy.Policy {
	t.Helper()
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := policy.Load(policy.Options{Docs: aws.Catalogue().Docs(), Files: []fs.FS{rules.Clouds()[0].Files}, Criteria: criteria})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func cases(t *testing.T) []txtar.File {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/cases.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return archive.Files
}

// site is an account of the emulator, with nothing in it, and a folder.
type site struct {
	bench
	t       *testing.T
	account string
	folder  string
	cfg     awssdk.Config
	now     time.Time // by which findings are judged
}

func (b bench) open(t *testing.T, account string) site {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "code.zip"), []byte(emptyZip), 0o600); err != nil {
		t.Fatal(err)
	}
	return site{b, t, account, folder, awssdk.Config{
		Region: region, BaseEndpoint: &b.emulator, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "made-up", ""),
		APIOptions: []func(*middleware.Stack) error{smithyhttp.AddHeaderValue("x-moto-account-id", account)},
	}, time.Now()}
}

// try makes what fails, runs the command of its finding, and expects what the
// case says of it: that it passes, unless its name says otherwise.
func (s site) try(c txtar.File) {
	s.t.Helper()
	rule, expected, _ := strings.Cut(c.Name, " ")
	chosen := s.shell(string(c.Data), map[string]string{"ACCOUNT": s.account})
	if days := chosen["DAYS"]; days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.AddDate(0, 0, n)
	}
	before := s.failing(rule, chosen["NAME"])
	if before.Command == "" {
		s.t.Fatal("the finding has no command")
	}
	command := s.choose(before, chosen)
	s.shell(command, chosen)
	after := s.scan(rule)
	i := slices.IndexFunc(after, func(f posture.Finding) bool { return f.Fingerprint == before.Fingerprint })
	got := "gone"
	if i >= 0 {
		got = string(after[i].Status)
	}
	if expected == "" {
		expected = string(posture.Pass)
	}
	if got != expected {
		s.t.Errorf("after the command the finding is %s, expected %s\n%s\n%s", got, expected, command, told(after))
	}
}

// failing returns the one finding of the rule that fails; of several, that on
// the resource of the name.
func (s site) failing(rule, name string) posture.Finding {
	s.t.Helper()
	all := s.scan(rule)
	var failing []posture.Finding
	for _, f := range all {
		if f.Status == posture.Fail && (name == "" || f.Name == name) {
			failing = append(failing, f)
		}
	}
	if len(failing) != 1 {
		s.t.Fatalf("%d findings fail, expected one:\n%s", len(failing), told(all))
	}
	return failing[0]
}

// told lists findings for a message.
func told(findings []posture.Finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, fmt.Sprintf("%s %s: %v %v", f.Name, f.Status, f.Evidence, f.Unknown))
	}
	return strings.Join(lines, "\n")
}

// scan reads what the rule asks of its type, and returns its findings.
func (s site) scan(rule string) []posture.Finding {
	s.t.Helper()
	asked, ok := s.rules[rule]
	if !ok {
		s.t.Fatal("there is no such rule")
	}
	account, err := aws.Open(s.t.Context(), s.cfg, posture.Target{Regions: []string{region}}, aws.Options{Attempts: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	var findings []posture.Finding
	report := account.Scan(s.t.Context(), posture.Want{asked.Type: s.policy.Reads(rule)}, func(r posture.Resource) {
		judged, err := s.policy.Judge(r, s.now)
		if err != nil {
			s.t.Error(err)
		}
		findings = append(findings, judged...)
	})
	for _, p := range report.Populations {
		if !p.Complete {
			s.t.Errorf("%s was not listed: %+v", p.Type, p.Cause)
		}
	}
	return slices.DeleteFunc(findings, func(f posture.Finding) bool { return f.Rule != rule })
}

var capitals = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{2,}\b`)

// constants are words in capitals that are in notes, and in commands as they are.
var constants = []string{"AWS", "BASIC", "ELB", "HTTP", "HTTPS", "KMS", "TLS"}

// choose puts what a person would choose in the place of the words in capitals
// which the note explains.
func (s site) choose(f posture.Finding, chosen map[string]string) string {
	s.t.Helper()
	asked := capitals.FindAllString(s.rules[f.Rule].Fix.Note, -1)
	return capitals.ReplaceAllStringFunc(f.Command, func(word string) string {
		value, ok := chosen[word]
		if !ok && slices.Contains(asked, word) && !slices.Contains(constants, word) {
			s.t.Errorf("the case does not say what %s is", word)
		}
		if ok {
			return value
		}
		return word
	})
}

// shell runs commands until one fails, which fails the test, and returns the
// variables that they set.
func (s site) shell(script string, variables map[string]string) map[string]string {
	s.t.Helper()
	file, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		s.t.Fatal(err)
	}
	var log strings.Builder
	var given []string
	for name, value := range variables {
		given = append(given, name+"="+value)
	}
	runner, err := interp.New(interp.Dir(s.folder), interp.Env(expand.ListEnviron(given...)), interp.Params("-e"),
		interp.StdIO(nil, &log, &log), interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return s.exec }))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := runner.Run(s.t.Context(), file); err != nil {
		s.t.Fatalf("%v\n%s\n%s", err, log.String(), script)
	}
	set := maps.Clone(variables)
	for name, value := range runner.Vars {
		set[name] = value.String()
	}
	return set
}

// exec runs a command of the AWS CLI, the only program there is.
func (s site) exec(ctx context.Context, args []string) error {
	if path.Base(args[0]) != "aws" {
		return fmt.Errorf("expected a command of aws, found %q", args)
	}
	got, err := s.cli.run(call{args[1], append([]string{"--endpoint-url", s.emulator}, args[1:]...), s.folder, s.account})
	if err != nil {
		return err
	}
	streams := interp.HandlerCtx(ctx)
	fmt.Fprint(streams.Stdout, got.Out)
	fmt.Fprint(streams.Stderr, got.Err)
	if got.Code != 0 {
		return interp.ExitStatus(got.Code)
	}
	return nil
}
