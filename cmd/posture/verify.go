package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/escape"
	"posture/internal/snapshot"
	"posture/internal/store"
)

func newVerify(world *streams) *cobra.Command {
	c := common{world: world}
	var heads []string
	var file string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that the stored evidence is unchanged",
		Long: `Read everything that finished runs stored and compare it with the digests in
the chain of their manifests. Every edit, removal, gap and reordering is printed
with its run.

Whoever can write everything can also forge everything. Note the printed end of
the chain in a place that such a writer cannot reach, and give it with --head next
time: it proves everything before it. The log of each run and the weekly message
in Slack say it too. --heads takes a file of such notes, one a line.

Exit codes: 0 no change found, 1 evidence was changed, 2 wrong usage or a store
without runs, 3 the store could not be read.`,
		Example: `  posture verify
  posture verify --store s3://my-results --format json
  posture verify --head "12, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  posture verify --heads noted.txt`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			notes, err := noted(heads, file)
			if err != nil {
				return err
			}
			kept, _, err := c.stored(cmd.Context())
			if err != nil {
				return err
			}
			found, err := snapshot.Verify(cmd.Context(), kept, notes...)
			if err != nil {
				return incomplete(fmt.Errorf("read %s: %w", kept, err))
			}
			return c.verified(kept, found)
		},
	}
	c.addStore(cmd)
	c.addFormat(cmd, "text", "json")
	cmd.Flags().StringArrayVar(&heads, "head", nil, "an `end` of the chain that was noted elsewhere: \"12, sha256 ...\", or the sha256 alone; may be repeated")
	cmd.Flags().StringVar(&file, "heads", "", "a `file` with such ends, one a line; lines that begin with # are left out")
	return cmd
}

// verified prints what was found.
func (c *common) verified(kept store.Store, found snapshot.Report) error {
	if c.format == "json" {
		if err := c.world.json(found); err != nil {
			return err
		}
	} else if len(found.Problems)+len(found.Unfinished)+found.Runs > 0 {
		fmt.Fprint(c.world.out, verification(found))
	}
	if len(found.Problems) > 0 {
		return &exitError{code: exitFindings}
	}
	if found.Runs+len(found.Unfinished) == 0 {
		return fmt.Errorf("no runs in %s, nothing was verified: choose another store with --store", kept)
	}
	return nil
}

func verification(found snapshot.Report) string {
	var b strings.Builder
	for _, problem := range found.Problems {
		fmt.Fprintf(&b, "%s\n", escape.Line(problem.String()))
	}
	for _, run := range found.Unfinished {
		fmt.Fprintf(&b, "run %s was never finished (not an integrity problem)\n", run)
	}
	if found.Interrupted != "" {
		fmt.Fprintf(&b, "run %s was closed by a process that died on its last steps; the next run repairs it\n", found.Interrupted)
	}
	fmt.Fprintf(&b, "%d run%s, %d file%s compared: %s\n", found.Runs, plural(found.Runs), found.Files, plural(found.Files), outcomeOf(found))
	if found.Head.Sequence > 0 {
		fmt.Fprintf(&b, "chain ends at %d, sha256 %s\n", found.Head.Sequence, found.Head.Manifest)
	}
	return b.String()
}

func outcomeOf(found snapshot.Report) string {
	switch n := len(found.Problems); {
	case n > 0:
		return fmt.Sprintf("%d problem%s", n, plural(n))
	case found.First == found.Last:
		return "no change found in run " + found.First.String()
	default:
		return fmt.Sprintf("no change found from run %s to run %s", found.First, found.Last)
	}
}
