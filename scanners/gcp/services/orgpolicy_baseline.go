package services

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// OrgPolicies is what rules may ask of the organization policies that are in
// force for a project, a folder or an organization, wherever they are set.
type OrgPolicies struct {
	Level                 string `json:"level"`                   // what they are in force for: project, folder or organization
	DomainsRestricted     bool   `json:"domains_restricted"`      // roles can be granted to named customers or members only
	KeyCreationDisabled   bool   `json:"key_creation_disabled"`   // nobody can make keys for service accounts
	PublicAccessPrevented bool   `json:"public_access_prevented"` // no bucket can be opened to the public
	LocationsLimited      bool   `json:"locations_limited"`       // resources can be made in named locations only
}

const typeOrgPolicy = "orgpolicy.googleapis.com/Policy"

var orgBaseline = engine.Service{
	Type: scanners.Type{
		Name:    typeOrgPolicy,
		Doc:     OrgPolicies{},
		Calls:   []scanners.Call{{Op: opEffectivePolicy, Permission: "orgpolicy.policy.get", For: baseline}},
		Console: scanners.Console{Path: "/iam-admin/orgpolicies/list?{scope}={id}"},
	},
	Versions: []string{"v2"},
	OrgRules: baseline,
	Joins:    []engine.Join{{Type: typeOrgPolicy, For: baseline}},
	Once:     true,
	Read:     readOrgBaseline,
}

var baseline = []string{"domains_restricted", "key_creation_disabled", "public_access_prevented", "locations_limited"}

const opEffectivePolicy = "orgpolicy.policies.getEffectivePolicy"

func readOrgBaseline(ctx context.Context, r *engine.Reading) any {
	r.ID, r.Name = r.Asset.Name+"/policies", r.Owner().ID
	return &OrgPolicies{
		Level: r.Owner().Level(),
		DomainsRestricted: inForce(ctx, r, "domains_restricted",
			force{"iam.allowedPolicyMemberDomains", limits}, force{"iam.managed.allowedPolicyMembers", enforces}),
		KeyCreationDisabled: inForce(ctx, r, "key_creation_disabled",
			force{"iam.disableServiceAccountKeyCreation", enforces}, force{"iam.managed.disableServiceAccountKeyCreation", enforces}),
		PublicAccessPrevented: inForce(ctx, r, "public_access_prevented", force{"storage.publicAccessPrevention", enforces}),
		LocationsLimited:      inForce(ctx, r, "locations_limited", force{"gcp.resourceLocations", limits}),
	}
}

// orgPolicyData is what is read of an organization policy
// (orgpolicy.projects.policies.get). What is only tried out (dryRunSpec) is in
// force nowhere.
type orgPolicyData struct {
	Name string // "projects/123/policies/iam.disableServiceAccountKeyCreation"
	Spec *struct {
		Rules    []orgPolicyRule
		Inherits bool `json:"inheritFromParent"`
		Reset    bool
	}
}

type orgPolicyRule struct {
	Enforce  bool
	AllowAll bool
	DenyAll  bool
	Values   struct {
		Allowed []string `json:"allowedValues"`
		Denied  []string `json:"deniedValues"`
	}
	Condition *struct{}
}

// restricts reports whether the rule leaves less than all.
func (p orgPolicyRule) restricts() bool { return p.Enforce || p.DenyAll || len(p.Values.Allowed) > 0 }

// constraint returns what the policy sets for everything below it. Where it
// depends on a condition whether something is restricted, that is not known.
func (d orgPolicyData) constraint() engine.Constraint {
	set := engine.Constraint{Name: engine.LastOf(d.Name), Inherits: d.Spec.Inherits, Restores: d.Spec.Reset}
	rules := d.Spec.Rules
	set.Enforced, set.DenyAll = len(rules) > 0, len(rules) > 0
	always, restricting := false, 0
	for _, rule := range rules {
		always = always || rule.Condition == nil
		if rule.restricts() {
			restricting++
		}
		set.Enforced = set.Enforced && rule.Enforce
		set.AllowAll = set.AllowAll || rule.AllowAll
		set.DenyAll = set.DenyAll && rule.DenyAll
		set.Allowed = append(set.Allowed, rule.Values.Allowed...)
		set.Denied = append(set.Denied, rule.Values.Denied...)
	}
	if restricting > 0 && (!always || restricting < len(rules)) {
		return engine.Constraint{Name: set.Name, Depends: true}
	}
	return set
}

// constraintsOf returns the organization policies that are set on a project, a
// folder or an organization itself, by their constraints. The inventory lists
// them in two forms, of which only the newer one knows managed constraints. The
// error says why there may be more.
func constraintsOf(r *engine.Reading, key string) (map[string]engine.Constraint, error) {
	listed, unread := r.Constraints(key)
	found, err := engine.OnceInScope(r, "constraints "+key, func() (map[string]engine.Constraint, error) {
		found := maps.Clone(listed)
		if found == nil {
			found = map[string]engine.Constraint{}
		}
		policies, err := engine.OwnedBy[orgPolicyData](r, typeOrgPolicy, key)
		for _, policy := range policies {
			if policy.Data.Name == "" {
				return nil, scanners.Failed("read "+typeOrgPolicy, fmt.Errorf("%s has no name", policy.Name))
			}
			if policy.Data.Spec != nil {
				set := policy.Data.constraint()
				found[set.Name] = set
			}
		}
		return found, err
	})
	return found, errors.Join(unread, err)
}

// force is a constraint, and what it means that policies for it are in force.
// The policies are those that could decide, the nearest first; decided is
// whether others above them could change the answer.
type force struct {
	Constraint string
	Judge      func(policies []engine.Constraint) (yes, decided bool)
}

// inForce reports whether one of the constraints is in force for the resource.
// Where none is known to be, and not everything that could decide was read, it
// marks the field as unread.
func inForce(ctx context.Context, r *engine.Reading, field string, constraints ...force) bool {
	if !r.Wants(field) {
		return false
	}
	var unread error
	for _, f := range constraints {
		yes, err := f.holds(ctx, r)
		if yes {
			return true
		}
		unread = errors.Join(unread, err)
	}
	r.Got(unread, field)
	return false
}

// holds reports whether the constraint is in force for the resource. The error
// says why it may be all the same.
func (f force) holds(ctx context.Context, r *engine.Reading) (bool, error) {
	policies, sure, err := policiesFor(r, f.Constraint)
	if yes, decided := f.Judge(policies[:sure]); decided || err == nil {
		return yes, nil
	}
	if r.ReachesOut() {
		policies, err = effectivePolicy(ctx, r, f.Constraint)
		if err == nil && policies[0].Depends {
			policies, err = nil, conditional(f.Constraint)
		}
		yes, decided := f.Judge(policies)
		if decided || err == nil {
			return yes, nil
		}
		return false, err
	}
	// What is set further above counts until something nearer is known.
	yes, decided := f.Judge(policies)
	return yes && decided, err
}

// conditional is the error for a policy that a condition decides.
func conditional(constraint string) error {
	cause := posture.Cause{Reason: posture.NotUnderstood, Operation: "read " + typeOrgPolicy, Code: "in force under a condition"}
	return &posture.ReadError{Cause: cause, Err: fmt.Errorf("%s is in force under a condition", constraint)}
}

// effectivePolicy asks directly what is in force for a constraint: the policies
// of all levels, merged. It asks once for all that is in a project.
func effectivePolicy(ctx context.Context, r *engine.Reading, name string) ([]engine.Constraint, error) {
	return engine.Once(r, "effective "+r.Owner().Key+" "+name, func() ([]engine.Constraint, error) { return askEffective(ctx, r, name) })
}

func askEffective(ctx context.Context, r *engine.Reading, name string) ([]engine.Constraint, error) {
	at := &url.URL{Scheme: "https", Host: "orgpolicy.googleapis.com", Path: "/v2/" + r.Owner().Key + "/policies/" + name + ":getEffectivePolicy"}
	var data orgPolicyData
	if err := r.Fetch(ctx, opEffectivePolicy, at, &data); err != nil {
		return nil, err
	}
	if data.Spec == nil {
		return nil, scanners.Failed(opEffectivePolicy, errNoSpec)
	}
	return []engine.Constraint{data.constraint()}, nil
}

var errNoSpec error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer sets nothing"}

// policiesFor returns what is set for a constraint from the resource upwards,
// as far as it was read. The first so many are sure: all that is nearer than
// they was read. What depends on a condition ends the list.
func policiesFor(r *engine.Reading, name string) (found []engine.Constraint, sure int, unread error) {
	for _, key := range r.Owner().Ancestors {
		set, err := constraintsOf(r, key)
		policy, ok := set[name]
		if ok && policy.Depends {
			return found, sure, errors.Join(conditional(name), unread)
		}
		if ok {
			found = append(found, policy)
		}
		if unread = errors.Join(unread, err); unread == nil {
			sure = len(found)
		}
	}
	return found, sure, unread
}

// enforces reports whether a boolean constraint is enforced: the nearest
// policy decides.
func enforces(policies []engine.Constraint) (yes, decided bool) {
	if len(policies) == 0 {
		return false, false
	}
	return policies[0].Enforced && !policies[0].Restores, true
}

// limits reports whether a list constraint leaves named values only. A policy
// that inherits is merged with those above it, and one may allow all.
// By default everything is allowed.
func limits(policies []engine.Constraint) (yes, decided bool) {
	for _, policy := range policies {
		switch {
		case policy.Restores, policy.AllowAll:
			return false, true
		case policy.DenyAll:
			return true, true
		case !policy.Inherits:
			return yes || len(policy.Allowed) > 0, true
		}
		yes = yes || len(policy.Allowed) > 0
	}
	return yes, false
}
