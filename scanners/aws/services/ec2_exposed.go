package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/network"
)

// exposedField is the field that tells what the internet reaches of an instance.
const exposedField = "exposed_ingress"

// exposedCalls are the calls that it takes.
func exposedCalls() []scanners.Call {
	var calls []scanners.Call
	for _, op := range []string{"ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"} {
		calls = append(calls, scanners.Call{Op: op, For: []string{exposedField}})
	}
	return calls
}

// reach says by which versions of IP something goes to and from the internet.
type reach struct{ four, six bool }

func (a reach) and(b reach) reach { return reach{a.four && b.four, a.six && b.six} }

// readExposed returns the ports of an instance that the internet reaches: its
// interface has a public address, its subnet a route to an internet gateway, and
// security groups and the network ACL let it in.
func readExposed(ctx context.Context, r *engine.Reading, instance types.Instance) []network.OpenIngress {
	if !r.Wants(exposedField) {
		return nil
	}
	if len(instance.NetworkInterfaces) == 0 { // there is always one
		r.Absent("ec2:DescribeInstances", exposedField)
		return nil
	}
	var exposed []network.OpenIngress
	for _, face := range instance.NetworkInterfaces {
		public := reach{four: facePublic(face), six: len(face.Ipv6Addresses) > 0}
		if public == (reach{}) {
			continue
		}
		open, err := exposedBy(ctx, r.Place, face, public)
		if r.Got(err, exposedField) {
			exposed = append(exposed, open...)
		}
	}
	return exposed
}

// facePublic reports whether an interface has a public IPv4 address.
func facePublic(face types.InstanceNetworkInterface) bool {
	return face.Association != nil && aws.ToString(face.Association.PublicIp) != "" ||
		slices.ContainsFunc(face.PrivateIpAddresses, func(address types.InstancePrivateIpAddress) bool {
			return address.Association != nil && aws.ToString(address.Association.PublicIp) != ""
		})
}

// exposedBy returns what the internet reaches by one interface.
func exposedBy(ctx context.Context, p *engine.Place, face types.InstanceNetworkInterface, public reach) ([]network.OpenIngress, error) {
	open, err := openByGroups(ctx, p, face.Groups)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	routed, err := internetRoutes(ctx, p, aws.ToString(face.SubnetId), aws.ToString(face.VpcId))
	if err != nil || public.and(routed) == (reach{}) {
		return nil, err
	}
	passed, err := openBySubnet(ctx, p, aws.ToString(face.SubnetId))
	var exposed []network.OpenIngress
	for _, o := range open {
		if sourced(o.Source).and(public).and(routed) != (reach{}) {
			exposed = append(exposed, o.Within(passed)...)
		}
	}
	return exposed, err
}

// sourced says of which version of IP a source is; a prefix list may hold both.
func sourced(source string) reach {
	list := strings.HasPrefix(source, "pl-")
	six := strings.Contains(source, ":")
	return reach{four: list || !six, six: list || six}
}

var (
	errNoRoutes  error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the route table of a subnet is not listed"}
	errNoGroup   error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "a security group of an interface is not listed, or none is named"}
	errNoACL     error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the network ACL of a subnet is not listed"}
	errInspected error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "inspected traffic", Text: "what comes from the internet passes a firewall, whose rules are not read"}
)

// internetRoutes says by which versions of IP a subnet's routes lead to an
// internet gateway.
func internetRoutes(ctx context.Context, p *engine.Place, subnet, vpc string) (reach, error) {
	const op = "ec2:DescribeRouteTables"
	tables, err := routeTables(ctx, p)
	if err != nil { // the subnet's own table may be what was not listed
		return reach{}, err
	}
	table, found := tables[subnet]
	if !found {
		table, found = tables[vpc]
	}
	if !found {
		return reach{}, engine.Malformed(op, errNoRoutes)
	}
	direct, err := routesBy(ctx, p, table.Routes, "igw-")
	inspected, other := routesBy(ctx, p, table.Routes, "vpce-")
	if err = cmp.Or(err, other); err == nil && inspected != (reach{}) {
		err = engine.Malformed(op, errInspected)
	}
	return direct, err
}

// routesBy says by which versions of IP the routes through gateways of a kind
// lead to the internet.
func routesBy(ctx context.Context, p *engine.Place, routes []types.Route, kind string) (reach, error) {
	var ranges []string
	var found reach
	for _, route := range routes {
		if !strings.HasPrefix(aws.ToString(route.GatewayId), kind) || route.State == types.RouteStateBlackhole {
			continue
		}
		for _, to := range []*string{route.DestinationCidrBlock, route.DestinationIpv6CidrBlock} {
			if to != nil {
				ranges = append(ranges, *to)
			}
		}
		if list := aws.ToString(route.DestinationPrefixListId); list != "" && kind == "igw-" {
			wide, err := listHoldsInternet(ctx, p, list)
			if err != nil {
				return reach{}, err
			}
			found = reach{four: found.four || wide, six: found.six || wide}
		}
	}
	wide, err := network.Open(ranges)
	for _, source := range wide {
		of := sourced(source)
		found = reach{four: found.four || of.four, six: found.six || of.six}
	}
	return found, engine.Malformed("ec2:DescribeRouteTables", err)
}

// openByGroups returns what security groups together open to the internet.
func openByGroups(ctx context.Context, p *engine.Place, groups []types.GroupIdentifier) ([]network.OpenIngress, error) {
	const op = "ec2:DescribeSecurityGroups"
	list, err := ec2SecurityGroupsByID(ctx, p)
	if err != nil {
		return nil, err
	}
	var permissions []types.IpPermission
	for _, named := range groups {
		group, found := list[aws.ToString(named.GroupId)]
		if !found {
			return nil, engine.Malformed(op, errNoGroup)
		}
		permissions = append(permissions, group.IpPermissions...)
	}
	if len(groups) == 0 {
		return nil, engine.Malformed(op, errNoGroup)
	}
	open, err := openByRange(permissions)
	if err != nil {
		return nil, err
	}
	listed, err := openByList(ctx, p, permissions)
	return append(open, listed...), err
}

// ec2SecurityGroupsByID returns the security groups of the region by id.
func ec2SecurityGroupsByID(ctx context.Context, p *engine.Place) (map[string]types.SecurityGroup, error) {
	return engine.Once(p, "ec2 security groups by id", func() (map[string]types.SecurityGroup, error) {
		groups := map[string]types.SecurityGroup{}
		list, err := ec2SecurityGroupList(ctx, p)
		for _, group := range list {
			groups[aws.ToString(group.GroupId)] = group
		}
		return groups, err
	})
}

// openBySubnet returns what the network ACL of a subnet lets the internet reach.
func openBySubnet(ctx context.Context, p *engine.Place, subnet string) ([]network.OpenIngress, error) {
	acls, err := engine.Once(p, "ec2 network acls by subnet", func() (map[string]types.NetworkAcl, error) {
		acls := map[string]types.NetworkAcl{}
		list, err := networkACLList(ctx, p)
		for _, acl := range list {
			for _, association := range acl.Associations {
				acls[aws.ToString(association.SubnetId)] = acl
			}
		}
		return acls, err
	})
	if err != nil {
		return nil, err
	}
	acl, found := acls[subnet]
	if !found || len(acl.Entries) == 0 {
		return nil, engine.Malformed("ec2:DescribeNetworkAcls", errNoACL)
	}
	return openByACL(acl.Entries)
}

// ec2SecurityGroupList lists the security groups, once per region. With an error
// come those that were listed before it.
func ec2SecurityGroupList(ctx context.Context, p *engine.Place) ([]types.SecurityGroup, error) {
	return engine.Once(p, "ec2 security groups", func() ([]types.SecurityGroup, error) {
		pages := ec2.NewDescribeSecurityGroupsPaginator(ec2Client(p), &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(ec2Page)})
		return engine.ListAll(ctx, pages, func(page *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return page.SecurityGroups })
	})
}

// networkACLList does so for network ACLs.
func networkACLList(ctx context.Context, p *engine.Place) ([]types.NetworkAcl, error) {
	return engine.Once(p, "ec2 network acls", func() ([]types.NetworkAcl, error) {
		pages := ec2.NewDescribeNetworkAclsPaginator(ec2Client(p), &ec2.DescribeNetworkAclsInput{MaxResults: aws.Int32(ec2Page)})
		return engine.ListAll(ctx, pages, func(page *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return page.NetworkAcls })
	})
}
