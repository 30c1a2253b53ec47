package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/policy"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestWording writes what every rule says of its failing examples into one file
// for each cloud, which people read: each sentence must be true of its example.
func TestWording(t *testing.T) {
	for _, p := range providers {
		var got bytes.Buffer
		last := ""
		for _, f := range load(t, p.files, p.docs).Failing(nil) {
			if f.Sentence == "" {
				continue
			}
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
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}
