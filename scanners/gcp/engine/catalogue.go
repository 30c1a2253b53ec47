package engine

import (
	"slices"

	"posture/scanners"
)

// Catalogue returns all that is declared of Google Cloud: the types with every
// call that reading them takes, and where the console shows them.
func (r *Registry) Catalogue() scanners.Catalogue {
	c := scanners.Catalogue{Opening: []scanners.Call{listResources()}, Beside: askedAbove(), Place: placeInConsole}
	for i := range r.Services {
		c.Types = append(c.Types, r.Services[i].declared())
	}
	return c
}

// program is what an inventory is read for, with what follows from it.
type program struct {
	Registry
	declared   scanners.Catalogue
	permission map[string]string // of every call, by its operation
}

func newProgram(r Registry) *program {
	declared := r.Catalogue()
	return &program{Registry: r, declared: declared, permission: declared.PermissionsByOp()}
}

// The listings of the inventory, for these fields of a type's document. The
// listing of resources for none lists the type itself.
func listResources(fields ...string) scanners.Call {
	return scanners.Call{Op: listOperation(resources), Permission: "cloudasset.assets.listResource", For: fields}
}

func listPolicies(fields ...string) scanners.Call {
	return scanners.Call{Op: listOperation(iamPolicies), Permission: "cloudasset.assets.listIamPolicy", For: fields}
}

func listOrgPolicies(fields ...string) scanners.Call {
	return scanners.Call{Op: listOperation(orgPolicies), Permission: "cloudasset.assets.listOrgPolicy", For: fields}
}

// askedAbove returns the reads of IAM policies above the scope, of which nobody
// knows before the scan whether they are made.
func askedAbove() []scanners.Call {
	return []scanners.Call{
		{Op: opFolderPolicy, Permission: "resourcemanager.folders.getIamPolicy"},
		{Op: opOrganizationPolicy, Permission: "resourcemanager.organizations.getIamPolicy"},
	}
}

// declared returns the type with all calls that it takes: the listings that
// its fields need, its direct reads, and those that read it a second time.
func (s *Service) declared() scanners.Type {
	t := s.Type
	t.Service, t.Global = s.named(), true
	t.Calls = slices.Concat(s.listings(), s.Calls)
	for _, g := range s.Get {
		t.Calls = append(t.Calls, g.calls()...)
	}
	return t
}

// listings returns the listings that the fields of the type need.
func (s *Service) listings() []scanners.Call {
	var calls []scanners.Call
	if !s.Once {
		calls = append(calls, listResources())
	}
	policies := slices.Clone(s.Policies)
	for _, join := range s.Joins {
		if join.Policies {
			policies = append(policies, join.For...)
		} else {
			calls = append(calls, listResources(join.For...))
		}
	}
	if len(policies) > 0 {
		calls = append(calls, listPolicies(policies...))
	}
	if len(s.OrgRules) > 0 {
		calls = append(calls, listOrgPolicies(s.OrgRules...))
	}
	return calls
}
