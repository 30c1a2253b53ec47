package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/cloud/clouds"
)

// TestEveryTableIsHeldToTheTerminal: terminal.txtar runs every command that
// prints tables at a terminal, where it holds how long their rows are. Of one
// command for all clouds it runs any.
func TestEveryTableIsHeldToTheTerminal(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("testdata/terminal.txtar")
	if err != nil {
		t.Fatal(err)
	}
	world := streams{clouds: clouds.All(), now: time.Now, getenv: func(string) string { return "" }}
	found := map[string]bool{}
	tables(newRoot(&world), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Parent().Name() == "scan" || cmd.Parent().Name() == "doctor" {
			path = cmd.Parent().CommandPath()
		}
		found[path] = true
	})
	for path := range found {
		if !strings.Contains(string(script), "\nexec sh -c '"+path+" ") {
			t.Errorf("terminal.txtar does not run %s", path)
		}
	}
	if len(found) < 8 {
		t.Errorf("only %v print tables", found)
	}
}

// tables hands every command to do that may print a table.
func tables(cmd *cobra.Command, do func(*cobra.Command)) {
	if cmd.Flags().Lookup("wide") != nil {
		do(cmd)
	}
	for _, sub := range cmd.Commands() {
		tables(sub, do)
	}
}
