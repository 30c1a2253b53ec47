package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/report"
	"posture/internal/yamlfile"
	"posture/rules"
)

func newRules(world *streams) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "rules",
		Short: "List, explain, test and write rules",
		Long: `A rule is a YAML file: a requirement for one type of resource, written as an
expression over the resource's fields, with examples that prove it. Built-in
rules and rules in your own directories are treated alike.`,
	})
	cmd.AddCommand(newRulesList(world), newRulesShow(world), newRulesTest(world), newRulesNew(world))
	return cmd
}

// listed is a rule as posture rules list --format json prints it.
type listed struct {
	posture.Rule
	Disabled bool `json:"disabled,omitempty"` // the configuration does not use it
}

// rulesList is one posture rules list.
type rulesList struct {
	common
	provider   string
	categories []posture.Category
	severities []posture.Severity
	criteria   []string
}

func newRulesList(world *streams) *cobra.Command {
	l := &rulesList{common: common{world: world}}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules",
		Long: `List the built-in rules and those of your own directories, with the severities
and parameters that the configuration sets.`,
		Example: `  posture rules list
  posture rules list --category backup
  posture rules list --criterion CC6.1 --format json`,
		Args: noWords,
		RunE: func(*cobra.Command, []string) error { return l.print() },
	}
	l.addConfig(cmd)
	l.addRules(cmd)
	l.addFormat(cmd, "table", "json")
	flags := cmd.Flags()
	flags.Var(&choice{&l.provider, "provider", world.cloudNames()}, "provider", "only rules for this `cloud`: "+wrapped(world.cloudNames()))
	flags.Var(&choices[posture.Category]{&l.categories, "category", posture.Categories}, "category", "only this `category`: "+wrapped(texts(posture.Categories)))
	flags.Var(&choices[posture.Severity]{&l.severities, "severity", posture.Severities}, "severity", "only this `severity`: "+wrapped(texts(posture.Severities)))
	flags.Var(&choices[string]{&l.criteria, "criterion", criteriaIDs()}, "criterion", "only rules that support this SOC 2 `criterion`, as in CC6.1")
	complete(cmd, "provider", world.cloudNames())
	complete(cmd, "category", texts(posture.Categories))
	complete(cmd, "severity", texts(posture.Severities))
	_ = cmd.RegisterFlagCompletionFunc("criterion", completeCriteria)
	return cmd
}

func (l *rulesList) print() error {
	cfg, err := l.loadConfig()
	if err != nil {
		return err
	}
	all, err := l.everyRule(cfg)
	if err != nil {
		return err
	}
	list := []listed{}
	for _, rule := range all {
		if l.matches(rule) {
			list = append(list, listed{rule, slices.Contains(cfg.Rules.Disabled, rule.ID)})
		}
	}
	if l.format == "json" {
		return l.world.json(list)
	}
	table := report.NewTable("id", "severity", "category", "supports", "requirement")
	for _, rule := range list {
		title := rule.Title
		if rule.Disabled {
			title = "(disabled) " + title
		}
		table.Add(rule.ID, string(rule.Severity), string(rule.Category), strings.Join(rule.SOC2, " "), title)
	}
	if err := table.Write(l.world.out); err != nil {
		return err
	}
	fmt.Fprintf(l.world.err, "%d rule%s\n", len(list), plural(len(list)))
	return nil
}

func (l *rulesList) matches(rule posture.Rule) bool {
	supports := len(l.criteria) == 0
	for _, criterion := range l.criteria {
		supports = supports || slices.Contains(rule.SOC2, criterion)
	}
	return supports && (l.provider == "" || string(rule.Provider) == l.provider) &&
		(len(l.categories) == 0 || slices.Contains(l.categories, rule.Category)) &&
		(len(l.severities) == 0 || slices.Contains(l.severities, rule.Severity))
}

// everyRule returns the rules of all clouds, disabled ones too.
func (c *common) everyRule(cfg config.Config) ([]posture.Rule, error) {
	cfg.Rules.Disabled = nil
	return c.loadRules(cfg, false)
}

// criteriaIDs returns the ids of all criteria.
func criteriaIDs() []string {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return nil // a test of package rules holds that it can be read
	}
	var ids []string
	for _, criterion := range criteria.All() {
		ids = append(ids, criterion.ID)
	}
	return ids
}

// noRule is the error for a rule that there is not.
func noRule(id string, all []posture.Rule) error {
	return fmt.Errorf("unknown rule %q%s", id, cmp.Or(yamlfile.Expected(id, ids(all)), ": posture rules list prints all"))
}
