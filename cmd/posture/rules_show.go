package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
)

// shownRule is a rule with all that a person may want to know of it.
type shownRule struct {
	posture.Rule
	Disabled bool               `json:"disabled,omitempty"`
	File     string             `json:"file"`
	Applies  string             `json:"applies,omitempty"`
	Params   []shownParam       `json:"params,omitempty"`
	Family   string             `json:"family,omitempty"`
	Criteria []shownCriterion   `json:"criteria"`
	LeftOut  []shownReason      `json:"left_out,omitempty"`
	Examples map[string]samples `json:"examples"`
}

type samples []example

// shownParam is a policy.Param with names for JSON.
type shownParam struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Value   any    `json:"value"`
	Default any    `json:"default"`
	Min     *int64 `json:"min,omitempty"`
	Max     *int64 `json:"max,omitempty"`
	About   string `json:"about,omitempty"`
}

// shownCriterion is a criterion in our words, and how the rule speaks for it.
type shownCriterion struct {
	ID          string `json:"id"`
	Summary     string `json:"summary"`
	Strength    string `json:"strength"`
	Why         string `json:"why,omitempty"`
	StillManual string `json:"still_manual"`
}

// shownReason is why a rule leaves out a criterion of its family.
type shownReason struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

func newRulesShow(world *streams) *cobra.Command {
	c := common{world: world}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Explain a rule: why it matters, what it requires, which criteria it supports, how to fix a failure",
		Example: `  posture rules show aws-s3-bucket-not-public
  posture rules show aws-kms-key-rotation-enabled --format json`,
		Args:              oneWord("rule id"),
		ValidArgsFunction: world.completeRules,
		RunE: func(_ *cobra.Command, args []string) error {
			rule, err := c.findRule(args[0])
			if err != nil {
				return err
			}
			if c.format == "json" {
				return world.json(rule)
			}
			_, err = fmt.Fprint(world.out, rule.text())
			return err
		},
	}
	c.addConfig(cmd)
	c.addRules(cmd)
	c.addFormat(cmd, "text", "json")
	return cmd
}

// findRule gathers what is known of a rule.
func (c *common) findRule(id string) (shownRule, error) {
	cfg, err := c.loadConfig()
	if err != nil {
		return shownRule{}, err
	}
	all, err := c.everyRule(cfg)
	if err != nil {
		return shownRule{}, err
	}
	for _, rule := range all {
		if rule.ID == id {
			return c.explain(cfg, rule)
		}
	}
	return shownRule{}, noRule(id, all)
}

func (c *common) explain(cfg config.Config, rule posture.Rule) (shownRule, error) {
	shown := shownRule{Rule: rule}
	for _, id := range cfg.Rules.Disabled {
		shown.Disabled = shown.Disabled || id == rule.ID
	}
	cfg.Rules.Disabled = nil
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return shown, err
	}
	for _, cloud := range c.world.clouds {
		if cloud.Provider() != rule.Provider {
			continue
		}
		loaded, err := cloud.Policy(cfg, own, false)
		if err != nil {
			return shown, err
		}
		for _, param := range loaded.Params(rule.ID) {
			shown.Params = append(shown.Params, shownParam(param))
		}
		texts, err := ruleTexts(append(c.world.builtIn(), own...))
		if err != nil {
			return shown, err
		}
		shown.describe(texts[rule.ID])
		basis, _ := loaded.Basis(rule.ID)
		if err := shown.support(basis); err != nil {
			return shown, err
		}
	}
	return shown, nil
}

func (s *shownRule) describe(text ruleText) {
	s.File, s.Applies = text.file, strings.TrimSpace(text.Applies)
	s.Examples = map[string]samples{}
	for outcome, list := range map[string][]example{"pass": text.Pass, "fail": text.Fail, "unknown": text.Unknown, "outside": text.Outside} {
		if len(list) > 0 {
			s.Examples[outcome] = list
		}
	}
}

// support adds what the criteria ask for, and why the rule names them.
func (s *shownRule) support(basis policy.Basis) error {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return err
	}
	s.Family = basis.Family
	for _, r := range basis.Reasons {
		criterion, _ := criteria.Get(r.Criterion) // rules with other criteria do not load
		s.Criteria = append(s.Criteria, shownCriterion{
			r.Criterion, criterion.Summary, string(criterion.Categories[s.Category]), r.Why, criterion.StillManual,
		})
	}
	for _, r := range basis.Dropped {
		s.LeftOut = append(s.LeftOut, shownReason{r.Criterion, r.Why})
	}
	return nil
}
