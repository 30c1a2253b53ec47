package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"posture/internal/posture"
	"posture/internal/report"
)

// findings is one posture findings.
type findings struct {
	common
	run   string
	all   bool
	where report.Where
}

var statuses = []posture.Status{posture.Fail, posture.Unknown, posture.Pass}

func newFindings(world *streams) *cobra.Command {
	f := &findings{common: common{world: world}}
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "Print what the latest scan found",
		Long: `Print the findings of the latest finished run, or of another one: without --status
or --all the failing ones; tables and CSV have the most severe first. They come from
the store; no cloud is called.

Filters take several values, separated by commas. A finding must match all
filters.`,
		Example: `  posture findings
  posture findings --severity critical,high --category iam
  posture findings --status unknown               what could not be checked, and why
  posture findings --criterion CC6.1 --all --format csv > cc6.1.csv
  posture findings --run 20261122T010000Z-aws --format json
  posture findings --format markdown              a summary for a pull request or a wiki
  posture findings --run gcp                      the latest over Google Cloud
  posture findings --store s3://my-results`,
		Args: noWords,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.print(cmd.Context()) },
	}
	f.addStore(cmd)
	f.addFormat(cmd, report.Formats()...)
	cmd.Flags().StringVar(&f.run, "run", "", "`id` of the run, or "+wrapped(f.world.cloudNames())+" for the latest one over that cloud (default: the latest finished one)")
	f.addFilters(cmd)
	return cmd
}

func (f *findings) addFilters(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(&choices[posture.Status]{&f.where.Statuses, "status", statuses}, "status", "only findings with this `status`: "+wrapped(texts(statuses))+" (default fail)")
	flags.Var(&choices[posture.Severity]{&f.where.Severities, "severity", posture.Severities}, "severity", "only rules of this `severity`: "+wrapped(texts(posture.Severities)))
	flags.Var(&choices[posture.Category]{&f.where.Categories, "category", posture.Categories}, "category", "only rules of this `category`: "+wrapped(texts(posture.Categories)))
	flags.StringSliceVar(&f.where.Rules, "rule", nil, "only the rule with this `id`")
	flags.StringSliceVar(&f.where.Accounts, "account", nil, "only this `account`")
	flags.StringSliceVar(&f.where.Criteria, "criterion", nil, "only rules that support this SOC 2 `criterion`, as in CC6.1")
	flags.BoolVar(&f.all, "all", false, "findings of every status")
	cmd.MarkFlagsMutuallyExclusive("all", "status")
	complete(cmd, "status", texts(statuses))
	complete(cmd, "severity", texts(posture.Severities))
	complete(cmd, "category", texts(posture.Categories))
	_ = cmd.RegisterFlagCompletionFunc("rule", f.world.completeRules)
	_ = cmd.RegisterFlagCompletionFunc("criterion", completeCriteria)
	complete(cmd, "run", f.world.cloudNames())
	_ = cmd.RegisterFlagCompletionFunc("account", cobra.NoFileCompletions)
}

// print reads the run twice: what cannot be read must not be printed in part.
func (f *findings) print(ctx context.Context) error {
	kept, _, err := f.stored(ctx)
	if err != nil {
		return err
	}
	run, err := f.world.loadRun(ctx, kept, f.run)
	if err != nil {
		return err
	}
	if err := f.check(run); err != nil {
		return err
	}
	if len(f.where.Statuses) == 0 && !f.all {
		f.where.Statuses = []posture.Status{posture.Fail}
	}
	matching := run.findings(ctx, kept).Filter(f.where)
	matching.Color = f.world.colored()
	c, err := count(matching, 0)
	if err != nil {
		return unread(kept, fmt.Errorf("read run %s: %w", run.run.ID, err))
	}
	if err := matching.Write(f.world.out, f.format); err != nil {
		return incomplete(err)
	}
	fmt.Fprintf(f.world.err, "%s%s. Run %s (%s): %s\n", c.sentence(), f.filtered(),
		run.run.ID, run.manifest.Outcome, statusLine(run.manifest.Totals.Counts))
	return nil
}

// filtered says that not all findings of these statuses were to be shown.
func (f *findings) filtered() string {
	w := f.where
	if len(w.Severities)+len(w.Categories)+len(w.Rules)+len(w.Accounts)+len(w.Criteria) == 0 {
		return ""
	}
	return " (filtered)"
}

// check refuses filters that nothing in the run could ever match.
func (f *findings) check(run closedRun) error {
	rules, criteria, accounts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, rule := range run.run.Rules {
		rules[rule.ID] = true
		for _, criterion := range rule.SOC2 {
			criteria[criterion] = true
		}
	}
	for _, target := range run.run.Targets {
		accounts[target.Account] = true
	}
	for _, filter := range []struct {
		what   string
		wanted []string
		known  map[string]bool
	}{{"rule", f.where.Rules, rules}, {"criterion", f.where.Criteria, criteria}, {"account", f.where.Accounts, accounts}} {
		if err := known(filter.what, filter.wanted, slices.Sorted(maps.Keys(filter.known))); err != nil {
			return fmt.Errorf("run %s: %w", run.run.ID, err)
		}
	}
	return nil
}
