package setup

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/rules"
)

// Known returns the configuration without its settings for rules that are in
// none of the files, and an error, with its place, for each of them and for
// each exemption of such a rule. A scan can go on without them; a person who
// starts one is told.
func Known(c config.Config, files []fs.FS) (config.Config, []error) {
	known := ruleIDs(files)
	wrong := c.CheckRules(known)
	c.Rules = without(c.Rules, func(id string) bool { return !slices.Contains(known, id) })
	return c, wrong
}

// RulesFor returns what a configuration says of rules, without that of the
// rules that come with the program for other clouds: the ids of those begin
// with the name of theirs.
func RulesFor(provider posture.Provider, all config.Rules) config.Rules {
	return without(all, func(id string) bool {
		name, _, _ := strings.Cut(id, "-")
		return name != string(provider) && slices.ContainsFunc(rules.Clouds(), func(c rules.Cloud) bool { return c.Name == name })
	})
}

// Elsewhere returns a function that says of a resource type, by its form,
// whether it belongs to another cloud: each cloud has a policy of its own, and
// a person's rules may be for several.
func Elsewhere(provider posture.Provider) func(typ string) bool {
	return func(typ string) bool {
		return slices.ContainsFunc(rules.Clouds(), func(c rules.Cloud) bool { return c.Owns(typ) && c.Name != string(provider) })
	}
}

// ruleIDs returns the ids of the rules that files are for: a rule's id is its
// file's name. What cannot be listed is left to whoever reads the files.
func ruleIDs(files []fs.FS) []string {
	var ids []string
	for _, dir := range files {
		_ = fs.WalkDir(dir, ".", func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if id, isRule := strings.CutSuffix(entry.Name(), ".yaml"); isRule {
				ids = append(ids, id)
			}
			return nil
		})
	}
	return ids
}

// without returns the settings of rules without those of some.
func without(all config.Rules, drop func(id string) bool) config.Rules {
	all.Disabled = slices.DeleteFunc(slices.Clone(all.Disabled), drop)
	all.Params = less(all.Params, drop)
	all.Severities = less(all.Severities, drop)
	return all
}

func less[T any](settings map[string]T, drop func(id string) bool) map[string]T {
	kept := maps.Clone(settings)
	maps.DeleteFunc(kept, func(id string, _ T) bool { return drop(id) })
	return kept
}
