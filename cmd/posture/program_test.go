package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCommand holds that what is printed to be run next can be pasted.
func TestCommand(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"":                              `posture rules test 'my rules' 'it'\''s'`,
		"build/posture":                 `build/posture rules test 'my rules' 'it'\''s'`,
		"/home/a b/posture":             `'/home/a b/posture' rules test 'my rules' 'it'\''s'`,
		"/tmp/go-build12/b/exe/posture": `go run ./cmd/posture rules test 'my rules' 'it'\''s'`,
	} {
		got := (&streams{program: program}).command("rules", "test", "my rules", "it's")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", program, diff)
		}
	}
}
