package services

import (
	"testing"

	"posture/internal/posture"
)

func TestEC2VPCs(t *testing.T) {
	defaultID, goodID := ec2Arn("vpc/vpc-default"), ec2Arn("vpc/vpc-good")
	main := map[string]string{"Name": "main"}
	unlogged := refused("ec2:DescribeFlowLogs", "UnauthorizedOperation", "ec2:DescribeFlowLogs", "flow_logs")
	broken := []posture.Unread{
		{Field: "subnets", Cause: *brokenListing("ec2:DescribeSubnets")}, {Field: "zones", Cause: *brokenListing("ec2:DescribeSubnets")},
	}
	testReading(t, "AWS::EC2::VPC", []readingTest{
		{name: "as they are", want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true, Subnets: 1, Zones: 1}},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true, Subnets: 2, Zones: 2}},
		}},
		{name: "flow logs refused", sections: map[string]string{"ec2:DescribeFlowLogs error=UnauthorizedOperation": ""}, want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true, Subnets: 1, Zones: 1}, Unread: unlogged},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{Subnets: 2, Zones: 2}, Unread: unlogged},
		}},
		{name: "subnets broken", sections: map[string]string{"ec2:DescribeSubnets NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true}, Unread: broken},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true}, Unread: broken},
		}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeVpcs NextToken=two error=InternalError status=500": ""},
			want:  []posture.Resource{{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true, Subnets: 2, Zones: 2}}},
			cause: brokenListing("ec2:DescribeVpcs")},
	})
}

func TestEC2Subnets(t *testing.T) {
	const list, tables, gateways = "ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeNatGateways"
	subnet := func(name string, doc EC2Subnet, unread ...posture.Unread) posture.Resource {
		id := ec2Arn("subnet/subnet-" + name)
		return posture.Resource{ID: id, Name: id, Doc: &doc, Unread: unread}
	}
	a, b := EC2Subnet{Zone: "us-east-1a", InUse: true}, EC2Subnet{Zone: "us-east-1b", AutoPublicIP: true}
	d := subnet("d", EC2Subnet{Zone: "us-east-1a", AutoPublicIP: true, DefaultSubnet: true})
	through := func(doc EC2Subnet, zones ...string) EC2Subnet {
		doc.NATZones = zones
		return doc
	}
	refusedTo := func(op string) (map[string]string, []posture.Unread) {
		return map[string]string{op + " error=UnauthorizedOperation status=403": ""}, refused(op, "UnauthorizedOperation", op, "nat_zones")
	}
	noTables, tablesUnread := refusedTo(tables)
	noGateways, gatewaysUnread := refusedTo(gateways)
	one := func(rest string) map[string]string {
		return map[string]string{list: "<subnetSet><item><subnetId>subnet-x</subnetId><vpcId>vpc-default</vpcId><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch><defaultForAz>false</defaultForAz>" + rest + "</item></subnetSet>"}
	}
	testReading(t, "AWS::EC2::Subnet", []readingTest{
		{name: "as they are", want: []posture.Resource{subnet("a", through(a, "us-east-1b")), subnet("b", through(b, "us-east-1b")), d}},
		{name: "route tables refused", sections: noTables, want: []posture.Resource{
			subnet("a", a, tablesUnread...), subnet("b", b, tablesUnread...), {ID: d.ID, Name: d.Name, Doc: d.Doc, Unread: tablesUnread}}},
		{name: "gateways refused", sections: noGateways, want: []posture.Resource{subnet("a", a, gatewaysUnread...), subnet("b", b, gatewaysUnread...), d}},
		{name: "a gateway that is not listed", sections: map[string]string{gateways: "<natGatewaySet/>"}, want: []posture.Resource{
			subnet("a", a, unsaid(gateways, "nat_zones")...), subnet("b", b, unsaid(gateways, "nat_zones")...), d}},
		{name: "no table", sections: map[string]string{tables: "<routeTableSet/>"}, want: []posture.Resource{
			subnet("a", a, unsaid(tables, "nat_zones")...), subnet("b", b, unsaid(tables, "nat_zones")...), {ID: d.ID, Name: d.Name, Doc: d.Doc, Unread: unsaid(tables, "nat_zones")}}},
		{name: "in a Local Zone, without addresses of IPv4", sections: one("<availabilityZone>us-east-1-bos-1a</availabilityZone><availableIpAddressCount>0</availableIpAddressCount>"),
			want: []posture.Resource{subnet("x", EC2Subnet{Zone: "us-east-1-bos-1a", Edge: true}, unsaid(list, "in_use")...)}},
		{name: "no zone", sections: one("<cidrBlock>10.0.0.0/28</cidrBlock><availableIpAddressCount>10</availableIpAddressCount>"),
			want: []posture.Resource{subnet("x", EC2Subnet{InUse: true}, unsaid(list, "edge", "zone")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{subnet("a", a, posture.Unread{Field: "nat_zones", Cause: *brokenListing(list)})}, cause: brokenListing(list)},
	})
}
