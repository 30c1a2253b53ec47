package engine

import (
	"strings"

	"cloud.google.com/go/orgpolicy/apiv1/orgpolicypb"
)

// Constraint is what one organization policy sets.
type Constraint struct {
	Name     string   // "storage.publicAccessPrevention"
	Enforced bool     // of a boolean constraint
	Allowed  []string // of a list constraint
	Denied   []string
	AllowAll bool
	DenyAll  bool
	Inherits bool // of a list constraint: adds to what is above it
	Restores bool // goes back to the constraint's default
	Depends  bool // on a condition, such as a tag of the resource: nothing of it but the name is known to hold
}

// newConstraint returns what an organization policy sets.
func newConstraint(p *orgpolicypb.Policy) Constraint {
	list := p.GetListPolicy()
	return Constraint{
		Name:     strings.TrimPrefix(p.GetConstraint(), "constraints/"),
		Enforced: p.GetBooleanPolicy().GetEnforced(),
		Allowed:  list.GetAllowedValues(), Denied: list.GetDeniedValues(),
		AllowAll: list.GetAllValues() == orgpolicypb.Policy_ListPolicy_ALLOW,
		DenyAll:  list.GetAllValues() == orgpolicypb.Policy_ListPolicy_DENY,
		Inherits: list.GetInheritFromParent(), Restores: p.GetRestoreDefault() != nil,
	}
}

// Constraints returns the organization policies that the inventory lists as set
// on a project, a folder or an organization itself, by their constraints. The map
// is not to be changed.
func (r *Reading) Constraints(key string) (map[string]Constraint, error) {
	e := r.place.estate
	if !r.InScope(key) {
		return nil, notListedError{orgPolicies}
	}
	return e.constraints[key], e.complete(orgPolicies, typeOf(key), key)
}
