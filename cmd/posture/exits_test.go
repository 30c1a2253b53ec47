package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"posture/cmd/posture/demo"
	"posture/internal/cloud/clouds"
	"posture/internal/store"
)

// full is a disk that is full.
type full struct{}

// Write implements io.Writer.
func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// leaves returns the words of all commands that do something.
func leaves(t *testing.T) []string {
	t.Helper()
	root := newRoot(&streams{clouds: clouds.All()})
	strictWords(root)
	var all []string
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() || cmd.Name() == "alerts" {
			all = append(all, strings.TrimPrefix(cmd.CommandPath(), "posture "))
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(root)
	slices.Sort(all)
	return all
}

// exitOf runs a command without a cloud and returns its exit code and what it
// wrote to standard error.
func exitOf(t *testing.T, words []string, world streams) (int, string) {
	t.Helper()
	var stderr bytes.Buffer
	world.program, world.in, world.err, world.clouds = "posture", strings.NewReader(""), &stderr, clouds.All()
	world.now = time.Now
	if world.getenv == nil {
		world.getenv = func(string) string { return "" }
	}
	code := run(context.WithoutCancel(t.Context()), words, world)
	return code, stderr.String()
}

// TestUnprinted holds that every command whose output cannot be written exits
// with 3: what was not printed must not look as if it had been.
func TestUnprinted(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "store")
	if err := demo.Run(t.Context(), demo.Options{Store: store.Dir(kept), Command: "posture", Out: &bytes.Buffer{}, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "posture.yaml")
	if err := os.WriteFile(config, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	called := map[string]string{
		"alerts": "alerts --store STORE", "alerts deliver": "alerts deliver --store STORE", "alerts retry": "alerts retry --store STORE",
		"changes": "changes --store STORE", "findings": "findings --store STORE", "runs": "runs --store STORE", "status": "status --store STORE",
		"verify": "verify --store STORE", "weekly": "weekly --store STORE", "demo": "demo --store " + filepath.Join(dir, "other"),
		"completion bash": "completion bash", "completion fish": "completion fish", "completion powershell": "completion powershell", "completion zsh": "completion zsh",
		"config check": "config check " + config, "config schema": "config schema",
		"help": "help scan", "version": "version",
		"permissions aws": "permissions aws", "permissions gcp": "permissions gcp", "permissions azure": "permissions azure",
		"rules list": "rules list", "rules new": "rules new acme-x --resource AWS::S3::Bucket --dir " + dir, "rules show": "rules show aws-s3-versioning", "rules test": "rules test",
		"scan aws": "scan aws --estimate --store STORE", "scan gcp": "scan gcp --project fernway-data --estimate --store STORE",
		"scan azure": "scan azure --subscription 11111111-2222-3333-4444-555555555555 --estimate --store STORE",
	}
	elsewhere := []string{"doctor aws", "doctor gcp", "doctor azure"} // they need a cloud: see testdata/output.txtar, testdata/gcp and testdata/azure
	secret := func(name string) string {
		if name == webhookVariable {
			return "https://hooks.slack.com/services/T0/B0/none"
		}
		return ""
	}
	for _, command := range leaves(t) {
		words, known := called[command]
		if slices.Contains(elsewhere, command) {
			continue
		}
		if !known {
			t.Errorf("%s: no case: how is it called?", command)
			continue
		}
		code, said := exitOf(t, strings.Fields(strings.ReplaceAll(words, "STORE", kept)), streams{out: full{}, getenv: secret})
		if code != exitIncomplete || !strings.Contains(said, "no space left on device") {
			t.Errorf("%s exits with %d: %s", command, code, said)
		}
	}
}

// TestWrongUsage holds that every command that is called wrongly exits with 2,
// prints nothing and says where to read more.
func TestWrongUsage(t *testing.T) {
	for _, command := range leaves(t) {
		for _, wrong := range []string{"--nothing-such", "--nothing=such"} {
			var out bytes.Buffer
			code, said := exitOf(t, append(strings.Fields(command), wrong), streams{out: &out})
			want := "posture: unknown flag: --nothing-such: see posture " + command + " --help\n"
			if wrong == "--nothing=such" {
				want = "posture: unknown flag: --nothing: see posture " + command + " --help\n"
			}
			if diff := cmp.Diff(want, said); code != exitUsage || diff != "" || out.Len() > 0 {
				t.Errorf("%s %s exits with %d, prints %q:\n%s", command, wrong, code, out.String(), diff)
			}
		}
	}
}

// TestUnknownWords holds that every group of commands refuses a word that is none
// of them.
func TestUnknownWords(t *testing.T) {
	groups := map[string]bool{}
	for _, command := range leaves(t) {
		words := strings.Fields(command)
		groups[strings.Join(words[:len(words)-1], " ")] = true
	}
	if len(groups) < 8 {
		t.Fatalf("only %d groups", len(groups))
	}
	for group := range groups {
		var out bytes.Buffer
		code, said := exitOf(t, append(strings.Fields(group), "nothing-such"), streams{out: &out})
		if code != exitUsage || !strings.HasPrefix(said, `posture: unknown command "nothing-such" for "`) || out.Len() > 0 {
			t.Errorf("%s nothing-such exits with %d, prints %q: %s", group, code, out.String(), said)
		}
	}
}
