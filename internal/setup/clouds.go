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

// Elsewhere returns a function that says of a resource type, by its form,
// whether it belongs to another cloud: each cloud has a policy of its own, and
// a person's rules may be for several.
func Elsewhere(provider posture.Provider) func(typ string) bool {
	return func(typ string) bool {
		owner := ownerOf(typ)
		return owner != "" && owner != provider
	}
}

// ownerOf returns the cloud that a resource type belongs to, "" when its form
// is that of none.
func ownerOf(typ string) posture.Provider {
	switch {
	case strings.HasPrefix(typ, "AWS::"):
		return posture.AWS
	case strings.Contains(typ, ".googleapis.com/"):
		return posture.GCP
	case strings.HasPrefix(typ, "Microsoft."):
		return posture.Azure
	}
	return ""
}

// RulesFor returns what a configuration says of rules, without that of the
// rules that come with the program for other clouds: the ids of those begin
// with the name of theirs.
func RulesFor(provider posture.Provider, all config.Rules) config.Rules {
	return without(all, func(id string) bool {
		cloud, _, _ := strings.Cut(id, "-")
		known := []posture.Provider{posture.AWS, posture.GCP, posture.Azure}
		return posture.Provider(cloud) != provider && slices.Contains(known, posture.Provider(cloud))
	})
}

// Known returns the configuration without its settings for rules that there
// are not, in the program for whichever cloud and among the person's own, and
// an error, with its place, for each of them and for each exemption of such a
// rule. A scan can go on without them; a person who starts one is told.
func Known(c config.Config, own []fs.FS) (config.Config, []error) {
	known := ruleIDs(append([]fs.FS{rules.AWS, rules.GCP}, own...))
	wrong := c.CheckRules(known)
	c.Rules = without(c.Rules, func(id string) bool { return !slices.Contains(known, id) })
	return c, wrong
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
