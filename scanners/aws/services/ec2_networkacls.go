package services

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/network"
)

// NetworkACL is what rules may ask of a network ACL.
type NetworkACL struct {
	Used        bool                  `json:"used"`         // subnets have it
	OpenIngress []network.OpenIngress `json:"open_ingress"` // what its inbound entries let the internet reach, in their order
}

var networkACLs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::NetworkAcl",
		Service: "ec2",
		Doc:     NetworkACL{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeNetworkAcls"}},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#NetworkAclDetails:networkAclId={last}"},
	},
	Scan: scanNetworkACLs,
}

func scanNetworkACLs(ctx context.Context, p *engine.Place) error {
	acls, err := networkACLList(ctx, p)
	if ended := engine.Each(ctx, p, acls, readNetworkACL); ended != nil {
		return ended
	}
	return err
}

func readNetworkACL(_ context.Context, p *engine.Place, acl types.NetworkAcl) {
	if !ownedHere(p, acl.OwnerId) {
		return
	}
	r := p.Read()
	doc := NetworkACL{Used: len(acl.Associations) > 0}
	if len(acl.Entries) == 0 { // the last ones, which deny the rest, are always there
		r.Absent("ec2:DescribeNetworkAcls", "open_ingress")
	}
	open, err := openByACL(acl.Entries)
	if r.Got(err, "open_ingress") {
		doc.OpenIngress = open
	}
	tags, name := ec2Tags(acl.Tags)
	r.Emit(p.ARN("ec2", "network-acl/"+aws.ToString(acl.NetworkAclId)), cmp.Or(name, aws.ToString(acl.NetworkAclId)), tags, &doc)
}

// allowed is what an entry lets in from the internet, or several with the same
// ports from parts of it, less what denies before the first of them keep out.
type allowed struct {
	ports network.Ports
	cidrs []string
	less  []network.Ports
}

// openByACL returns what inbound entries let the internet reach: the first that
// matches a packet decides, and each version of IP has its own.
func openByACL(entries []types.NetworkAclEntry) ([]network.OpenIngress, error) {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b types.NetworkAclEntry) int {
		return cmp.Compare(aws.ToInt32(a.RuleNumber), aws.ToInt32(b.RuleNumber))
	})
	v4, err := openByEntries(entries, func(e types.NetworkAclEntry) *string { return e.CidrBlock })
	if err != nil {
		return nil, engine.Malformed("ec2:DescribeNetworkAcls", err)
	}
	v6, err := openByEntries(entries, func(e types.NetworkAclEntry) *string { return e.Ipv6CidrBlock })
	return append(v4, v6...), engine.Malformed("ec2:DescribeNetworkAcls", err)
}

func openByEntries(entries []types.NetworkAclEntry, cidr func(types.NetworkAclEntry) *string) ([]network.OpenIngress, error) {
	var all []*allowed
	var denied []network.Ports
	for _, entry := range entries {
		source := aws.ToString(cidr(entry))
		if aws.ToBool(entry.Egress) || source == "" {
			continue
		}
		ports, err := entryPorts(entry)
		wide, wrong := network.Internet(source)
		if err = cmp.Or(err, wrong); err != nil {
			return nil, err
		}
		switch {
		case wide && entry.RuleAction == types.RuleActionAllow:
			all = append(all, &allowed{ports, []string{source}, slices.Clone(denied)})
		case entry.RuleAction == types.RuleActionAllow:
			all = allow(all, ports, source, denied)
		case wide: // what keeps out less than the internet leaves it open
			denied = append(denied, ports)
		}
	}
	var open []network.OpenIngress
	for _, a := range all {
		wide, err := network.Open(a.cidrs)
		if err != nil {
			return nil, err
		}
		for _, source := range wide {
			open = append(open, without(a.ports.OpenTo(source), a.less)...)
		}
	}
	return open, nil
}

// allow adds an entry that lets in a part of the internet to those with its
// ports: together they may let in all of it.
func allow(all []*allowed, ports network.Ports, source string, denied []network.Ports) []*allowed {
	for _, a := range all {
		if a.ports == ports {
			a.cidrs = append(a.cidrs, source)
			return all
		}
	}
	return append(all, &allowed{ports, []string{source}, slices.Clone(denied)})
}

func without(open network.OpenIngress, denied []network.Ports) []network.OpenIngress {
	left := []network.OpenIngress{open}
	for _, ports := range denied {
		var less []network.OpenIngress
		for _, o := range left {
			less = append(less, o.Without(ports)...)
		}
		left = less
	}
	return left
}

var errEntry = errors.New("an entry of a network ACL has no protocol, no action or half a range of ports")

// entryPorts returns the ports that an entry is about.
func entryPorts(entry types.NetworkAclEntry) (network.Ports, error) {
	ports := network.Ports{Protocol: network.Protocol(aws.ToString(entry.Protocol)), To: network.LastPort}
	if entry.Protocol == nil || !known(entry.RuleAction) {
		return ports, errEntry
	}
	if entry.PortRange == nil {
		return ports, nil
	}
	if entry.PortRange.From == nil || entry.PortRange.To == nil {
		return ports, errEntry
	}
	ports.From, ports.To = int64(*entry.PortRange.From), int64(*entry.PortRange.To)
	return ports, nil
}
