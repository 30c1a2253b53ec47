package services

import (
	"slices"

	"posture/scanners/gcp/engine"
)

// firewallOrder is what comes before the firewall rules and policies of a
// project, a folder or an organization, as far as it was read: what is not
// known denies nothing.
type firewallOrder struct {
	above    map[string][]trafficRule // rules of hierarchical policies, by the folder or organization where they are in force
	keys     []string                 // those, the organization first
	global   map[string][]trafficRule // rules of the global policy of a network, by its path
	networks map[string]string        // the order of enforcement, by the network's path
	rules    map[string][]trafficRule // firewall rules, by the network's path
}

// policyFirst is the order in which the policy of a network comes before its
// firewall rules. Without a word the rules come first.
const policyFirst = "BEFORE_CLASSIC_FIREWALL"

// networkOrderData is what is read of a network (compute.networks.get).
type networkOrderData struct {
	linked
	Order string `json:"networkFirewallPolicyEnforcementOrder"`
}

// orderOf returns what comes before firewall rules of the resource's owner.
func orderOf(r *engine.Reading) *firewallOrder {
	order, _ := engine.Once(r, "firewall order "+r.Owner().Key, func() (*firewallOrder, error) { return newFirewallOrder(r), nil })
	if order == nil {
		return &firewallOrder{}
	}
	return order
}

// newFirewallOrder reads the order. What cannot be listed or read is left out:
// it stops nothing.
func newFirewallOrder(r *engine.Reading) *firewallOrder {
	o := &firewallOrder{above: map[string][]trafficRule{}, global: map[string][]trafficRule{}, networks: map[string]string{}, rules: map[string][]trafficRule{}}
	for _, key := range slices.Backward(r.Owner().Ancestors) {
		policies, _ := engine.OwnedBy[firewallPolicyData](r, typeFirewallPolicy, key)
		for _, policy := range policies {
			o.addPolicy(&policy.Data)
		}
		if networkOf(key) == "" {
			o.keys = append(o.keys, key)
		}
	}
	networks, _ := engine.OwnedBy[networkOrderData](r, typeNetwork, r.Owner().Key)
	for _, n := range networks {
		o.networks[path(n.Data.SelfLink)] = n.Data.Order
	}
	firewalls, _ := engine.OwnedBy[firewallData](r, typeFirewall, r.Owner().Key)
	for _, f := range firewalls {
		if rule, err := f.Data.rule(); err == nil && !f.Data.Disabled && f.Data.Direction != "EGRESS" {
			in := path(f.Data.Network)
			o.rules[in] = append(o.rules[in], rule)
		}
	}
	for _, rules := range o.rules {
		inOrder(rules)
	}
	return o
}

func (o *firewallOrder) addPolicy(data *firewallPolicyData) {
	rules := data.rules()
	for _, target := range data.targets() {
		switch {
		case networkOf(target) == "":
			o.above[target] = rules
		case data.Region == "":
			o.global[target] = rules
		}
	}
}

// hierarchy returns the rules of the policies that are in force above a folder
// or an organization, or above all networks where it is none of those.
func (o *firewallOrder) hierarchy(below string) [][]trafficRule {
	var found [][]trafficRule
	for _, key := range o.keys {
		if key == below {
			break
		}
		found = append(found, o.above[key])
	}
	return found
}

// beforePolicy returns the rules that come before those of a policy that is in
// force there. A regional one comes after the global one of its network.
func (o *firewallOrder) beforePolicy(target string, regional bool) [][]trafficRule {
	found := o.hierarchy(target)
	order, known := o.networks[target]
	if known && order != policyFirst {
		found = append(found, o.rules[target])
	}
	if regional {
		found = append(found, o.global[target])
	}
	return found
}

// beforeRule returns the rules that stop traffic before it comes to a firewall
// rule of a network.
func (o *firewallOrder) beforeRule(rule trafficRule, in string) []trafficRule {
	var found []trafficRule
	policies := o.hierarchy("")
	if o.networks[in] == policyFirst {
		policies = append(policies, o.global[in])
	}
	for _, policy := range policies {
		found = append(found, stopping(policy, &rule, in, false)...)
	}
	for _, other := range o.rules[in] {
		if other.Action == denies && other.Priority <= rule.Priority && other.covers(&rule, in) {
			found = append(found, other)
		}
	}
	return found
}
