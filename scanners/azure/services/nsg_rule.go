package services

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"posture/internal/posture"
	"posture/scanners/network"
)

// nsgRuleData is a rule of a group as Azure returns it. What is one value or
// several has two members, and one is used.
type nsgRuleData struct {
	ID, Name   string
	Properties struct {
		Access, Direction, Protocol string
		Priority                    *int64

		SourceAddressPrefix             string
		SourceAddressPrefixes           []string
		SourceApplicationSecurityGroups []idRef
		SourcePortRange                 string
		SourcePortRanges                []string

		DestinationAddressPrefix             string
		DestinationAddressPrefixes           []string
		DestinationApplicationSecurityGroups []idRef
		DestinationPortRange                 string
		DestinationPortRanges                []string
	}
}

// nsgRule is an inbound rule of a group, ready to be compared with traffic.
type nsgRule struct {
	id       string
	priority int64
	allow    bool
	protocol string          // tcp, udp, icmp, esp, ah or all
	ports    []network.Ports // of the destination
	source   string          // as it is written
	from     addresses
	to       addresses
}

// addresses are those at one end of the traffic of a rule. Those that a service
// tag stands for are not known here.
type addresses struct {
	any    bool          // every one
	blocks *netipx.IPSet // those that are written as ranges
	tags   []string      // service tags, in lower case
	groups []string      // application security groups
}

// internet reports whether everybody outside is among the sources.
func (a *addresses) internet() bool { return a.any || slices.Contains(a.tags, "internet") }

// inside reports whether everything in the virtual network is among the
// destinations.
func (a *addresses) inside() bool { return a.any || slices.Contains(a.tags, "virtualnetwork") }

var (
	errNoRules error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not hold the group's rules"}
	errRule          = odd("unknown security rule")

	errNotListed error = &posture.ReasonError{Reason: posture.NotFound, Code: "network interface", Text: "something the group is attached to is not listed, and may have a group of its own"}
	errAddress         = odd("unknown address of a security rule")
	errPorts           = odd("unknown ports of a security rule")
)

func odd(code string) error {
	return &posture.ReasonError{Reason: posture.NotUnderstood, Code: code, Text: "a security rule that cannot be read"}
}

// rules returns the group's inbound rules in the order in which Azure asks them.
// A rule that cannot be understood makes all of them unknown.
func (d *nsgData) rules() ([]nsgRule, error) {
	if d.Properties.SecurityRules == nil {
		return nil, errNoRules
	}
	all := []nsgRule{}
	for _, data := range d.Properties.SecurityRules {
		rule, bears, err := data.rule()
		if err != nil {
			return nil, err
		}
		if bears {
			all = append(all, rule)
		}
	}
	slices.SortFunc(all, func(a, b nsgRule) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.rank(), b.rank()), strings.Compare(a.id, b.id))
	})
	return all, nil
}

// rank puts the one that allows first, of two rules that have one priority,
// which Azure refuses.
func (n *nsgRule) rank() int {
	if n.allow {
		return 0
	}
	return 1
}

// rule reads one rule, and reports whether it bears on traffic from the
// internet. Who sends chooses the port that it is sent from: a rule that denies
// some of those denies nothing, one that allows some allows all.
func (d *nsgRuleData) rule() (nsgRule, bool, error) {
	p := &d.Properties
	rule := nsgRule{id: strings.ToLower(cmp.Or(d.ID, d.Name)), protocol: network.Protocol(p.Protocol), allow: strings.EqualFold(p.Access, "Allow")}
	switch {
	case strings.EqualFold(p.Direction, "Outbound"):
		return rule, false, nil
	case !strings.EqualFold(p.Direction, "Inbound"), !rule.allow && !strings.EqualFold(p.Access, "Deny"),
		p.Priority == nil, rule.protocol != "all" && !slices.Contains(protocols, rule.protocol):
		return rule, false, errRule
	}
	rule.priority = *p.Priority
	sources := oneOrMore(p.SourceAddressPrefix, p.SourceAddressPrefixes)
	rule.source = widest(sources)
	var sent []network.Ports
	var errs [4]error
	rule.ports, errs[0] = portRanges(rule.protocol, oneOrMore(p.DestinationPortRange, p.DestinationPortRanges))
	sent, errs[1] = portRanges(rule.protocol, oneOrMore(p.SourcePortRange, p.SourcePortRanges))
	rule.from, errs[2] = newAddresses(sources, p.SourceApplicationSecurityGroups)
	rule.to, errs[3] = newAddresses(oneOrMore(p.DestinationAddressPrefix, p.DestinationAddressPrefixes), p.DestinationApplicationSecurityGroups)
	return rule, rule.allow || everyPort(sent), cmp.Or(errs[:]...)
}

// widest returns the sources that are the internet by themselves, and all where
// none is.
func widest(sources []string) string {
	wide := slices.DeleteFunc(slices.Clone(sources), func(text string) bool {
		open, err := network.Internet(text)
		return err == nil && !open || err != nil && text != "*" && !strings.EqualFold(text, "Internet") && !isAzureCloud(strings.ToLower(text))
	})
	if len(wide) > 0 {
		sources = wide
	}
	return strings.Join(sources, ", ")
}

func oneOrMore(one string, more []string) []string {
	if one != "" {
		return append([]string{one}, more...)
	}
	return more
}

func portRanges(protocol string, texts []string) ([]network.Ports, error) {
	var all []network.Ports
	for _, text := range texts {
		ports, err := network.ParsePorts(protocol, strings.TrimSpace(text))
		if err != nil {
			return nil, errPorts
		}
		all = append(all, ports)
	}
	if len(all) == 0 {
		return nil, errPorts
	}
	return all, nil
}

// everyPort reports whether one of the ranges is all ports. No one sends from
// port 0.
func everyPort(all []network.Ports) bool {
	return slices.ContainsFunc(all, func(p network.Ports) bool { return p.From <= 1 && p.To == network.LastPort })
}

// newAddresses reads one end of a rule: address ranges, tags of services and
// groups of applications. A name is a tag.
func newAddresses(texts []string, groups []idRef) (addresses, error) {
	a := addresses{groups: lowIDs(groups)}
	if len(texts) == 0 && len(groups) == 0 {
		return a, errAddress
	}
	var b netipx.IPSetBuilder
	for _, text := range texts {
		text = strings.ToLower(strings.TrimSpace(text))
		switch {
		case text == "*" || text == "any":
			a.any = true
		case isTag(text):
			a.tags = append(a.tags, text)
		default:
			block, err := addressRange(text)
			if err != nil {
				return a, errAddress
			}
			b.AddPrefix(block)
		}
	}
	var err error
	a.blocks, err = b.IPSet()
	return a, err
}

// isAzureCloud reports whether a tag stands for all public addresses of Azure,
// or of one of its regions: those of every customer.
func isAzureCloud(tag string) bool {
	return tag == "azurecloud" || strings.HasPrefix(tag, "azurecloud.")
}

// isTag reports whether a text is the name of a service tag. Ranges begin with a
// digit or hold a colon.
func isTag(text string) bool {
	return text != "" && 'a' <= text[0] && text[0] <= 'z' && !strings.ContainsAny(text, ":/")
}

func addressRange(text string) (netip.Prefix, error) {
	if block, err := netip.ParsePrefix(text); err == nil {
		return block.Masked(), nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}
