package engine

import (
	"context"
	"errors"
)

// Grants returns what the resource's own IAM policy grants, nothing when it
// has none. Where policies could not be listed it marks the fields as unread.
func (r *Reading) Grants(fields ...string) []Grant {
	if !r.Wants(fields...) {
		return nil
	}
	p, err := r.OwnPolicy(fields...)
	if !r.Got(err, fields...) || p == nil {
		return nil
	}
	return p.Grants
}

// GrantsOn returns what the IAM policy of something else in the resource's
// project grants, given its full name. Its type must be among the service's
// Joins, with Policies. Where policies could not be listed it marks the fields
// as unread.
func (r *Reading) GrantsOn(typ, name string, fields ...string) []Grant {
	if !r.Wants(fields...) {
		return nil
	}
	r.keeps(fields)
	p, err := r.place.policyOn(typ, name)
	if !r.Got(err, fields...) || p == nil {
		return nil
	}
	return p.Grants
}

// OwnPolicy returns the policy that is set on the resource, nil for none. The
// fields are those that are read from it.
func (r *Reading) OwnPolicy(fields ...string) (*Policy, error) {
	if r.direct != nil && r.direct.policy != nil {
		for _, field := range fields {
			r.direct.given[field] = true
		}
		return r.direct.policy, nil
	}
	if isNode(r.Type) {
		return r.place.estate.policyOf(r.Asset.owner())
	}
	return r.place.policyOn(r.Asset.Type, r.Asset.Name)
}

// policyOn returns the policy that is set on something in the project, nil
// for none.
func (p *place) policyOn(typ, name string) (*Policy, error) {
	if found := p.policies[name]; found != nil {
		return found, nil
	}
	if p.broken != nil {
		return nil, p.broken
	}
	if x := p.estate.exports; x != nil && x.policies[name] != nil {
		return nil, x.policies[name]
	}
	return nil, p.estate.complete(iamPolicies, typ, p.node.Key)
}

// ProjectKey returns the key of a project of what is scanned, by the project's
// id or its number.
func (r *Reading) ProjectKey(id string) (key string, known bool) {
	if r.InScope("projects/" + id) {
		return "projects/" + id, true
	}
	n := r.place.estate.accounts[id]
	if n == nil {
		return "", false
	}
	return n.Key, true
}

// Inherited returns what the IAM policies of everything above the resource
// grant on it: of its project, its folders and its organization. Where one of
// them could not be read it marks the fields as unread, and returns what the
// others grant.
func (r *Reading) Inherited(ctx context.Context, fields ...string) []Grant {
	if !r.Wants(fields...) {
		return nil
	}
	var grants []Grant
	for _, p := range r.PoliciesAbove(ctx, fields...) {
		grants = append(grants, p.Grants...)
	}
	return grants
}

// PoliciesIn returns the IAM policies of all resources in the resource's project,
// by the resources' full names. The error says why those of the type may not be
// there.
func (r *Reading) PoliciesIn(typ string) (map[string]*Policy, error) {
	return r.place.policies, errors.Join(r.place.broken, r.place.estate.complete(iamPolicies, typ, r.Owner().Key), r.place.estate.exports.badPolicies())
}

// ScopePolicies returns the IAM policies of the projects, folders and
// organizations of the scope, by their keys. The error says why some may not be
// there.
func (r *Reading) ScopePolicies() (map[string]*Policy, error) {
	e := r.place.estate
	for key := range e.nodes {
		if _, err := e.policyOf(key); err != nil {
			return e.above, err
		}
	}
	for _, typ := range hierarchy {
		if err := e.complete(iamPolicies, typ, ""); err != nil && e.exports == nil {
			return e.above, err
		}
	}
	return e.above, nil
}

// PoliciesAbove returns the IAM policies of everything above the resource,
// the nearest first.
func (r *Reading) PoliciesAbove(ctx context.Context, fields ...string) []*Policy {
	r.keeps(fields)
	var found []*Policy
	for _, key := range r.Above() {
		p, err := r.PolicyOf(ctx, key)
		if r.Got(err, fields...) && p != nil {
			found = append(found, p)
		}
	}
	return found
}

// Above returns the keys of everything above the resource, the nearest first.
func (r *Reading) Above() []string {
	if isNode(r.Type) {
		return r.place.node.Ancestors[min(1, len(r.place.node.Ancestors)):]
	}
	return r.place.node.Ancestors
}

// PolicyOf returns the IAM policy of a project, a folder or an organization,
// nil for none: from the inventory, or directly where the scope lies below.
func (r *Reading) PolicyOf(ctx context.Context, key string) (*Policy, error) {
	if !r.InScope(key) {
		return r.place.inventory.askPolicy(ctx, key)
	}
	return r.place.estate.policyOf(key)
}
