// Package network is what the scanners of all clouds mean by the internet, by
// a protocol and by a range of ports. Begin with Open, which says what of a
// rule's address ranges is the internet.
package network

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Ports is a range of ports of one protocol.
type Ports struct {
	Protocol string // tcp, udp, icmp, icmpv6, sctp, esp, ah, gre, ipip, all, or the number of another one
	From     int64  // the first port; 0 where the protocol has none
	To       int64  // the last port; 65535 where the protocol has none
}

// OpenIngress is ports that the internet reaches from one source, as documents
// tell it.
type OpenIngress struct {
	Protocol string `json:"protocol"`  // tcp, udp, icmp, icmpv6, sctp, esp, ah, gre, ipip, all, or the number of another protocol
	FromPort int64  `json:"from_port"` // the first port; 0 where the protocol has none
	ToPort   int64  `json:"to_port"`   // the last port; 65535 where the protocol has none
	Source   string `json:"source"`    // the address range, or what stands for several
}

// OpenTo returns the ports as what a source reaches.
func (p Ports) OpenTo(source string) OpenIngress {
	return OpenIngress{Protocol: p.Protocol, FromPort: p.From, ToPort: p.To, Source: source}
}

// LastPort is the last port of a protocol, and of one without ports.
const LastPort = 65535

// names are the protocols that are known by name, by their numbers.
var names = map[string]string{
	"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "51": "ah", "58": "icmpv6", "94": "ipip", "132": "sctp",
}

// Protocol returns the one name of a protocol that rules know: "tcp" for "6"
// and for "TCP", "all" for "-1" and for "*", and a number that has no name as it is.
func Protocol(protocol string) string {
	protocol = strings.ToLower(protocol)
	if protocol == "*" {
		return "all"
	}
	if name, known := names[protocol]; known {
		return name
	}
	return protocol
}

// ParsePorts returns the range that a text names, "22" or "8000-8080"; "" and
// "*" stand for all ports.
func ParsePorts(protocol, text string) (Ports, error) {
	p := Ports{Protocol: Protocol(protocol), To: LastPort}
	if text == "" || text == "*" {
		return p, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 16)
	if err == nil {
		var to uint64
		to, err = strconv.ParseUint(last, 10, 16)
		p.From, p.To = int64(from), int64(to)
	}
	if err != nil || p.From > p.To {
		return Ports{}, fmt.Errorf("read the ports %q: expected a port, or two with a dash between", text)
	}
	return p, nil
}

// Open returns those of the ranges that are the internet: each that is as good
// as all of it by itself, and where none is, all that together are. A range
// is written as 10.0.0.0/8 or as one address. One that cannot be read is an
// error: what the others let in is not known to be all.
func Open(ranges []string) ([]string, error) {
	var wide []string
	var blocks []netip.Prefix
	for _, text := range ranges {
		block, err := parse(text)
		if err != nil {
			return nil, err
		}
		if Covers([]netip.Prefix{block}) {
			wide = append(wide, text)
		}
		blocks = append(blocks, block)
	}
	if len(wide) > 0 || !Covers(blocks) {
		return wide, nil
	}
	return slices.Clone(ranges), nil
}

// Contain reports whether the ranges together hold all of another one. Those
// that cannot be read hold nothing; a text that is no range stands for all
// IPv4 addresses.
func Contain(ranges []string, other string) bool {
	all, err := parse(other)
	if err != nil {
		all = netip.MustParsePrefix("0.0.0.0/0")
	}
	var within []netip.Prefix
	for _, text := range ranges {
		block, err := parse(text)
		switch {
		case err != nil || block.Addr().Is4() != all.Addr().Is4():
		case block.Bits() <= all.Bits() && block.Contains(all.Addr()):
			return true
		case all.Contains(block.Addr()):
			within = append(within, block)
		}
	}
	var held float64
	for _, block := range disjoint(within) {
		held += share(block.Bits() - all.Bits())
	}
	return held >= 1
}

// Without returns what is left of ports that a source reaches when others are
// taken away: of all protocols, those that are known by name.
func (o OpenIngress) Without(p Ports) []OpenIngress {
	switch {
	case p.Protocol == "all":
		return nil
	case o.Protocol == "all":
		var left []OpenIngress
		for _, protocol := range slices.Sorted(maps.Values(names)) {
			if each := (Ports{Protocol: protocol, To: LastPort}).OpenTo(o.Source); protocol != "all" {
				left = append(left, each.Without(p)...)
			}
		}
		return left
	case o.Protocol != p.Protocol || p.To < o.FromPort || p.From > o.ToPort:
		return []OpenIngress{o}
	}
	var left []OpenIngress
	if o.FromPort < p.From {
		left = append(left, OpenIngress{o.Protocol, o.FromPort, p.From - 1, o.Source})
	}
	if p.To < o.ToPort {
		left = append(left, OpenIngress{o.Protocol, p.To + 1, o.ToPort, o.Source})
	}
	return left
}

// Within returns what of the ports others let through: those of the same version
// of IP. The source stays; one that stands for several is of both versions.
func (o OpenIngress) Within(others []OpenIngress) []OpenIngress {
	var both []OpenIngress
	for _, other := range others {
		if !sameVersion(o.Source, other.Source) {
			continue
		}
		common := OpenIngress{o.Protocol, max(o.FromPort, other.FromPort), min(o.ToPort, other.ToPort), o.Source}
		switch {
		case o.Protocol == "all":
			common.Protocol = other.Protocol
		case other.Protocol != "all" && o.Protocol != other.Protocol:
			continue
		}
		if common.FromPort <= common.ToPort && !slices.Contains(both, common) {
			both = append(both, common)
		}
	}
	return both
}

func sameVersion(a, b string) bool {
	first, err := parse(a)
	second, other := parse(b)
	return err != nil || other != nil || first.Addr().Is4() == second.Addr().Is4()
}

// Internet reports whether one range is as good as the internet.
func Internet(text string) (bool, error) {
	block, err := parse(text)
	return err == nil && Covers([]netip.Prefix{block}), err
}

func parse(text string) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(text)
	if err != nil {
		address, single := netip.ParseAddr(text)
		if single != nil {
			return netip.Prefix{}, fmt.Errorf("read the address range %q: expected one such as 10.0.0.0/8", text)
		}
		block = netip.PrefixFrom(address, address.BitLen())
	}
	if mapped := block.Addr(); mapped.Is4In6() && block.Bits() >= 96 {
		block = netip.PrefixFrom(mapped.Unmap(), block.Bits()-96)
	}
	return block.Masked(), nil
}

// most is the part of all addresses that is as good as all of them: a little
// less than a half. Halves, and halves without the private ranges, are a known
// way around a check for all.
const most = 3.0 / 8

// Covers reports whether the blocks together hold most of the IPv4 addresses,
// or of the IPv6 addresses that are given out (2000::/3).
func Covers(blocks []netip.Prefix) bool {
	given := netip.MustParsePrefix("2000::/3")
	var four, six float64
	for _, block := range disjoint(blocks) {
		switch {
		case block.Addr().Is4():
			four += share(block.Bits())
		case block.Bits() <= given.Bits():
			return true
		case given.Contains(block.Addr()):
			six += share(block.Bits() - given.Bits())
		}
	}
	return four >= most || six >= most
}

// share returns how much of all addresses a prefix of so many bits holds.
func share(bits int) float64 {
	share := 1.0
	for range bits {
		share /= 2
	}
	return share
}

// disjoint returns the blocks without those that lie in others.
func disjoint(blocks []netip.Prefix) []netip.Prefix {
	sorted := slices.Clone(blocks)
	slices.SortFunc(sorted, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var kept []netip.Prefix
	for _, block := range sorted {
		within := func(k netip.Prefix) bool { return k.Contains(block.Addr()) && k.Bits() <= block.Bits() }
		if !slices.ContainsFunc(kept, within) {
			kept = append(kept, block)
		}
	}
	return kept
}
