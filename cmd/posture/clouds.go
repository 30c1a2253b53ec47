package main

import (
	"fmt"
	"io/fs"
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
	return c.policies(cfg, own, examples)
}

// policies returns the rules of all clouds, or all that is wrong with them.
func (c *common) policies(cfg config.Config, own []fs.FS, examples bool) ([]posture.Rule, error) {
	var rules []posture.Rule
	var wrong []error
	for _, cloud := range c.world.clouds {
		loaded, err := cloud.Policy(cfg, own, examples)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		for _, rule := range loaded.Rules() {
			rule.Provider = cloud.Provider()
			rules = append(rules, rule)
		}
	}
	return rules, yamlfile.InOrder(wrong...)
}

// ids returns the ids of rules.
func ids(rules []posture.Rule) []string {
	var list []string
	for _, rule := range rules {
		list = append(list, rule.ID)
	}
	return list
}
