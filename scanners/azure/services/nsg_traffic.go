package services

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"posture/scanners/network"
)

// protocols are those that rules of groups know by name.
var protocols = []string{"tcp", "udp", "icmp", "esp", "ah"}

// traffic is what goes to one destination, and the rules that it meets there, in
// order: those of the group that is judged, and those of the other group in the
// way. Both must let it pass.
type traffic struct {
	own, other []nsgRule
	guarded    bool // there is another group
	ipv6       bool // the destination has, or may have, an IPv6 address
}

// destination is an interface's address, or all addresses of a subnet where it
// is not known who is there.
type destination struct {
	blocks []netip.Prefix // none: any address
	groups []string       // the application security groups that it is in
}

func (d destination) ipv6() bool {
	return len(d.blocks) == 0 || slices.ContainsFunc(d.blocks, func(b netip.Prefix) bool { return b.Addr().Is6() })
}

// at returns the rules that bear on traffic to a destination. A rule that allows
// may be for a part of it, one that denies must be for all of it.
func at(rules []nsgRule, to destination) []nsgRule {
	var found []nsgRule
	for _, rule := range rules {
		if rule.isFor(to) {
			found = append(found, rule)
		}
	}
	return found
}

func (n *nsgRule) isFor(to destination) bool {
	if n.to.inside() || slices.ContainsFunc(n.to.groups, func(group string) bool { return slices.Contains(to.groups, group) }) {
		return true
	}
	if len(n.to.blocks.Prefixes()) == 0 {
		return false
	}
	if n.allow {
		return len(to.blocks) == 0 || slices.ContainsFunc(to.blocks, n.to.blocks.OverlapsPrefix)
	}
	outside := func(block netip.Prefix) bool { return !n.to.blocks.ContainsPrefix(block) }
	return len(to.blocks) > 0 && !slices.ContainsFunc(to.blocks, outside)
}

// key is the same for traffic that meets the same rules.
func (t traffic) key() string {
	var b strings.Builder
	fmt.Fprint(&b, t.guarded, t.ipv6)
	for _, rules := range [][]nsgRule{t.own, t.other} {
		b.WriteByte('\n')
		for _, rule := range rules {
			b.WriteString(rule.id + " ")
		}
	}
	return b.String()
}

// openings returns what of the internet's traffic arrives.
func (t traffic) openings() []NSGOpening {
	if !t.mayAdmit() {
		return nil
	}
	var all []NSGOpening
	for _, protocol := range protocols {
		last := map[string]int{} // where the opening of a rule is that the next ports may go on with
		for _, ports := range t.steps(protocol) {
			own, other := meeting(t.own, protocol, ports), meeting(t.other, protocol, ports)
			for _, rule := range t.admitting(own, other) {
				key := rule.id + " " + rule.source
				if i, open := last[key]; open && all[i].ToPort == ports.From-1 {
					all[i].ToPort = ports.To
					continue
				}
				last[key] = len(all)
				all = append(all, NSGOpening{Protocol: protocol, FromPort: ports.From, ToPort: ports.To, Source: rule.source, Rule: rule.id})
			}
		}
	}
	return all
}

// mayAdmit reports whether what the group's rules allow, without what they deny,
// is the internet. Most groups end here.
func (t traffic) mayAdmit() bool {
	var allowed netipx.IPSetBuilder
	for _, rule := range t.own {
		if rule.allow && slices.ContainsFunc(rule.from.tags, isAzureCloud) {
			return true
		}
		if rule.allow {
			allowed.AddSet(rule.sources(t.ipv6))
		}
	}
	return isInternet(&allowed)
}

// steps divides the ports of a protocol so that a rule is for all or none of
// each step. Only TCP and UDP have ports.
func (t traffic) steps(protocol string) []network.Ports {
	cuts := []int64{0, network.LastPort + 1}
	for _, rule := range slices.Concat(t.own, t.other) {
		for _, ports := range rule.ports {
			if hasPorts(protocol) && rule.speaks(protocol) {
				cuts = append(cuts, ports.From, ports.To+1)
			}
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var steps []network.Ports
	for i, from := range cuts[:len(cuts)-1] {
		steps = append(steps, network.Ports{Protocol: protocol, From: from, To: cuts[i+1] - 1})
	}
	return steps
}

func hasPorts(protocol string) bool { return protocol == "tcp" || protocol == "udp" }

func (n *nsgRule) speaks(protocol string) bool { return n.protocol == "all" || n.protocol == protocol }

// meeting returns the rules that are for the ports.
func meeting(rules []nsgRule, protocol string, ports network.Ports) []*nsgRule {
	var found []*nsgRule
	for i := range rules {
		n := &rules[i]
		within := func(p network.Ports) bool { return p.From <= ports.From && ports.To <= p.To }
		if n.speaks(protocol) && (slices.ContainsFunc(n.ports, within) || !hasPorts(protocol) && everyPort(n.ports)) {
			found = append(found, n)
		}
	}
	return found
}

// admitting returns the rules of the group by which the internet comes in: each
// that lets in as much by itself, and else those that do so together.
func (t traffic) admitting(own, other []*nsgRule) []*nsgRule {
	beyond := everybody(true)
	if t.guarded {
		beyond, _ = admitted(other, t.ipv6)
	}
	_, parts := admitted(own, t.ipv6)
	var wide, all []*nsgRule
	var together netipx.IPSetBuilder
	for _, part := range parts {
		var b netipx.IPSetBuilder
		b.AddSet(part.from)
		b.Intersect(beyond)
		through := setOf(&b)
		if network.Covers(through.Prefixes()) {
			wide = append(wide, part.rule)
		}
		if len(through.Ranges()) > 0 {
			all = append(all, part.rule)
			together.AddSet(through)
		}
	}
	if len(wide) == 0 && isInternet(&together) {
		wide = all
	}
	for _, rule := range own {
		if !slices.Contains(wide, rule) && t.admitsCloud(rule, own, other) {
			wide = append(wide, rule)
		}
	}
	return wide
}

// admitsCloud reports whether a rule lets in all customers of Azure, by a
// service tag.
func (t traffic) admitsCloud(rule *nsgRule, own, other []*nsgRule) bool {
	return rule.allow && slices.ContainsFunc(rule.from.tags, func(tag string) bool {
		return isAzureCloud(tag) && first(own, tag) == rule && (!t.guarded || first(other, tag) != nil && first(other, tag).allow)
	})
}

// first returns the rule that decides on the addresses of a service tag, nil
// for none.
func first(rules []*nsgRule, tag string) *nsgRule {
	for _, rule := range rules {
		from := &rule.from
		part := func(other string) bool { return other == tag || strings.HasPrefix(tag, other+".") }
		if from.internet() || slices.ContainsFunc(from.tags, part) || from.blocks.ContainsPrefix(allIPv4) {
			return rule
		}
	}
	return nil
}

// part is what one rule lets in, from addresses that no rule before it is for.
type part struct {
	rule *nsgRule
	from *netipx.IPSet
}

// admitted returns which addresses the rules let in, together and by rule. What
// no rule is for is denied.
func admitted(rules []*nsgRule, ipv6 bool) (*netipx.IPSet, []part) {
	var decided, all netipx.IPSetBuilder
	var parts []part
	for _, rule := range rules {
		if rule.allow {
			var b netipx.IPSetBuilder
			b.AddSet(rule.sources(ipv6))
			b.RemoveSet(setOf(&decided))
			parts = append(parts, part{rule, setOf(&b)})
			all.AddSet(parts[len(parts)-1].from)
		}
		decided.AddSet(rule.sources(ipv6 || !rule.allow))
	}
	return setOf(&all), parts
}

var (
	allIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	allIPv6 = netip.MustParsePrefix("::/0")
)

// everybody returns all addresses that can send to a destination.
func everybody(ipv6 bool) *netipx.IPSet {
	var b netipx.IPSetBuilder
	b.AddPrefix(allIPv4)
	if ipv6 {
		b.AddPrefix(allIPv6)
	}
	return setOf(&b)
}

// sources returns the addresses that the rule is for. "*" is what the
// destination speaks; a range of IPv6 stays one.
func (n *nsgRule) sources(ipv6 bool) *netipx.IPSet {
	if n.from.internet() {
		return everybody(ipv6)
	}
	return n.from.blocks
}

// setOf returns what was built. Ranges that are no ranges were refused before.
func setOf(b *netipx.IPSetBuilder) *netipx.IPSet {
	set, err := b.IPSet()
	if err != nil {
		return everybody(true)
	}
	return set
}

func isInternet(b *netipx.IPSetBuilder) bool { return network.Covers(setOf(b).Prefixes()) }
