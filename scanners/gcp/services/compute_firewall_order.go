package services

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// firewallOrder is what comes before the firewall rules and policies of a
// project, a folder or an organization, as far as it was read. What is not known
// denies nothing, and may deny anything: the errors say where.
type firewallOrder struct {
	above    attached                 // the hierarchical policies that are in force above all networks
	global   map[string][]trafficRule // rules of the global policy of a network, by its path
	networks map[string]string        // the order of enforcement, by the network's path
	rules    map[string][]trafficRule // firewall rules, by the network's path

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
func orderOf(ctx context.Context, r *engine.Reading) *firewallOrder {
	order, err := engine.Once(r, "firewall order "+r.Owner().Key, func() (*firewallOrder, error) { return newFirewallOrder(ctx, r), nil })
	if order == nil { // it was not made to its end
		return &firewallOrder{above: attached{unread: err}, noGlobal: err, noNetworks: err, noRules: err}
	}
	return order
}

// newFirewallOrder reads the order.
func newFirewallOrder(ctx context.Context, r *engine.Reading) *firewallOrder {
	o := &firewallOrder{
		global: map[string][]trafficRule{}, networks: map[string]string{}, rules: map[string][]trafficRule{},
	}
	o.above = hierarchy(ctx, r, r.Owner().Ancestors)
	if networkOwner(r.Owner().Key) {
		o.addGlobal(r)
	}
	o.addNetworks(r)
	return o
}

// addGlobal adds the global policies of the project's networks. A regional one is
// for a part of a network only.
func (o *firewallOrder) addGlobal(r *engine.Reading) {
	policies, unread := engine.OwnedBy[firewallPolicyData](r, typeFirewallPolicy, r.Owner().Key, ingressFields...)
	for i := range policies {
		data := &policies[i].Data
		rules, misread := data.rules()
		for _, target := range data.targets() {
			if data.Region == "" {
				o.global[target], unread = rules, errors.Join(unread, misread)
			}
		}
	}
	o.noGlobal = unread
}

// addNetworks adds the networks of the resource's owner, and their firewall rules.
func (o *firewallOrder) addNetworks(r *engine.Reading) {
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
}

// networkOwner reports whether networks belong to what has the key.
func networkOwner(key string) bool { return strings.HasPrefix(key, "projects/") }

// aboveNetwork returns the rules of hierarchical policies that are in force on a
// network. Where not all above it could be read, the network itself is asked.
func (o *firewallOrder) aboveNetwork(ctx context.Context, r *engine.Reading, network string) attached {
	found := o.above
	if found.unread == nil || !r.ReachesOut() {
		return found
	}
	effective, err := effectiveAbove(ctx, r, network)
	if err != nil {
		found.unread = errors.Join(err, found.unread) // the first one says what to grant: this needs no right above the project
		return found
	}
	return effective
}

// aboveTarget returns the rules of hierarchical policies that are in force above
// where a policy is attached.
func (o *firewallOrder) aboveTarget(ctx context.Context, r *engine.Reading, target string) attached {
	if networkOf(target) != "" {
		return o.aboveNetwork(ctx, r, target)
	}
	above, known := r.AboveBranch(target)
	if !known {
		return attached{unread: scanners.Failed("read "+typeFirewallPolicy, errElsewhere)}
	}
	return hierarchy(ctx, r, above)
}

var errElsewhere error = &posture.ReasonError{Reason: posture.NotListed, Text: "the policy is attached to a folder that is not scanned"}

// noOrder returns why the order of a network is not known that is not among the
// others.
func (o *firewallOrder) noOrder() error { return cmp.Or(o.noNetworks, errNoNetwork) }

var errNoNetwork error = scanners.Failed("read "+typeNetwork, &posture.ReasonError{Reason: posture.NotAnswered, Text: "the inventory does not list the network"})

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
func (o *firewallOrder) beforePolicy(above attached, rule *trafficRule, target string, regional bool) before {
	in := networkOf(target)
	b := before{unread: above.unread}
	add := func(policy []trafficRule) { b.rules = append(b.rules, stopping(policy, rule, in, false)...) }
	for _, policy := range above.policies {
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
		b.maybe, b.order = stopping(o.rules[target], rule, in, false), o.noOrder()
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
func (o *firewallOrder) beforeRule(above attached, rule *trafficRule, in string) before {
	b := before{unread: errors.Join(above.unread, o.noRules)}
	add := func(policy []trafficRule) { b.rules = append(b.rules, stopping(policy, rule, in, false)...) }
	for _, policy := range above.policies {
		add(policy)
	}
	switch order, known := o.networks[in]; {
	case order == policyFirst:
		add(o.global[in])
		b.unread = errors.Join(b.unread, o.noGlobal)
	case !known:
		b.maybe, b.order = stopping(o.global[in], rule, in, false), o.noOrder()
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
