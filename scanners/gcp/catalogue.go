package gcp

import (
	"fmt"
	"slices"
	"strings"

	"posture/internal/posture"
)

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
var always = []call{
	{Op: listOperation(resources), Permission: "cloudasset.assets.listResource"},
	{Op: listOperation(iamPolicies), Permission: "cloudasset.assets.listIamPolicy"},
	{Op: listOperation(orgPolicies), Permission: "cloudasset.assets.listOrgPolicy"},
	{Op: opFolderPolicy, Permission: "resourcemanager.folders.getIamPolicy"},
	{Op: opOrganizationPolicy, Permission: "resourcemanager.organizations.getIamPolicy"},
}

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
