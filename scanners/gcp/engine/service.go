package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Service declares how one resource type is read. Everything else that is
// known of it (what to list, the permissions, the checks) is derived from
// this.
type Service struct {
	scanners.Type // its Calls are the direct ones; its Service and Global follow from its Name

	Of       string   // the inventory's type whose assets are read, where Name is not the inventory's
	Also     []string // its names for more of the same kind: "compute.googleapis.com/RegionDisk" beside Disk; what is listed under two is read once
	Versions []string // versions of the API in whose form Read understands the data
	Policies []string // document fields that IAM policies give, the resource's own or those above it
	OrgRules []string // document fields that organization policies give
	Joins    []Join
	Get      []Get // how a resource that fails is read once more, directly
	Once     bool  // one resource per project, folder or organization, whatever the inventory lists of the type

	// Read returns the document, a pointer to a struct. It is called for every
	// asset of the type; of a service that is read Once for the project itself.
	Read func(ctx context.Context, r *Reading) any
}

// Join declares another type whose assets a service looks at.
type Join struct {
	Type       string
	Also       []string // the inventory's names for more of the same kind
	For        []string // the document fields that it gives
	Policies   bool     // its IAM policies are looked at, not the assets themselves
	Everywhere bool     // those of the whole scope are looked at, not only its own project's
	Alike      bool     // the tags gives of its data name the document's own fields
}

// alike reports whether a joined type is so.
func (s *Service) alike(typ string) bool {
	return slices.ContainsFunc(s.Joins, func(j Join) bool { return j.Alike && slices.Contains(j.types(), typ) })
}

// types returns every name by which the inventory lists what is joined.
func (j Join) types() []string { return append([]string{j.Type}, j.Also...) }

// content returns what is listed of the type.
func (j Join) content() content {
	if j.Policies {
		return iamPolicies
	}
	return resources
}

// Registry is all that an inventory is read for.
type Registry struct {
	Services []Service

	// InProjects begins the names of types of which each belongs to a project:
	// only these are read in slices. What is not among them is listed for the
	// whole scope, which is right for any type, and costs memory only.
	InProjects []string
	// Above are the types among them that folders and organizations have, too.
	Above []string

	// Aliases are names that exports may have for a type, each with the one that
	// services know. The inventory itself is not asked for them: it may not know
	// them.
	Aliases map[string]string
}

// called returns the name by which services know a type of an export.
func (r *Registry) called(typ string) string { return cmp.Or(r.Aliases[typ], typ) }

// named returns the name by which people select the service, taken from its
// type: "storage" of "storage.googleapis.com/Bucket".
func (s *Service) named() string {
	name, _, _ := strings.Cut(s.Name, ".")
	return cmp.Or(s.Service, name)
}

// types returns every name by which the inventory lists what the service reads.
func (s *Service) types() []string { return append([]string{cmp.Or(s.Of, s.Name)}, s.Also...) }

// kindred returns the types that are one kind with a type to people, itself
// included. An export that holds one of them need not hold the others: there
// may be none.
func (r *Registry) kindred(typ string) []string {
	var kin []string
	add := func(types []string) {
		if slices.Contains(types, typ) {
			kin = append(kin, types...)
		}
	}
	for i := range r.Services {
		add(r.Services[i].types())
		for _, join := range r.Services[i].Joins {
			add(join.types())
		}
	}
	return kin
}

// sliced reports whether a type is read in slices.
func (r *Registry) sliced(typ string) bool {
	return !slices.Contains(r.Above, typ) && slices.ContainsFunc(r.InProjects, func(name string) bool { return strings.HasPrefix(typ, name) })
}

// asks reports whether an enabled rule reads what only a call gives.
func (s *Service) asks(want posture.Want) bool {
	return slices.ContainsFunc(s.Calls, func(c scanners.Call) bool { return c.Wanted(want, s.Name) })
}

// addNeeds adds the types that must be listed, given the fields that rules
// read.
func (s *Service) addNeeds(needs map[content][]string, fields []string) {
	reads := func(given []string) bool {
		return slices.ContainsFunc(given, func(field string) bool { return slices.Contains(fields, top(field)) })
	}
	if !s.Once {
		needs[resources] = append(needs[resources], s.types()...)
	}
	for _, join := range s.Joins {
		if reads(join.For) {
			needs[join.content()] = append(needs[join.content()], join.types()...)
		}
	}
	if reads(s.Policies) {
		needs[iamPolicies] = append(append(needs[iamPolicies], hierarchy...), s.types()...)
	}
	if reads(s.OrgRules) {
		needs[orgPolicies] = append(needs[orgPolicies], hierarchy...)
	}
}

// top returns the first part of a field's path.
func top(field string) string {
	first, _, _ := strings.Cut(field, ".")
	return first
}

// selected returns the services that an enabled rule and the options ask for.
func (i *Inventory) selected(want posture.Want) []*Service {
	var chosen []*Service
	for n := range i.Services {
		s := &i.Services[n]
		if _, wanted := want[s.Name]; wanted && i.options.reads(s.named()) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// reads reports whether the service was selected.
func (o Options) reads(service string) bool {
	return len(o.Services) == 0 || slices.Contains(o.Services, service)
}
