package engine

import (
	"cmp"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Service declares how one resource type is read. Everything else that is
// known of it (the queries, the permissions, the checks) is derived from
// this.
type Service struct {
	scanners.Type // Name as Azure writes it, "Microsoft.Storage/storageAccounts"; its Calls are those beside the listing

	Of    string   // the type whose rows are read, where Name is a part of each
	Also  []string // more of the same kind: "Microsoft.Web/sites/slots" beside sites
	Table string   // the table of Resource Graph that lists it; "": resources
	Joins []Join
	// Tenant says that it belongs to the tenant's directory: Read is called once,
	// with the target that stands for the tenant, or for each of the Parts.
	Tenant bool

	// Get is the version of the API of Azure Resource Manager, "2023-01-01", by
	// which one that fails is read again, and one looked for that the graph leaves
	// out: a row of the type or, with Parts, a part. AlsoGet has that of each type
	// of Also. NoGet says why there is no such read.
	Get     string
	AlsoGet map[string]string
	NoGet   string

	// Parts returns the parts of a row that Resource Graph does not list, such
	// as the keys of a vault, by FetchRows. Each is then read as a row. nil: the
	// row itself is read.
	Parts func(r *Reading) ([]*Row, error)

	// Read returns the document, a pointer to a struct, or nil for what is not
	// there. It is called for every row of the type.
	Read func(r *Reading) any
}

// Join declares another type whose rows a service looks at.
type Join struct {
	Type  string
	Table string   // "": resources
	For   []string // the document fields that it gives
	List  string   // the version of the API by which a second reading lists all in the subscription; "": it takes the graph's rows
}

// Registry is all that an estate is read for.
type Registry struct{ Services []Service }

// resourcesTable holds most types.
const resourcesTable = "resources"

// listing is a type in a table of Resource Graph.
type listing struct{ table, typ string }

// listings returns where the types of the service are listed.
func (s *Service) listings() []listing {
	if s.Tenant {
		return nil
	}
	var all []listing
	for _, typ := range append([]string{cmp.Or(s.Of, s.Name)}, s.Also...) {
		all = append(all, listing{cmp.Or(s.Table, resourcesTable), typ})
	}
	return all
}

func (j Join) listing() listing { return listing{cmp.Or(j.Table, resourcesTable), j.Type} }

// needs returns the listings that the fields need.
func (s *Service) needs(fields []string) []listing {
	all := s.listings()
	for _, join := range s.Joins {
		if slices.ContainsFunc(join.For, func(field string) bool { return slices.Contains(fields, field) }) {
			all = append(all, join.listing())
		}
	}
	return all
}

// call returns the query that lists a type for these fields; none: it lists the
// resources themselves. Resource Graph leaves out what the caller may not read,
// so the permission is that of the type.
func (l listing) call(fields ...string) scanners.Call {
	return scanners.Call{Op: queryOperation(l.table), Permission: l.permission(), For: fields}
}

// permission returns what shows resources of the type.
func (l listing) permission() string { return l.typ + "/read" }

// queryOperation names the queries of a table.
func queryOperation(table string) string { return "ResourceGraph.Resources(" + table + ")" }

// declared returns the type with all calls that it takes.
func (s *Service) declared() scanners.Type {
	t := s.Type
	t.Global = true
	t.Calls = nil
	for _, l := range s.listings() {
		t.Calls = append(t.Calls, l.call())
	}
	for _, join := range s.Joins {
		t.Calls = append(t.Calls, join.listing().call(join.For...))
	}
	t.Calls = append(t.Calls, s.Calls...)
	for _, join := range s.Joins {
		if join.List != "" {
			t.Calls = append(t.Calls, scanners.Call{Op: join.operation(), For: join.For, Each: true, Again: true})
		}
	}
	for _, typ := range append([]string{s.read()}, s.Also...) {
		if operation, version := s.second(typ); version != "" {
			t.Calls = append(t.Calls, scanners.Call{Op: operation, Each: true, Again: true})
		}
	}
	return t
}

// operation names the listing by Azure Resource Manager.
func (j Join) operation() string { return j.Type + "/read" }

// read returns the type of what Read is given, but for those of Also.
func (s *Service) read() string {
	if s.Parts != nil {
		return s.Name
	}
	return cmp.Or(s.Of, s.Name)
}

// second returns the call by which one of a type is read again, and the version
// of its API, "" where there is none.
func (s *Service) second(typ string) (operation, version string) {
	for _, also := range s.Also {
		if strings.EqualFold(also, typ) {
			return also + "/read", s.AlsoGet[also]
		}
	}
	return s.read() + "/read", s.Get
}

// second returns the call that reads a row of a type which the graph lists, as
// one of the services declares it.
func (r *Registry) second(typ string) (operation, version string) {
	for i := range r.Services {
		s := &r.Services[i]
		if s.Parts == nil && !s.Tenant && slices.ContainsFunc(s.listings(), func(l listing) bool { return strings.EqualFold(l.typ, typ) }) {
			if operation, version = s.second(typ); version != "" {
				return operation, version
			}
		}
	}
	return "", ""
}

// Catalogue returns all that is declared of Azure.
func (r *Registry) Catalogue() scanners.Catalogue {
	c := scanners.Catalogue{
		Opening: []scanners.Call{
			{Op: subscriptionsOperation}, {Op: permissionsOperation},
			{Op: queryOperation(containersTable), Permission: subscriptionsOperation},
		},
		Place: placeInPortal,
	}
	for i := range r.Services {
		c.Types = append(c.Types, r.Services[i].declared())
	}
	return c
}

// selected returns the services that an enabled rule and the options ask for:
// those of the tenant, or those of subscriptions.
func (e *Estate) selected(want posture.Want, tenant bool) []*Service {
	var chosen []*Service
	for n := range e.registry.Services {
		s := &e.registry.Services[n]
		_, wanted := want[s.Name]
		reads := len(e.options.Services) == 0 || slices.Contains(e.options.Services, s.Service)
		if wanted && reads && s.Tenant == tenant {
			chosen = append(chosen, s)
		}
	}
	return chosen
}
