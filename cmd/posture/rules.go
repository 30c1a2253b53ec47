package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

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
		Long: `Rules are YAML files: what must hold for one type of resource, as an
expression over the resource's document, with examples that prove it. Those that
come with posture and those in directories of yours are treated alike.`,
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
		Long: `List the rules that come with posture and those of your directories, as the
configuration adjusts them.`,
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
	flags.Var(&choice{&l.provider, "provider", providerNames()}, "provider", "only rules for this `cloud`: "+wrapped(providerNames()))
	flags.Var(&choices[posture.Category]{&l.categories, "category", posture.Categories}, "category", "only this `category`: "+wrapped(texts(posture.Categories)))
	flags.Var(&choices[posture.Severity]{&l.severities, "severity", posture.Severities}, "severity", "only this `severity`: "+wrapped(texts(posture.Severities)))
	flags.Var(&choices[string]{&l.criteria, "criterion", criteriaIDs()}, "criterion", "only rules that support this SOC 2 `criterion`, as in CC6.1")
	complete(cmd, "provider", providerNames())
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
	table := report.NewTable("id", "severity", "category", "supports", "what holds")
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

// types returns the resource types that rules may judge, of all clouds.
func types() []string {
	var names []string
	for _, p := range providers() {
		for typ := range p.docs {
			names = append(names, typ)
		}
	}
	slices.Sort(names)
	return names
}

// example is one example of a rule's file.
type example struct {
	Name   string         `yaml:"name" json:"name"`
	Given  map[string]any `yaml:"given" json:"given"`
	Unread []string       `yaml:"unread" json:"unread,omitempty"`
	Params map[string]any `yaml:"params" json:"params,omitempty"`
	Now    string         `yaml:"now" json:"now,omitempty"`
}

// ruleText is what a rule's file says that rules in use do not tell.
type ruleText struct {
	file    string
	Applies string    `yaml:"applies"`
	Pass    []example `yaml:"pass"`
	Fail    []example `yaml:"fail"`
	Unknown []example `yaml:"unknown"`
	Outside []example `yaml:"outside"`
}

// examples returns how many examples the file has.
func (t ruleText) examples() int {
	return len(t.Pass) + len(t.Fail) + len(t.Unknown) + len(t.Outside)
}

// ruleTexts reads the files of all rules in the file systems, by id.
func ruleTexts(files []fs.FS) (map[string]ruleText, error) {
	found := map[string]ruleText{}
	for _, dir := range files {
		err := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
			id, isRule := strings.CutSuffix(entry.Name(), ".yaml")
			if err != nil || entry.IsDir() || !isRule {
				return err
			}
			text, err := readRuleText(dir, path)
			found[id] = text
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
	}
	return found, nil
}

func readRuleText(dir fs.FS, path string) (ruleText, error) {
	text := ruleText{file: path}
	if named, ok := dir.(policy.Named); ok {
		text.file = named.Name + "/" + path
	}
	content, err := fs.ReadFile(dir, path)
	if err != nil {
		return text, err
	}
	return text, yaml.Unmarshal(content, &text)
}

// noRule is the error for a rule that there is not.
func noRule(id string, all []posture.Rule) error {
	return fmt.Errorf("unknown rule %q%s", id, cmp.Or(yamlfile.Expected(id, ids(all)), ": posture rules list prints all"))
}
