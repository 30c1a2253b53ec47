package setup

import (
	"maps"
	"slices"
	"strings"

	"posture/internal/config"
	"posture/internal/posture"
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
func RulesFor(provider posture.Provider, rules config.Rules) config.Rules {
	elsewhere := func(id string) bool {
		cloud, _, _ := strings.Cut(id, "-")
		known := []posture.Provider{posture.AWS, posture.GCP, posture.Azure}
		return posture.Provider(cloud) != provider && slices.Contains(known, posture.Provider(cloud))
	}
	rules.Disabled = slices.DeleteFunc(slices.Clone(rules.Disabled), elsewhere)
	rules.Params = without(rules.Params, elsewhere)
	rules.Severities = without(rules.Severities, elsewhere)
	return rules
}

func without[T any](settings map[string]T, drop func(id string) bool) map[string]T {
	kept := maps.Clone(settings)
	maps.DeleteFunc(kept, func(id string, _ T) bool { return drop(id) })
	return kept
}
