package services

import (
	"context"
	"errors"
	"net/url"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// The calls that read what hierarchical firewall policies are in force where not
// all of the hierarchy is in the scope.
const (
	opAssociations   = "compute.firewallPolicies.listAssociations"
	opFirewallPolicy = "compute.firewallPolicies.get"
	opEffectiveRules = "compute.networks.getEffectiveFirewalls"
)

var firewallCalls = []scanners.Call{
	{Op: opAssociations, Permission: "compute.organizations.listAssociations", For: ingressFields},
	{Op: opFirewallPolicy, For: ingressFields},
	{Op: opEffectiveRules, For: ingressFields},
}

// attached are the rules of the policies that are in force on a folder or an
// organization, policy by policy.
type attached struct {
	policies [][]trafficRule
	unread   error // why there may be more
}

// add adds the rules of a policy.
func (a *attached) add(policy *firewallPolicyData) {
	rules, misread := policy.rules()
	a.policies, a.unread = append(a.policies, rules), errors.Join(a.unread, misread)
}

// scopePolicies are the policies that folders and organizations of the scope
// have. Each may be in force on any folder or organization.
type scopePolicies struct {
	byID   map[string]*firewallPolicyData
	on     map[string]*attached // by where they are in force
	unread error                // why there may be more
}

// policiesOfScope returns the hierarchical policies that the inventory lists.
func policiesOfScope(r *engine.Reading) *scopePolicies {
	found, err := engine.OnceInScope(r, "hierarchical firewall policies", func() (*scopePolicies, error) {
		found := &scopePolicies{byID: map[string]*firewallPolicyData{}, on: map[string]*attached{}}
		for _, key := range r.Branches() {
			policies, err := engine.OwnedBy[firewallPolicyData](r, typeFirewallPolicy, key, ingressFields...)
			found.unread = errors.Join(found.unread, err)
			for i := range policies {
				found.add(policies[i].Name, &policies[i].Data)
			}
		}
		return found, nil
	})
	if found == nil { // it was not made to its end
		return &scopePolicies{unread: err}
	}
	return found
}

func (p *scopePolicies) add(name string, policy *firewallPolicyData) {
	p.byID[engine.LastOf(name)] = policy
	for _, target := range policy.targets() {
		if p.on[target] == nil {
			p.on[target] = &attached{}
		}
		p.on[target].add(policy)
	}
}

// hierarchy returns the rules that are in force on any of the folders and
// organizations.
func hierarchy(ctx context.Context, r *engine.Reading, keys []string) (all attached) {
	for _, key := range keys {
		if networkOwner(key) {
			continue
		}
		here := attachedTo(ctx, r, key)
		all.policies, all.unread = append(all.policies, here.policies...), errors.Join(all.unread, here.unread)
	}
	return all
}

// attachedTo returns the rules that are in force on a folder or an organization.
// Where the scope does not reach up to the organization they may be of a policy
// whose owner is not in it, so the folder itself is asked.
func attachedTo(ctx context.Context, r *engine.Reading, key string) attached {
	scope := policiesOfScope(r)
	var known attached
	if scope.on[key] != nil {
		known = *scope.on[key]
	}
	if len(r.Outside()) == 0 {
		known.unread = errors.Join(scope.unread, known.unread)
		return known
	}
	found, err := engine.OnceInScope(r, "firewall policies on "+key, func() (attached, error) { return askAttached(ctx, r, scope, key) })
	if err != nil {
		known.unread = errors.Join(known.unread, err)
		return known
	}
	return found
}

// associationsData is what is read of what is attached to a folder or an
// organization.
type associationsData struct {
	Kind         string // every answer has it
	Associations []struct {
		Policy string `json:"firewallPolicyId"`
	}
}

const firewallPoliciesURL = "https://compute.googleapis.com/compute/v1/locations/global/firewallPolicies/"

// askAttached asks directly which policies are in force on a folder or an
// organization, and reads those that the inventory did not list.
func askAttached(ctx context.Context, r *engine.Reading, scope *scopePolicies, key string) (attached, error) {
	var found attached
	var answer associationsData
	at, err := url.Parse(firewallPoliciesURL + "listAssociations?" + url.Values{"targetResource": {key}}.Encode())
	if err == nil {
		err = r.Fetch(ctx, opAssociations, at, &answer)
	}
	if err == nil && answer.Kind == "" {
		err = scanners.Failed(opAssociations, errNoKind)
	}
	for _, association := range answer.Associations {
		policy := scope.byID[association.Policy]
		if policy == nil && err == nil {
			policy, err = askPolicy(ctx, r, association.Policy)
		}
		if err == nil {
			found.add(policy)
		}
	}
	return found, err
}

var errNoRules error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer holds no rule, not even those that every policy has"}

// askPolicy reads a hierarchical policy directly.
func askPolicy(ctx context.Context, r *engine.Reading, id string) (*firewallPolicyData, error) {
	return engine.OnceInScope(r, "firewall policy "+id, func() (*firewallPolicyData, error) {
		data := &firewallPolicyData{}
		at, err := (&engine.Get{Root: firewallPoliciesURL}).URL("//compute.googleapis.com/" + id)
		if err != nil {
			return nil, scanners.Failed(opFirewallPolicy, err)
		}
		if err := r.Fetch(ctx, opFirewallPolicy, at, data); err != nil {
			return nil, err
		}
		if len(data.Rules) == 0 {
			return nil, scanners.Failed(opFirewallPolicy, errNoRules)
		}
		return data, nil
	})
}

// effectiveData is what is read of what is in force on a network. The rules of
// the network itself are in every answer.
type effectiveData struct {
	Policies []struct {
		Type  string // HIERARCHY: of a folder or an organization
		Rules []policyRuleData
	} `json:"firewallPolicys"`
	Rules []struct{ Name string } `json:"firewalls"`
}

// effectiveAbove asks the network which rules of folders and organizations are in
// force on it: whoever may read the project may ask that.
func effectiveAbove(ctx context.Context, r *engine.Reading, network string) (attached, error) {
	return engine.Once(r, "effective firewalls "+network, func() (found attached, err error) {
		at, err := (&engine.Get{Root: "https://compute.googleapis.com/compute/v1/"}).URL("//compute.googleapis.com/" + network + "/getEffectiveFirewalls")
		if err != nil {
			return found, scanners.Failed(opEffectiveRules, err)
		}
		var answer effectiveData
		if err := r.Fetch(ctx, opEffectiveRules, at, &answer); err != nil {
			return found, err
		}
		if len(answer.Policies)+len(answer.Rules) == 0 {
			return found, scanners.Failed(opEffectiveRules, errNoRules)
		}
		for _, policy := range answer.Policies {
			if policy.Type == "HIERARCHY" {
				found.add(&firewallPolicyData{Rules: policy.Rules})
			}
		}
		return found, found.unread
	})
}
