package snapshot_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/itchyny/gojq/cli"

	"posture/internal/snapshot"
	"posture/internal/store"
)

// TestMain makes the test's own program jq, for whoever calls it by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "jq" {
		os.Exit(cli.Run())
	}
	os.Exit(m.Run())
}

// byHand returns the script of docs/storage.md.
func byHand(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?s)### Without posture\n.*?```sh\n(.*?)```").FindSubmatch(page)
	if script == nil {
		t.Fatal("docs/storage.md has no such script")
	}
	return string(script[1])
}

// repeated runs the script in the folder of a store, and returns what it says
// and whether it found nothing wrong.
func repeated(t *testing.T, folder string) (string, bool) {
	t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Fatal("the test needs sha256sum (Debian: apt-get install coreutils)")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "jq")); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "sh", "-c", byHand(t))
	run.Dir, run.Env = folder, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := run.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// TestWithoutPosture: who has a copy of the store, jq and sha256sum finds the
// end of the chain and every change, as Verify does.
func TestWithoutPosture(t *testing.T) {
	for name, change := range map[string]func(tamper){
		"as it was": nil,
		"edited":    func(s tamper) { s.write(in(1, "run.json"), "{}") },
		"removed":   func(s tamper) { s.remove(in(2, "run.json")) },
		"dropped":   func(s tamper) { s.remove(link(1)) },
		"swapped": func(s tamper) {
			one, two := s.read(link(0)), s.read(link(1))
			s.write(link(0), two)
			s.write(link(1), one)
		},
		"forged": func(s tamper) { s.write(link(1), strings.Replace(s.read(link(1)), `"outcome"`, `"Outcome"`, 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := store.Dir(folder)
			for i := range 4 {
				if _, err := finishRun(t.Context(), s, newRun(i)); err != nil {
					t.Fatal(err)
				}
			}
			if change != nil {
				change(tamper{t, s})
			}
			out, fine := repeated(t, folder)
			if fine != (change == nil) {
				t.Errorf("found nothing wrong: %t\n%s", fine, out)
			}
			report, err := snapshot.Verify(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("chain ends at %d, sha256 %s\n", report.Head.Sequence, report.Head.Manifest); change == nil && out != want {
				t.Errorf("got %s, want %s", out, want)
			}
		})
	}
}
