package services

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners/aws/engine"
)

// readSubnetInUse reports whether addresses of a subnet are taken, other than
// the five that AWS keeps.
func readSubnetInUse(r *engine.Reading, subnet types.Subnet) bool {
	const op, field = "ec2:DescribeSubnets", "in_use"
	if subnet.AvailableIpAddressCount == nil || aws.ToString(subnet.CidrBlock) == "" { // without a range for IPv4 too
		r.Absent(op, field)
		return false
	}
	block, err := netip.ParsePrefix(*subnet.CidrBlock)
	if !r.Got(engine.Malformed(op, err), field) {
		return false
	}
	return int64(*subnet.AvailableIpAddressCount) < int64(1)<<(32-block.Bits())-5
}

// readNATZones returns the zones of the NAT gateways that the routes of a subnet lead to.
func readNATZones(ctx context.Context, r *engine.Reading, subnet types.Subnet) []string {
	const field = "nat_zones"
	if !r.Wants(field) {
		return nil
	}
	tables, err := routeTables(ctx, r.Place)
	table, found := tables[aws.ToString(subnet.SubnetId)]
	if !found {
		table, found = tables[aws.ToString(subnet.VpcId)]
	}
	if !r.Got(err, field) { // the subnet's own table may be what was not listed
		return nil
	}
	if !found {
		r.Absent("ec2:DescribeRouteTables", field)
		return nil
	}
	var zones []string
	for _, route := range table.Routes {
		id := aws.ToString(route.NatGatewayId)
		if id == "" || choice(r, route.State, "ec2:DescribeRouteTables", field) != types.RouteStateActive {
			continue
		}
		gateways, err := natGateways(ctx, r.Place)
		gateway, listed := gateways[id]
		switch {
		case !listed && r.Got(err, field):
			r.Absent("ec2:DescribeNatGateways", field)
		case gateway.AvailabilityMode == types.AvailabilityModeRegional:
			zones = append(zones, aws.ToString(subnet.AvailabilityZone))
		case listed:
			if zone := readNATZone(ctx, r, gateway); zone != "" {
				zones = append(zones, zone)
			}
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// readNATZone returns the zone of the subnet that a NAT gateway lies in.
func readNATZone(ctx context.Context, r *engine.Reading, gateway types.NatGateway) string {
	zones, err := subnetZones(ctx, r.Place)
	zone := zones[aws.ToString(gateway.SubnetId)]
	if zone == "" {
		r.Got(cmp.Or(err, engine.Malformed("ec2:DescribeSubnets", errSubnetNotListed)), "nat_zones")
	}
	return zone
}

// routeTables returns the route table of each subnet that has its own, by the
// subnet's id, and the main one of each VPC, by the VPC's. Asked once.
func routeTables(ctx context.Context, p *engine.Place) (map[string]types.RouteTable, error) {
	return engine.Once(p, "ec2 route tables", func() (map[string]types.RouteTable, error) {
		pages := ec2.NewDescribeRouteTablesPaginator(ec2Client(p), &ec2.DescribeRouteTablesInput{MaxResults: aws.Int32(100)})
		list, err := engine.ListAll(ctx, pages, func(page *ec2.DescribeRouteTablesOutput) []types.RouteTable { return page.RouteTables })
		tables := map[string]types.RouteTable{}
		for _, table := range list {
			for _, association := range table.Associations {
				if aws.ToBool(association.Main) {
					tables[aws.ToString(table.VpcId)] = table
				} else if id := aws.ToString(association.SubnetId); id != "" {
					tables[id] = table
				}
			}
		}
		return tables, err
	})
}

// natGateways returns the NAT gateways of the region by id, asked once.
func natGateways(ctx context.Context, p *engine.Place) (map[string]types.NatGateway, error) {
	return engine.Once(p, "ec2 nat gateways", func() (map[string]types.NatGateway, error) {
		pages := ec2.NewDescribeNatGatewaysPaginator(ec2Client(p), &ec2.DescribeNatGatewaysInput{MaxResults: aws.Int32(ec2Page)})
		list, err := engine.ListAll(ctx, pages, func(page *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return page.NatGateways })
		gateways := map[string]types.NatGateway{}
		for _, gateway := range list {
			gateways[aws.ToString(gateway.NatGatewayId)] = gateway
		}
		return gateways, err
	})
}
