package gcp

import (
	"context"
	"errors"
)

// grants returns what the resource's own IAM policy grants, nothing when it
// has none. Where policies could not be listed it marks the fields as unread.
func (r *reading) grants(fields ...string) []Grant {
	if !r.Wants(fields...) {
		return nil
	}
	p, err := r.ownPolicy(fields...)
	if !r.Got(err, fields...) || p == nil {
		return nil
	}
	return p.Grants
}

// grantsOn returns what the IAM policy of something else in the resource's
// project grants, given its full name. Its type must be among the service's
// Joins, with Policies.
func (r *reading) grantsOn(typ, name string, fields ...string) []Grant {
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

// ownPolicy returns the policy that is set on the resource, nil for none. The
// fields are those that are read from it.
func (r *reading) ownPolicy(fields ...string) (*policy, error) {
	if r.direct != nil && r.direct.policy != nil {
		for _, field := range fields {
			r.direct.given[field] = true
		}
		return r.direct.policy, nil
	}
	e := r.place.estate
	if isNode(r.Type) {
		return e.above[r.asset.owner()], e.complete(iamPolicies, r.Type)
	}
	return r.place.policyOn(r.asset.Type, r.asset.Name)
}

// policyOn returns the policy that is set on something in the project, nil
// for none.
func (p *place) policyOn(typ, name string) (*policy, error) {
	if found := p.policies[name]; found != nil {
		return found, nil
	}
	if p.broken != nil {
		return nil, p.broken
	}
	return nil, p.estate.complete(iamPolicies, typ)
}

// inherited returns what the IAM policies of everything above the resource
// grant on it: of its project, its folders and its organization. Where one of
// them could not be read it marks the fields as unread, and returns what the
// others grant.
func (r *reading) inherited(ctx context.Context, fields ...string) []Grant {
	if !r.Wants(fields...) {
		return nil
	}
	var grants []Grant
	for _, p := range r.policiesAbove(ctx, fields...) {
		grants = append(grants, p.Grants...)
	}
	return grants
}

// policiesIn returns the IAM policies of all resources in the resource's project,
// by the resources' full names. The error says why those of the type may not be
// there.
func (r *reading) policiesIn(typ string) (map[string]*policy, error) {
	return r.place.policies, errors.Join(r.place.broken, r.place.estate.complete(iamPolicies, typ))
}

// scopePolicies returns the IAM policies of the projects, folders and
// organizations of the scope, by their keys. The error says why some may not be
// there.
func (r *reading) scopePolicies() (map[string]*policy, error) {
	var err error
	for _, typ := range hierarchy {
		err = errors.Join(err, r.place.estate.complete(iamPolicies, typ))
	}
	return r.place.estate.above, err
}

// policiesAbove returns the IAM policies of everything above the resource,
// the nearest first.
func (r *reading) policiesAbove(ctx context.Context, fields ...string) []*policy {
	r.keeps(fields)
	var found []*policy
	for _, key := range r.above() {
		p, err := r.policyOf(ctx, key)
		if r.Got(err, fields...) && p != nil {
			found = append(found, p)
		}
	}
	return found
}

// above returns the keys of everything above the resource, the nearest first.
func (r *reading) above() []string {
	if isNode(r.Type) {
		return r.place.node.ancestors[min(1, len(r.place.node.ancestors)):]
	}
	return r.place.node.ancestors
}

// policyOf returns the IAM policy of a project, a folder or an organization,
// nil for none: from the inventory, or directly where the scope lies below.
func (r *reading) policyOf(ctx context.Context, key string) (*policy, error) {
	if !r.inScope(key) {
		return r.place.inventory.askPolicy(ctx, key)
	}
	return r.place.estate.above[key], r.place.estate.complete(iamPolicies, typeOf(key))
}
