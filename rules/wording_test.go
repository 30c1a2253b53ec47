package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"posture/internal/goldentest"
	"posture/internal/policy"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestWording writes what every rule says of its failing examples into one file
// for each cloud, which people read: each sentence must be true of its example.
func TestWording(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		var got bytes.Buffer
		last := ""
		for _, f := range load(t, p.files, p.docs).Failing(nil) {
			if f.Rule != last {
				fmt.Fprintf(&got, "\n%s\n", f.Rule)
				last = f.Rule
			}
			fmt.Fprintf(&got, "  %s\n    %s\n", f.Example, f.Sentence)
			if f.Command != "" {
				fmt.Fprintf(&got, "    $ %s\n", bytes.ReplaceAll([]byte(f.Command), []byte("\n"), []byte("\n      ")))
			}
		}
		golden(t, "testdata/wording-"+p.name+".golden", got.Bytes())
	}
}

// TestEveryRuleSaysHowItFails holds that each rule has a sentence for each of its
// failing examples, and a note on what fixes it in the form that a command and
// Terraform's arguments can be added to.
func TestEveryRuleSaysHowItFails(t *testing.T) {
	t.Parallel()
	for _, p := range providers {
		loaded := load(t, p.files, p.docs)
		silent := map[string]bool{}
		for _, r := range loaded.Rules() {
			silent[r.ID] = true
			if strings.TrimSpace(noteOf(t, p.files, p.name+"/"+r.ID+".yaml")) == "" {
				t.Errorf("%s: expected a note in fix", r.ID)
			}
		}
		if len(silent) == 0 {
			t.Errorf("%s: found no rules", p.name)
		}
		for _, f := range loaded.Failing(nil) {
			delete(silent, f.Rule)
			if f.Sentence == "" {
				t.Errorf("%s: failing example %q has no sentence", f.Rule, f.Example)
			}
		}
		for id := range silent {
			t.Errorf("%s: expected a failing example", id)
		}
	}
}

// noteOf returns the note of a rule's file, which must be a key of "fix".
func noteOf(t *testing.T, files fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	var rule struct {
		Fix struct{ Note string }
	}
	if err := yaml.Unmarshal(text, &rule); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return rule.Fix.Note
}

// load returns the rules of a cloud.
func load(t *testing.T, files fs.FS, docs map[string]any) *policy.Policy {
	t.Helper()
	loaded, err := policy.Load(policy.Options{Docs: docs, Files: []fs.FS{files}, Criteria: criteria(t)})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// golden compares with a file, or writes it again.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	goldentest.Compare(t, *update, file, got)
}
