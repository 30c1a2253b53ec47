package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/network"
)

// exposedInstance returns the answer about an instance with one interface, of
// which rest is told beside its subnet and its VPC.
func exposedInstance(rest string) string {
	return `<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><instanceState><name>running</name></instanceState>
		<networkInterfaceSet><item><subnetId>subnet-open</subnetId><vpcId>vpc-default</vpcId>` + rest + `</item></networkInterfaceSet></item></instancesSet></item></reservationSet>`
}

// exposedRoutes returns route tables with that of subnet-open.
func exposedRoutes(routes string) string {
	return `<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-default</vpcId><associationSet><item><main>true</main></item></associationSet><routeSet>` + routes + `</routeSet></item></routeTableSet>`
}

// TestExposedIngress changes one of the things that it takes to be reachable.
func TestExposedIngress(t *testing.T) {
	const instances, routes, acls = "ec2:DescribeInstances", "ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls"
	const groups, four, six = "<groupSet><item><groupId>sg-open</groupId></item></groupSet>",
		"<association><publicIp>192.0.2.1</publicIp></association>", "<ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet>"
	ssh, ping := network.OpenIngress{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"}, network.OpenIngress{Protocol: "icmp", ToPort: 65535, Source: "128.0.0.0/1"}
	for name, test := range map[string]struct {
		sections map[string]string
		want     []network.OpenIngress
		unread   []posture.Unread
	}{
		"public":          {sections: map[string]string{instances: exposedInstance(groups + four)}, want: []network.OpenIngress{ssh, ping}},
		"private":         {sections: map[string]string{instances: exposedInstance(groups)}},
		"IPv6, no route":  {sections: map[string]string{instances: exposedInstance(groups + six)}},
		"IPv6, no ACL":    {sections: map[string]string{instances: exposedInstance(groups + six), routes: exposedRoutes(`<item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock><gatewayId>igw-1</gatewayId><state>active</state></item>`)}},
		"in halves":       {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationCidrBlock>0.0.0.0/1</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>active</state></item><item><destinationCidrBlock>128.0.0.0/1</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>active</state></item>`)}, want: []network.OpenIngress{ssh, ping}},
		"a few addresses": {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationCidrBlock>198.51.100.0/24</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>active</state></item>`)}},
		"by a list":       {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationPrefixListId>pl-world</destinationPrefixListId><gatewayId>igw-1</gatewayId><state>active</state></item>`)}, want: []network.OpenIngress{ssh, ping}},
		"gateway gone":    {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>blackhole</state></item>`)}},
		"by NAT":          {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><state>active</state></item>`)}},
		"past a firewall": {sections: map[string]string{instances: exposedInstance(groups + four), routes: exposedRoutes(`<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>vpce-1</gatewayId><state>active</state></item>`)},
			unread: []posture.Unread{{Field: exposedField, Cause: posture.Cause{Reason: posture.NotUnderstood, Operation: routes, Code: "inspected traffic"}}}},
		"a table not listed":     {sections: map[string]string{instances: exposedInstance(groups + four), routes: "<routeTableSet/>"}, unread: unsaid(routes, exposedField)},
		"routes refused":         {sections: map[string]string{instances: exposedInstance(groups + four), routes + " error=UnauthorizedOperation": ""}, unread: refused(routes, "UnauthorizedOperation", routes, exposedField)},
		"ACL refused":            {sections: map[string]string{instances: exposedInstance(groups + four), acls + " error=UnauthorizedOperation": ""}, unread: refused(acls, "UnauthorizedOperation", acls, exposedField)},
		"no ACL":                 {sections: map[string]string{instances: exposedInstance(groups + four), acls: "<networkAclSet/>"}, unread: unsaid(acls, exposedField)},
		"a group not listed":     {sections: map[string]string{instances: exposedInstance("<groupSet><item><groupId>sg-other</groupId></item></groupSet>" + four)}, unread: unsaid("ec2:DescribeSecurityGroups", exposedField)},
		"no group named":         {sections: map[string]string{instances: exposedInstance(four)}, unread: unsaid("ec2:DescribeSecurityGroups", exposedField)},
		"no interface is told":   {sections: map[string]string{instances: `<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><instanceState><name>running</name></instanceState></item></instancesSet></item></reservationSet>`}, unread: unsaid(instances, exposedField)},
		"the ACL lets SSH alone": {sections: map[string]string{instances: exposedInstance(groups + four), acls: `<networkAclSet><item><networkAclId>acl-1</networkAclId><entrySet><item><ruleNumber>1</ruleNumber><protocol>6</protocol><ruleAction>allow</ruleAction><egress>false</egress><cidrBlock>0.0.0.0/0</cidrBlock><portRange><from>0</from><to>1023</to></portRange></item></entrySet><associationSet><item><subnetId>subnet-open</subnetId></item></associationSet></item></networkAclSet>`}, want: []network.OpenIngress{ssh}},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::EC2::Instance").get(t, ec2Arn("instance/i-1"))
			var unread []posture.Unread
			for _, u := range got.Unread {
				if u.Field == exposedField {
					unread = append(unread, u)
				}
			}
			if diff := cmp.Diff(test.want, got.Doc.(*EC2Instance).ExposedIngress); diff != "" {
				t.Errorf("exposed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}
