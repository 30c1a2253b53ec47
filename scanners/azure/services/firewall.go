package services

import (
	"go4.org/netipx"

	"posture/scanners/azure/engine"
)

// firewallRule lets a range of addresses reach a database server
// (learn.microsoft.com/rest/api/sql/firewall-rules/list-by-server).
type firewallRule struct {
	Properties struct {
		StartIPAddress, EndIPAddress     string
		StartIPv6Address, EndIPv6Address string // of rules for IPv6
	}
}

func (f firewallRule) bounds() (first, last string) {
	p := f.Properties
	if p.StartIPAddress != "" {
		return p.StartIPAddress, p.EndIPAddress
	}
	return p.StartIPv6Address, p.EndIPv6Address
}

// allAzure reports whether the rule is the one that stands for all of Azure.
func (f firewallRule) allAzure() bool {
	first, last := f.bounds()
	return first == azureDatacenters && last == azureDatacenters
}

// openRanges returns the ranges of rules that are as good as the internet, as
// "0.0.0.0-255.255.255.255": each by itself, or all together. What it cannot
// tell marks the fields.
func openRanges(r *engine.Reading, rules []firewallRule, fields ...string) []string {
	var open, all, together []string
	for _, rule := range rules {
		if rule.allAzure() {
			continue
		}
		first, last := rule.bounds()
		prefixes := rangePrefixes(first, last)
		if prefixes == nil {
			r.Strange("address range", fields...)
			continue
		}
		text := first + "-" + last
		if internet(r, prefixes, fields...) {
			open = append(open, text)
		}
		all, together = append(all, text), append(together, prefixes...)
	}
	if open == nil && internet(r, together, fields...) {
		return all
	}
	return open
}

// rangePrefixes returns the prefixes that are together the addresses from one
// to another, nil where these are no range.
func rangePrefixes(from, to string) []string {
	span, err := netipx.ParseIPRange(from + "-" + to)
	if err != nil {
		return nil
	}
	var all []string
	for _, block := range span.Prefixes() {
		all = append(all, block.String())
	}
	return all
}
