package gcp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Catalogue returns all that is declared of Google Cloud. Its console is that
// of no folder and no organization yet: what belongs to one has no link.
func Catalogue() scanners.Catalogue {
	c := scanners.Catalogue{Opening: []call{listResources()}, Beside: askedAbove, Place: placeInConsole}
	for _, s := range all {
		c.Types = append(c.Types, s.declared())
	}
	return c
}

// The listings of the inventory, for these fields of a type's document. The
// listing of resources for none lists the type itself.
func listResources(fields ...string) call {
	return call{Op: listOperation(resources), Permission: "cloudasset.assets.listResource", For: fields}
}

func listPolicies(fields ...string) call {
	return call{Op: listOperation(iamPolicies), Permission: "cloudasset.assets.listIamPolicy", For: fields}
}

func listOrgPolicies(fields ...string) call {
	return call{Op: listOperation(orgPolicies), Permission: "cloudasset.assets.listOrgPolicy", For: fields}
}

// askedAbove are the reads of IAM policies above the scope, of which nobody
// knows before the scan whether they are made.
var askedAbove = []call{
	{Op: opFolderPolicy, Permission: "resourcemanager.folders.getIamPolicy"},
	{Op: opOrganizationPolicy, Permission: "resourcemanager.organizations.getIamPolicy"},
}

// declared returns the type with all calls that it takes: the listings that
// its fields need, its direct reads, and those that read it a second time.
func (s *service) declared() scanners.Type {
	var calls []call
	if !s.Once {
		calls = append(calls, listResources())
	}
	policies := slices.Clone(s.Policies)
	for _, join := range s.Joins {
		switch {
		case join.Policies:
			policies = append(policies, join.For...)
		default:
			calls = append(calls, listResources(join.For...))
		}
	}
	if len(policies) > 0 {
		calls = append(calls, listPolicies(policies...))
	}
	if len(s.OrgRules) > 0 {
		calls = append(calls, listOrgPolicies(s.OrgRules...))
	}
	calls = append(calls, s.Calls...)
	for _, g := range s.Get {
		for _, again := range g.calls() {
			again.Again = true
			calls = append(calls, again)
		}
	}
	return scanners.Type{Name: s.Type, Service: s.service(), Doc: s.Doc, Global: true, Calls: calls}
}

// console is the origin of Google's console.
const console = "https://console.cloud.google.com"

// placeInConsole returns the words of a resource's name by what stands before
// them, as in projects/P/zones/Z/instances/I, and {project}, the target's
// project, {place}, the zone, region or location, and {level}, which of them.
func placeInConsole(r posture.Resource) (string, map[string]string) {
	_, name, named := strings.Cut(strings.TrimPrefix(r.ID, "//"), "/")
	if !named || !strings.HasPrefix(r.ID, "//") || !projectID.MatchString(r.Account) || organizational.MatchString(r.Account) {
		return "", nil
	}
	words := map[string]string{"project": r.Account}
	if !strings.Contains(name, "/") { // a bucket's is all of it
		words["name"] = name
	}
	parts := strings.Split(name, "/")
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
	return console, words
}

// organizational is how the targets are called that stand for folders and
// organizations.
var organizational = regexp.MustCompile(`^(organization|folder)-[0-9]+$`)

// Docs returns a zero document of every resource type that can be read, for
// rules to be checked against.
func Docs() map[string]any {
	docs := map[string]any{}
	for _, s := range all {
		docs[s.Type] = s.Doc
	}
	return docs
}

// Services returns the names by which services can be selected, sorted.
func Services() []string {
	var names []string
	for _, s := range all {
		names = append(names, s.service())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TypesOf returns the resource types of the services, nil when none is named.
func TypesOf(services []string) []string {
	if len(services) == 0 {
		return nil
	}
	o := Options{Services: services}
	var types []string
	for _, s := range all {
		if o.reads(s.service()) {
			types = append(types, s.Type)
		}
	}
	return types
}

// CheckServices returns an error that names the first unknown service.
func CheckServices(services []string) error {
	known := Services()
	for _, service := range services {
		if !slices.Contains(known, service) {
			return fmt.Errorf("unknown service %q: expected one of %s", service, strings.Join(known, ", "))
		}
	}
	return nil
}

// reads reports whether the service was selected.
func (o Options) reads(service string) bool {
	return len(o.Services) == 0 || slices.Contains(o.Services, service)
}

// always are the calls that every scan makes, and the policies of folders and
// organizations above its scope.
var always = append([]call{listResources(), listPolicies(), listOrgPolicies()}, askedAbove...)

// everyCall returns the direct calls that reading the service can take, those
// that read a failing resource once more included.
func (s *service) everyCall() []call {
	calls := slices.Clone(s.Calls)
	for _, g := range s.Get {
		calls = append(calls, g.calls()...)
	}
	return calls
}

// permissions returns the IAM permission of every call that is ever made, by
// operation.
func permissions() map[string]string {
	by := map[string]string{}
	for _, c := range always {
		by[c.Op] = c.Permission
	}
	for _, s := range all {
		for _, c := range s.everyCall() {
			by[c.Op] = c.Permission
		}
	}
	return by
}

// Permissions returns the IAM permissions that reading the services takes,
// sorted; all services when none is named. They are those of a custom role.
func Permissions(services ...string) []string {
	o := Options{Services: services}
	var needed []string
	for _, c := range always {
		needed = append(needed, c.Permission)
	}
	for _, s := range all {
		for _, c := range s.everyCall() {
			if o.reads(s.service()) {
				needed = append(needed, c.Permission)
			}
		}
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}

// Call is a call that a scan makes, and the permission that it needs.
type Call struct {
	Op         string
	Permission string
}

// Calls returns the calls that a scan makes for what rules read, of the
// services, all when none is named; each once.
func Calls(want posture.Want, services ...string) []Call {
	i := &Inventory{options: Options{Services: services}}
	var calls []Call
	for content := range i.needs(want) {
		op := listOperation(content)
		calls = append(calls, Call{op, permissions()[op]})
	}
	for s := range i.selected(want) {
		for _, c := range s.Calls {
			if slices.ContainsFunc(c.For, func(field string) bool { return want.Field(s.Type, field) }) {
				calls = append(calls, Call{c.Op, c.Permission})
			}
		}
	}
	slices.SortFunc(calls, func(a, b Call) int { return strings.Compare(a.Op, b.Op) })
	return slices.Compact(calls)
}
