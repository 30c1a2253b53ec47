// Package goldentest compares what a test got with a file that holds what is
// expected. Begin with Compare.
package goldentest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare fails the test when the file holds something else. To update writes
// the file instead, as the flag -update of a package's tests asks for.
func Compare[T ~string | ~[]byte](t testing.TB, update bool, file string, got T) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got), run with -update if it should:\n%s", file, diff)
	}
}
