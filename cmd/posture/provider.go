package main

import (
	"io/fs"

	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
)

// provider is what the commands about rules need to know of a cloud.
type provider struct {
	name  posture.Provider
	docs  map[string]any            // a zero document of each resource type
	files fs.FS                     // the rules that come with the program
	check func(config.Config) error // of what the configuration says of the cloud
	load  func(cfg config.Config, own []fs.FS, examples bool) (*policy.Policy, error)
}

// providers lists the clouds that this program knows.
func providers() []provider { return []provider{awsProvider(), gcpProvider()} }

// providerNames returns the names of the clouds.
func providerNames() []string {
	var names []string
	for _, p := range providers() {
		names = append(names, string(p.name))
	}
	return names
}

// loadRules returns the rules in use of all clouds.
func (c *common) loadRules(cfg config.Config, examples bool) ([]posture.Rule, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	if err != nil {
		return nil, err
	}
	var rules []posture.Rule
	for _, p := range providers() {
		loaded, err := p.load(cfg, own, examples)
		if err != nil {
			return nil, err
		}
		for _, rule := range loaded.Rules() {
			rule.Provider = p.name
			rules = append(rules, rule)
		}
	}
	return rules, nil
}
