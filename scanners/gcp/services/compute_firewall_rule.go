package services

import (
	"slices"

	"posture/scanners/gcp/engine"
	"posture/scanners/network"
)

// trafficRule is a rule for traffic that comes in, of a VPC network or of a
// firewall policy.
type trafficRule struct {
	Priority int64 // the lower comes first
	Action   trafficAction
	Ports    []network.Ports
	Sources  []string // address ranges
	Doubts   []string // sources whose addresses are not known
	Targets  []string // what it is limited to, each with its kind before it; nil: all machines
	Networks []string // paths of the networks that it is limited to; nil: all
	Narrow   bool     // it is limited otherwise, by where the traffic goes: it covers no other rule
}

// trafficAction is what a rule does with traffic that matches.
type trafficAction int

const (
	allows trafficAction = iota
	denies
	passes // leaves it to the policies and rules that come after its own
)

// opening is what a rule lets in. It is doubtful where nobody can tell whether
// the source is the internet.
type opening struct {
	network.OpenIngress
	Doubtful bool
}

// add adds the ports of entries to those of the rule.
func (t *trafficRule) add(entries []firewallPorts) error {
	for _, entry := range entries {
		ports, err := entry.ranges()
		if err != nil {
			return err
		}
		t.Ports = append(t.Ports, ports...)
	}
	_, err := network.Open(t.Sources)
	return err
}

// opens returns what the rule lets in from the internet, without what the
// others certainly stop before.
func (t *trafficRule) opens(before []trafficRule) []opening {
	sources, err := network.Open(t.Sources)
	if err != nil || t.Action != allows {
		return nil
	}
	var found []opening
	for _, ports := range t.Ports {
		for _, source := range sources {
			found = append(found, opening{ports.OpenTo(source), false})
		}
		for _, doubt := range t.Doubts {
			found = append(found, opening{ports.OpenTo(doubt), true})
		}
	}
	for _, other := range before {
		found = other.stops(found)
	}
	return found
}

// open reports whether the rule would let something in from the internet if
// nothing came before it.
func (t *trafficRule) open() bool { return len(t.opens(nil)) > 0 }

// stops returns what is left of openings behind the rule.
func (t *trafficRule) stops(found []opening) []opening {
	for _, ports := range t.Ports {
		var left []opening
		for _, o := range found {
			if !network.Contain(t.Sources, o.Source) {
				left = append(left, o)
				continue
			}
			for _, rest := range o.Without(ports) {
				left = append(left, opening{rest, o.Doubtful})
			}
		}
		found = left
	}
	return found
}

// covers reports whether the rule is for every machine of a network that
// another one is for. The network is "" where that one is for several.
func (t *trafficRule) covers(other *trafficRule, in string) bool {
	within := func(part, whole []string) bool {
		return len(part) > 0 && !slices.ContainsFunc(part, func(one string) bool { return !slices.Contains(whole, one) })
	}
	networks := other.Networks
	if in != "" {
		networks = []string{in}
	}
	return !t.Narrow && (len(t.Targets) == 0 || within(other.Targets, t.Targets)) && (len(t.Networks) == 0 || within(networks, t.Networks))
}

// mayMatch reports whether the rule may match traffic from the internet in a
// network. One whose addresses are known, and are not the internet, does not.
func (t *trafficRule) mayMatch(in string) bool {
	open, err := network.Open(t.Sources)
	named := func(url string) bool { return engine.LastOf(url) == engine.LastOf(in) }
	elsewhere := in != "" && len(t.Networks) > 0 && !slices.ContainsFunc(t.Networks, named)
	return (err != nil || len(open)+len(t.Doubts) > 0) && !elsewhere
}

// stopping returns those of a policy's rules that certainly stop traffic before
// it comes to another rule. Of its own policy what an earlier rule leaves to
// later policies does not come to it either. What a rule may have left to later
// policies before it is denied does come to them.
func stopping(rules []trafficRule, other *trafficRule, in string, own bool) []trafficRule {
	var found []trafficRule
	for i, t := range rules {
		if t.Action == allows || t.Action == passes && !own || !t.covers(other, in) {
			continue
		}
		for n := range rules[:i] {
			if earlier := &rules[n]; !own && earlier.Action == passes && earlier.mayMatch(in) {
				t.Ports = without(t.Ports, earlier.Ports)
			}
		}
		found = append(found, t)
	}
	return found
}

// without returns what is left of ports when others are taken away.
func without(ports, others []network.Ports) []network.Ports {
	for _, other := range others {
		var left []network.Ports
		for _, p := range ports {
			for _, rest := range p.OpenTo("").Without(other) {
				left = append(left, network.Ports{Protocol: rest.Protocol, From: rest.FromPort, To: rest.ToPort})
			}
		}
		ports = left
	}
	return ports
}

// inOrder sorts rules as they are tried: by priority, denials first.
func inOrder(rules []trafficRule) []trafficRule {
	slices.SortStableFunc(rules, func(a, b trafficRule) int {
		if a.Priority != b.Priority {
			return int(a.Priority - b.Priority)
		}
		return int(b.Action) - int(a.Action)
	})
	return rules
}
