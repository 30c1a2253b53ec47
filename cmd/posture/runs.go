package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
)

// timeLayout is how tables show times, all in UTC.
const timeLayout = "2006-01-02 15:04"

func newRuns(world *streams) *cobra.Command {
	c := common{world: world}
	var since time.Time
	limit := uint(0)
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the stored runs, the latest first",
		Long: `List the stored runs, the latest first, with the outcome of each: complete,
degraded (a target or too much else could not be read), failed (nothing could be
read) or unfinished.`,
		Example: `  posture runs
  posture runs --since 30d --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, _, err := c.stored(cmd.Context())
			if err != nil {
				return err
			}
			entries, err := snapshot.Ledger(cmd.Context(), kept, since, time.Time{})
			if err != nil {
				return incomplete(err)
			}
			slices.Reverse(entries)
			return c.showRuns(entries[:min(limit, uint(len(entries)))], kept.String())
		},
	}
	c.addStore(cmd)
	c.addSince(cmd, &since, "runs scheduled", "")
	limit = 30
	cmd.Flags().Var(number{&limit}, "limit", "the latest `n`")
	c.addFormat(cmd, "table", "json")
	return cmd
}

func (c *common) showRuns(entries []snapshot.Entry, kept string) error {
	if c.format == "json" {
		return c.world.json(append([]snapshot.Entry{}, entries...))
	}
	if len(entries) == 0 {
		fmt.Fprintf(c.world.err, "no runs in %s\n", kept)
	}
	table := report.NewTable("run", "scheduled", "outcome", "targets", "pass", "fail", "unknown", "closed")
	for _, e := range entries {
		row := []string{e.Run.String(), e.Slot.UTC().Format(timeLayout), string(e.Outcome), "", "", "", "", ""}
		if e.Sequence > 0 {
			row = append(row[:3], fmt.Sprintf("%d of %d", e.Totals.Scanned, e.Totals.Targets),
				strconv.Itoa(e.Totals.Counts[posture.Pass]), strconv.Itoa(e.Totals.Counts[posture.Fail]),
				strconv.Itoa(e.Totals.Counts[posture.Unknown]), e.Closed.UTC().Format(timeLayout))
		}
		table.Add(row...)
	}
	return table.Write(c.world.out)
}
