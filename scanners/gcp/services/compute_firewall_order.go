package services

import (
	"errors"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// firewallOrder is what comes before the firewall rules and policies of a
// project, a folder or an organization, as far as it was read. What is not known
// denies nothing, and may deny anything: the errors say where.
type firewallOrder struct {
	above    map[string][]trafficRule // rules of hierarchical policies, by the folder or organization where they are in force
	keys     []string                 // those, the organization first
	global   map[string][]trafficRule // rules of the global policy of a network, by its path
	networks map[string]string        // the order of enforcement, by the network's path
	rules    map[string][]trafficRule // firewall rules, by the network's path

	noAbove    map[string]error // why there may be more in above, by the key of who has the policies
	noGlobal   error
	noNetworks error
	noRules    error
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
	order, err := engine.Once(r, "firewall order "+r.Owner().Key, func() (*firewallOrder, error) { return newFirewallOrder(r), nil })
	if order == nil { // it was not made to its end
		return &firewallOrder{noGlobal: err, noNetworks: err, noRules: err}
	}
	return order
}

// newFirewallOrder reads the order.
func newFirewallOrder(r *engine.Reading) *firewallOrder {
	o := &firewallOrder{
		above: map[string][]trafficRule{}, global: map[string][]trafficRule{}, networks: map[string]string{}, rules: map[string][]trafficRule{},
		noAbove: map[string]error{},
	}
	for _, key := range slices.Backward(r.Owner().Ancestors) {
		policies, unread := engine.OwnedBy[firewallPolicyData](r, typeFirewallPolicy, key, ingressFields...)
		for i := range policies {
			unread = errors.Join(unread, o.addPolicy(&policies[i].Data))
		}
		switch {
		case networkOwner(key):
			o.noGlobal = unread
		case r.InScope(key): // what lies outside of the scope is not asked for
			o.noAbove[key] = unread
		}
		if networkOf(key) == "" {
			o.keys = append(o.keys, key)
		}
	}
	networks, unread := engine.OwnedBy[networkOrderData](r, typeNetwork, r.Owner().Key)
	for _, n := range networks {
		o.networks[path(n.Data.SelfLink)] = n.Data.Order
	}
	o.noNetworks = unread
	firewalls, unread := engine.OwnedBy[firewallData](r, typeFirewall, r.Owner().Key, ingressFields...)
	for _, f := range firewalls {
		rule, err := f.Data.rule()
		switch {
		case f.Data.Disabled || f.Data.Direction == "EGRESS":
		case err != nil && rule.Action == denies:
			unread = errors.Join(unread, scanners.Failed("read "+typeFirewall, err))
		case err == nil:
			in := path(f.Data.Network)
			o.rules[in] = append(o.rules[in], rule)
		}
	}
	o.noRules = unread
	for _, rules := range o.rules {
		inOrder(rules)
	}
	return o
}

// networkOwner reports whether networks belong to what has the key.
func networkOwner(key string) bool { return strings.HasPrefix(key, "projects/") }

// addPolicy adds a policy where it is in force: not a regional one, which is
// for a part of a network only. The error says why more may be denied by it.
func (o *firewallOrder) addPolicy(data *firewallPolicyData) (unread error) {
	rules, misread := data.rules()
	for _, target := range data.targets() {
		switch {
		case networkOf(target) == "":
			o.above[target], unread = rules, misread
		case data.Region == "":
			o.global[target], unread = rules, misread
		}
	}
	return unread
}

// hierarchy returns the rules of the policies that are in force above a folder
// or an organization, or above all networks where it is none of those. The
// error says why there may be more: a policy may be in force below who has it.
func (o *firewallOrder) hierarchy(below string) (found [][]trafficRule, unread error) {
	for _, key := range o.keys {
		if key == below {
			break
		}
		found, unread = append(found, o.above[key]), errors.Join(unread, o.noAbove[key])
	}
	return found, unread
}

// before is what comes before a rule or a policy.
type before struct {
	rules  []trafficRule // that certainly stop traffic
	maybe  []trafficRule // that do so if they come first, which order says
	order  error         // why that is not known
	unread error         // why there may be more
}

// beforePolicy returns what stops traffic before it comes to a rule of a policy
// that is in force there. A regional policy comes after the global one of its
// network.
func (o *firewallOrder) beforePolicy(rule *trafficRule, target string, regional bool) before {
	in := networkOf(target)
	policies, unread := o.hierarchy(target)
	b := before{unread: unread}
	add := func(policy []trafficRule) { b.rules = append(b.rules, stopping(policy, rule, in, false)...) }
	for _, policy := range policies {
		add(policy)
	}
	if in == "" {
		return b
	}
	switch order, known := o.networks[target]; {
	case known && order != policyFirst:
		add(o.rules[target])
		b.unread = errors.Join(b.unread, o.noRules)
	case !known:
		b.maybe, b.order = stopping(o.rules[target], rule, in, false), o.noNetworks
		b.unread = errors.Join(b.unread, o.noRules)
	}
	if regional {
		add(o.global[target])
		b.unread = errors.Join(b.unread, o.noGlobal)
	}
	return b
}

// beforeRule returns what stops traffic before it comes to a firewall rule of a
// network.
func (o *firewallOrder) beforeRule(rule *trafficRule, in string) before {
	policies, unread := o.hierarchy("")
	b := before{unread: errors.Join(unread, o.noRules)}
	add := func(policy []trafficRule) { b.rules = append(b.rules, stopping(policy, rule, in, false)...) }
	for _, policy := range policies {
		add(policy)
	}
	switch order, known := o.networks[in]; {
	case order == policyFirst:
		add(o.global[in])
		b.unread = errors.Join(b.unread, o.noGlobal)
	case !known:
		b.maybe, b.order = stopping(o.global[in], rule, in, false), o.noNetworks
		b.unread = errors.Join(b.unread, o.noGlobal)
	}
	for _, other := range o.rules[in] {
		if other.Action == denies && other.Priority <= rule.Priority && other.covers(rule, in) {
			b.rules = append(b.rules, other)
		}
	}
	return b
}

// opens returns what a rule lets in from the internet. The error says why it may
// be less.
func (b *before) opens(rule *trafficRule) ([]opening, error) {
	found := rule.opens(b.rules)
	if len(found) == 0 {
		return nil, nil
	}
	if len(b.maybe) > 0 && !slices.Equal(found, rule.opens(append(slices.Clone(b.rules), b.maybe...))) {
		return found, errors.Join(b.unread, b.order)
	}
	return found, b.unread
}
