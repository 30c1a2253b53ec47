package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// changed is one finished run with what changed in it.
type changed struct {
	Run     posture.RunID    `json:"run"`
	Closed  time.Time        `json:"closed"`
	Outcome snapshot.Outcome `json:"outcome"`
	Alerts  []drift.Alert    `json:"alerts"`
}

// changes is one posture changes.
type changes struct {
	common
	since time.Time
	limit uint
}

func newChanges(world *streams) *cobra.Command {
	c := &changes{common: common{world: world}}
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "Print what changed in each run, the latest first",
		Long: `Print what changed in each finished run since the run before it, the latest run
first: what regressed, appeared, was resolved or deleted, and what could not be
read. Each change is an alert; posture alerts shows which of them were sent.`,
		Example: `  posture changes
  posture changes --since 7d
  posture changes --limit 1 --format json`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.print(cmd.Context()) },
	}
	c.addStore(cmd)
	c.addSince(cmd, &c.since, "runs finished", "")
	c.limit = 10
	cmd.Flags().Var(number{&c.limit}, "limit", "the latest `n` runs")
	c.addFormat(cmd, "table", "json")
	return cmd
}

func (c *changes) print(ctx context.Context) error {
	kept, _, err := c.stored(ctx)
	if err != nil {
		return err
	}
	runs, err := c.load(ctx, kept)
	if err != nil {
		return unread(kept, err)
	}
	if c.format == "json" {
		return c.world.json(runs)
	}
	if len(runs) == 0 {
		fmt.Fprintf(c.world.err, "no finished runs in %s\n", kept)
	}
	return changesTable(runs).Write(c.world.out)
}

// load reads the runs and their alerts. A run whose alerts are gone is
// shown without any: posture verify is there to tell of what is gone.
func (c *changes) load(ctx context.Context, s store.Store) ([]changed, error) {
	runs := []changed{}
	for manifest, err := range snapshot.Closed(ctx, s) {
		if err != nil {
			return nil, err
		}
		if uint(len(runs)) == c.limit || manifest.Closed.Before(c.since) {
			break
		}
		alerts, err := audit.LoadAlerts(ctx, s, manifest.Run)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		run := changed{manifest.Run, manifest.Closed, manifest.Outcome, []drift.Alert{}}
		for _, alert := range alerts {
			run.Alerts = append(run.Alerts, alert.Stored())
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func changesTable(runs []changed) *report.Table {
	table := report.NewTable("run", "closed", "change", "severity", "count", "target", "what")
	for _, run := range runs {
		row := []string{run.Run.String(), run.Closed.UTC().Format(timeLayout)}
		if len(run.Alerts) == 0 {
			table.Add(append(row, "none", "", "", "", "")...)
		}
		for _, alert := range run.Alerts {
			table.Add(append(row, alertCells(alert)...)...)
		}
	}
	return table
}

// alertCells returns change, severity, count, target and what it is about.
func alertCells(a drift.Alert) []string {
	target, kind := "", string(a.Kind)
	if a.Target != nil {
		target = a.Target.String()
	} else if n := len(a.Targets) + a.MoreTargets; n > 0 {
		target = fmt.Sprintf("%d target%s", n, plural(n))
	}
	if a.Reason != "" && string(a.Reason) != kind {
		kind += " (" + string(a.Reason) + ")"
	}
	return []string{kind, string(a.Severity), strconv.Itoa(a.Total), target, about(a)}
}

// shownNames is how many names of resources a cell holds.
const shownNames = 3

// about says in a few words what an alert is about.
func about(a drift.Alert) string {
	var parts []string
	if a.Rule != nil {
		parts = append(parts, a.Rule.ID)
	}
	for i := 0; a.Rule == nil && i < len(a.Rules) && i < shownNames; i++ {
		parts = append(parts, a.Rules[i].Rule)
	}
	switch a.Kind {
	case drift.TargetGone:
		parts = append(parts, leftWords(a)...)
	case drift.TargetBack:
		parts = append(parts, "failing findings of what is listed again")
	}
	for i := 0; i < len(a.Problems) && i < shownNames; i++ {
		parts = append(parts, a.Problems[i].Cause.String())
	}
	text := wrapped(parts)
	if names := resourceNames(a); names != "" {
		text += ": " + names
	}
	return text
}

// leftWords says why targets are in scope no longer, as far as that is known.
func leftWords(a drift.Alert) []string {
	var parts []string
	for _, count := range a.Targets {
		said := "failing findings of what is no longer listed"
		if count.Reconfigured {
			said = "failing findings of what left the scope when posture.yaml changed"
		}
		if !slices.Contains(parts, said) {
			parts = append(parts, said)
		}
	}
	return parts
}

// resourceNames names the first resources of an alert about one rule.
func resourceNames(a drift.Alert) string {
	if a.Rule == nil {
		return ""
	}
	var names []string
	for i := 0; i < len(a.Resources) && i < shownNames; i++ {
		names = append(names, escape.Cut(escape.Line(a.Resources[i].Name), 40))
	}
	if more := a.Total - len(names); more > 0 && len(names) > 0 {
		return fmt.Sprintf("%s and %d more", wrapped(names), more)
	}
	return strings.Join(names, ", ")
}
