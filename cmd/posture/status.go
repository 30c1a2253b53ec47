package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/status"
)

// mostCauses is how many causes of a run are shown as text.
const mostCauses = 5

func newStatus(world *streams) *cobra.Command {
	c := common{world: world}
	var since time.Time
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the runs are doing",
		Long: `Show how the runs are doing: for each scope the last run, what it read, how many
calls that took, and what it could not read and why; then the alerts that wait for
Slack, and the end of the chain that proves what is stored. A scope is late when none
of its runs completed within the last two periods. For failing resources see posture
findings.

Exit codes: 0 ok, 2 wrong usage, 3 the store could not be read.`,
		Example: `  posture status --store s3://BUCKET
  posture status --since 30d --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.status(cmd.Context(), since) },
	}
	c.addStore(cmd)
	c.addSince(cmd, &since, "runs scheduled", " (default 7d)")
	c.addFormat(cmd, "text", "json")
	return cmd
}

func (c *common) status(ctx context.Context, since time.Time) error {
	kept, cfg, err := c.stored(ctx)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = c.world.now().Add(-7 * 24 * time.Hour)
	}
	found, err := status.Load(ctx, kept, since, c.world.now(), cfg.Every())
	if err != nil {
		return unread(kept, err)
	}
	if c.format == "json" {
		return c.world.json(found)
	}
	if len(found.Scopes) == 0 {
		fmt.Fprintf(c.world.out, "no runs since %s in %s\n", since.UTC().Format(timeLayout), kept)
	}
	for _, scope := range found.Scopes {
		printScope(c.world.out, scope, c.world.now())
	}
	printAlerts(c.world.out, found.Alerts, c.world.now())
	if found.Head != nil {
		fmt.Fprintf(c.world.out, "chain ends at %d, sha256 %s\n", found.Head.Sequence, found.Head.Manifest)
	}
	return nil
}

// printScope writes how the runs of a scope are doing.
func printScope(out io.Writer, s status.Series, now time.Time) {
	late := ""
	if s.Late {
		late = fmt.Sprintf(", late: no run completed in the last %d periods", drift.MissedPeriods)
	}
	fmt.Fprintf(out, "%s: %s%s\n", s.Scope, cmp.Or(outcomes(s.Runs), "no runs in that time"), late)
	for _, id := range s.Damaged {
		fmt.Fprintf(out, "  damaged      %s: its record cannot be read, see posture verify\n", id)
	}
	r := s.Last
	if r == nil {
		fmt.Fprintln(out, "  no run has finished yet")
		return
	}
	fmt.Fprintf(out, "  last run     %s, %s, closed %s, %s\n", r.Run, r.Outcome, r.Closed.UTC().Format(timeLayout), ago(now.Sub(r.Closed)))
	fmt.Fprintf(out, "  read         %d of %d targets, %.1f%% of the findings judged (%d of %d)\n",
		r.Totals.Scanned, r.Totals.Targets, 100*r.Totals.Share(), r.Totals.Read, r.Totals.Total)
	fmt.Fprintf(out, "  found        %d fail, %d pass, %d not checked\n", r.Totals.Counts[posture.Fail], r.Totals.Counts[posture.Pass], r.Totals.Counts[posture.Unknown])
	fmt.Fprintf(out, "  took         %d call%s, %s\n", r.Calls, plural(r.Calls), time.Duration(r.Seconds)*time.Second)
	for i, f := range r.Failures {
		if i == mostCauses {
			fmt.Fprintf(out, "  not scanned  %d more targets\n", len(r.Failures)-i)
			break
		}
		why := "its scan stopped without storing a result"
		if f.Cause != nil {
			why = f.Cause.String()
		}
		fmt.Fprintf(out, "  not scanned  %s: %s\n", escape.Line(f.Target.String()), escape.Line(why))
	}
	for i, u := range r.Unread {
		if i == mostCauses {
			fmt.Fprintf(out, "  not read     for %d more reasons\n", len(r.Unread)-i)
			break
		}
		fmt.Fprintf(out, "  not read     %d listing%s: %s\n", u.Listings, plural(u.Listings), escape.Line(u.Cause.String()))
	}
}

// outcomes says how many runs had which outcome.
func outcomes(runs map[snapshot.Outcome]int) string {
	var parts []string
	for _, outcome := range []snapshot.Outcome{snapshot.Complete, snapshot.Degraded, snapshot.Failed, snapshot.Unfinished} {
		if n := runs[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	return wrapped(parts)
}

// printAlerts writes what waits for Slack.
func printAlerts(out io.Writer, a status.Alerts, now time.Time) {
	if a.Waiting == 0 {
		fmt.Fprintln(out, "alerts: none waiting")
		return
	}
	fmt.Fprintf(out, "alerts: %d waiting, %d of them held, %d damaged; the oldest for %s", a.Waiting, a.Held, a.Damaged, drift.Span(now.Sub(*a.Oldest)))
	if a.Because != "" {
		fmt.Fprintf(out, ": %s", escape.Line(a.Because))
	}
	fmt.Fprintln(out, "; see posture alerts")
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return drift.Span(d) + " ago"
}
