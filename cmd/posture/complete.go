package main

import (
	"github.com/spf13/cobra"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/rules"
)

// completeRules offers the ids of rules, with their titles.
func (w *streams) completeRules(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offers []cobra.Completion
	for _, c := range w.clouds {
		loaded, err := c.Policy(config.Default(), nil, false)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, rule := range loaded.Rules() {
			offers = append(offers, cobra.CompletionWithDesc(rule.ID, rule.Title))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeCriteria offers the ids of the criteria that rules may support.
func completeCriteria(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var offers []cobra.Completion
	for _, criterion := range criteria.All() {
		if criterion.Automatable != policy.Manual {
			offers = append(offers, cobra.CompletionWithDesc(criterion.ID, criterion.Summary))
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// completeTypes offers the resource types that rules may judge.
func (w *streams) completeTypes(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return w.types(), cobra.ShellCompDirectiveNoFileComp
}
