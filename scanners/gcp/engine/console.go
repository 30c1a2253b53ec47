package engine

import (
	"regexp"
	"slices"
	"strings"

	"posture/internal/posture"
)

// console is the origin of Google's console.
const console = "https://console.cloud.google.com"

// placeInConsole returns the words that a type's console path may hold in
// braces. The parts of a resource's name are called by what stands before them,
// as in projects/P/zones/Z/instances/I; a name of one part is {name}. Beside
// them there are {place}, the zone, region or location, and {level}, which of
// them it is; {project}, the target's project; and for pages that folders and
// organizations have, too, {scope} and {id}: project, folder or organizationId,
// and which one.
func placeInConsole(r posture.Resource) (string, map[string]string) {
	_, name, named := strings.Cut(strings.TrimPrefix(r.ID, "//"), "/")
	if !named || !strings.HasPrefix(r.ID, "//") {
		return "", nil
	}
	words := wordsOf(name)
	addScope(words, name, r.Account)
	return console, words
}

// wordsOf returns the parts of a resource's name by what stands before them.
func wordsOf(name string) map[string]string {
	words := map[string]string{}
	parts := strings.Split(name, "/")
	if len(parts) == 1 {
		words["name"] = name
	}
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] == "global" { // projects/P/global/firewalls/F
			i--
			continue
		}
		words[parts[i]] = parts[i+1]
		if slices.Contains([]string{"zones", "regions", "locations"}, parts[i]) {
			words["level"], words["place"] = parts[i], parts[i+1]
		}
	}
	return words
}

// organizational is how the targets are called that stand for folders and
// organizations.
var organizational = regexp.MustCompile(`^(organization|folder)-[0-9]+$`)

// addScope adds whose page of the console it is. Strangers name resources, not
// projects: their words do not count here.
func addScope(words map[string]string, name, account string) {
	for _, word := range []string{"project", "scope", "id"} {
		delete(words, word)
	}
	kind, rest, _ := strings.Cut(name, "/")
	id, _, _ := strings.Cut(rest, "/")
	switch {
	case kind == "folders" && number.MatchString(id):
		words["scope"], words["id"] = "folder", id
	case kind == "organizations" && number.MatchString(id):
		words["scope"], words["id"] = "organizationId", id
	case projectID.MatchString(account) && !organizational.MatchString(account):
		words["project"], words["scope"], words["id"] = account, "project", account
	}
}
