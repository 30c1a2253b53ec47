package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/cloud/clouds"
)

// shell is a person at a shell: what they typed and what they saw.
type shell struct {
	t    *testing.T
	seen strings.Builder
}

// posture calls the program, as somebody who built it in a checkout does.
func (s *shell) posture(args ...string) {
	var seen strings.Builder
	world := streams{
		clouds:  clouds.All(),
		program: "build/posture", in: strings.NewReader(""), out: &seen, err: &seen,
		getenv: func(string) string { return "" }, now: time.Now,
	}
	fmt.Fprintf(&s.seen, "$ %s\n", world.command(args...))
	code := run(s.t.Context(), args, world)
	_, _ = io.WriteString(&s.seen, seen.String())
	if code != exitFine {
		fmt.Fprintf(&s.seen, "exit code %d\n", code)
	}
}

var nextCommand = regexp.MustCompile(`run: build/posture (.*)\n`)

// next calls what the last command said to run next.
func (s *shell) next() {
	said := nextCommand.FindAllStringSubmatch(s.seen.String(), -1)
	if len(said) == 0 {
		s.t.Fatalf("no next command in:\n%s", &s.seen)
	}
	s.posture(strings.Fields(said[len(said)-1][1])...)
}

// files writes files below the working directory.
func (s *shell) files(content map[string]string) {
	for name, text := range content {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// text returns what is in a file.
func (s *shell) text(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// edit replaces a text in a file.
func (s *shell) edit(name, from, to string) {
	text := s.text(name)
	if !strings.Contains(text, from) {
		s.t.Fatalf("%s has no %q", name, from)
	}
	s.files(map[string]string{name: strings.Replace(text, from, to, 1)})
}

// manyRules matches figures that change with every rule that is added.
var manyRules = regexp.MustCompile(`\b\d{2,} (built-in|other|instead|rules|examples)`)

// TestNewRule holds what a person sees on the way to a first rule, in a
// checkout of this project and elsewhere, and that each next step works.
func TestNewRule(t *testing.T) {
	builtInRules, err := filepath.Abs("../../rules")
	if err != nil {
		t.Fatal(err)
	}
	checkout := func(s *shell) {
		s.files(map[string]string{"go.mod": "module posture\n\ngo 1.26.0\n"})
		if err := os.CopyFS("rules", os.DirFS(builtInRules)); err != nil {
			t.Fatal(err)
		}
	}
	const versioning = "rules/aws/aws-s3-versioning.yaml"
	bucket := []string{"--resource", "AWS::S3::Bucket"}
	write := func(s *shell, args ...string) { s.posture(append([]string{"rules", "new"}, args...)...) }
	for name, walk := range map[string]func(*shell){
		"empty": func(s *shell) {
			write(s, append(bucket, "acme-owned")...)
			s.next()
		},
		"beside": func(s *shell) { // of the configuration and files of others
			s.files(map[string]string{"posture.yaml": "rules: {disabled: [acme-owned]}\n", ".github/workflows/ci.yml": "on: push\n"})
			write(s, append(bucket, "acme-owned")...)
			s.next()
			write(s, append(bucket, "acme-owned")...)
		},
		"checkout": func(s *shell) {
			checkout(s)
			write(s, append(bucket, "my-rule")...)
			s.next()
			write(s, append(bucket, "aws-mine", "--dir", "rules/aws")...)
			s.next()
			write(s, "gcp-mine", "--resource", "storage.googleapis.com/Bucket")
			s.next()
			s.posture("rules", "test")
			s.posture("rules", "show", "aws-mine", "--rules", "rules", "--format", "text")
		},
		"edited": func(s *shell) { // in a checkout what was edited is tested, not what was built
			checkout(s)
			s.edit(versioning, "  resource.versioning", "  !resource.versioning")
			s.posture("rules", "test", "rules/aws")
			s.posture("rules", "list", "--rules", "rules/aws")
		},
		"copied": func(s *shell) { // the same file in two places is one rule, another file with its id is not
			checkout(s)
			s.files(map[string]string{"mine/aws-s3-versioning.yaml": s.text(versioning)})
			s.posture("rules", "test", "mine")
			s.edit("mine/aws-s3-versioning.yaml", "high", "low")
			s.posture("rules", "test", "mine")
		},
		"nothing": func(s *shell) { // that was tested must not look like a success
			s.files(map[string]string{"none/README.md": "no rule\n"})
			s.posture("rules", "test", "none")
			write(s, append(bucket, "acme-owned", "--dir", "azure")...)
			s.edit("azure/acme-owned.yaml", "resource: AWS::S3::Bucket", "resource: Microsoft.Nothing/things")
			s.posture("rules", "test", "azure")
		},
	} {
		t.Run(name, func(t *testing.T) {
			golden, err := filepath.Abs("testdata/rules_new/" + name + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			s := &shell{t: t}
			walk(s)
			compare(t, golden, manyRules.ReplaceAllString(s.seen.String(), "NN $1"))
		})
	}
}

// compare compares a text with a golden file, or writes it there.
func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
