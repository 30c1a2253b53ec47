package main

import (
	"fmt"
	"slices"

	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/yamlfile"
)

// cloudNames returns the names of the clouds.
func (w *streams) cloudNames() []string {
	var names []string
	for _, c := range w.clouds {
		names = append(names, c.Name)
	}
	return names
}

// types returns the resource types that rules may judge, of all clouds.
func (w *streams) types() []string {
	var names []string
	for _, c := range w.clouds {
		for _, t := range c.Types {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return names
}

// cloudOf returns the cloud that a resource type is of.
func (w *streams) cloudOf(typ string) (cloud.Cloud, error) {
	for _, c := range w.clouds {
		if _, known := c.Docs()[typ]; known {
			return c, nil
		}
	}
	return cloud.Cloud{}, fmt.Errorf("unknown resource type %q%s", typ, yamlfile.Expected(typ, w.types()))
}

// loadRules returns the rules in use of all clouds.
func (c *common) loadRules(cfg config.Config, examples bool) ([]posture.Rule, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return nil, err
	}
	var rules []posture.Rule
	for _, cloud := range c.world.clouds {
		loaded, err := cloud.Policy(cfg, own, examples)
		if err != nil {
			return nil, err
		}
		for _, rule := range loaded.Rules() {
			rule.Provider = cloud.Provider()
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

// ids returns the ids of rules.
func ids(rules []posture.Rule) []string {
	var list []string
	for _, rule := range rules {
		list = append(list, rule.ID)
	}
	return list
}
