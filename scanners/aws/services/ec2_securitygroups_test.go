package services

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/network"
)

func TestEC2SecurityGroups(t *testing.T) {
	group := func(id, name string, doc EC2SecurityGroup, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("security-group/" + id), Name: name, Doc: &doc, Unread: unread}
	}
	standard := group("sg-default", "default", EC2SecurityGroup{Default: true, Used: true})
	open := group("sg-open", "wide open", EC2SecurityGroup{Rules: 4, Used: true, OpenIngress: []network.OpenIngress{
		{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"},
		{Protocol: "all", ToPort: 65535, Source: "::/0"},
		{Protocol: "icmp", ToPort: 65535, Source: "128.0.0.0/1"},
	}})
	rdp := []network.OpenIngress{{Protocol: "tcp", FromPort: 3389, ToPort: 3390, Source: "pl-world"}}
	office := append([]network.OpenIngress{{Protocol: "tcp", FromPort: 443, ToPort: 443, Source: "pl-office"}}, rdp...)
	testReading(t, "AWS::EC2::SecurityGroup", []readingTest{
		{name: "as they are", want: []posture.Resource{standard, group("sg-listed", "lists", EC2SecurityGroup{Rules: 2, OpenListIngress: rdp}), open}},
		{name: "a prefix list refused", sections: map[string]string{"ec2:GetManagedPrefixListEntries PrefixListId=pl-office error=UnauthorizedOperation": ""},
			want: []posture.Resource{standard, group("sg-listed", "lists", EC2SecurityGroup{Rules: 2},
				refused("ec2:GetManagedPrefixListEntries", "UnauthorizedOperation", "ec2:GetManagedPrefixListEntries", "open_list_ingress")...), open}},
		{name: "an address range that is none", sections: map[string]string{
			"ec2:DescribeSecurityGroups": `<securityGroupInfo><item><groupId>sg-odd</groupId><groupName>odd</groupName>
				<ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><ipRanges><item><cidrIp>everywhere</cidrIp></item></ipRanges></item></ipPermissions></item></securityGroupInfo>`,
		}, want: []posture.Resource{group("sg-odd", "odd", EC2SecurityGroup{Rules: 1},
			posture.Unread{Field: "open_ingress", Cause: posture.Cause{Reason: posture.Malformed, Operation: "ec2:DescribeSecurityGroups"}})}},
		{name: "a prefix list that is all together", sections: map[string]string{"ec2:GetManagedPrefixListEntries PrefixListId=pl-office": `<entrySet>
			<item><cidr>0.0.0.0/2</cidr></item><item><cidr>64.0.0.0/2</cidr></item></entrySet>`}, want: []posture.Resource{standard,
			group("sg-listed", "lists", EC2SecurityGroup{Rules: 2, OpenListIngress: office}), open}},
		{name: "a prefix list with an entry that is none", sections: map[string]string{"ec2:GetManagedPrefixListEntries PrefixListId=pl-office": `<entrySet>
			<item><cidr>0.0.0.0/0</cidr></item><item><cidr>office</cidr></item></entrySet>`}, want: []posture.Resource{standard,
			group("sg-listed", "lists", EC2SecurityGroup{Rules: 2}, posture.Unread{Field: "open_list_ingress", Cause: posture.Cause{
				Reason: posture.Malformed, Operation: "ec2:GetManagedPrefixListEntries"}}), open}},
		{name: "named by a rule of another group", sections: map[string]string{"ec2:DescribeSecurityGroups": `<securityGroupInfo><item><groupId>sg-a</groupId><groupName>a</groupName>
			<ipPermissions><item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-a</groupId></item></groups></item></ipPermissions>
			<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-b</groupId></item></groups></item></ipPermissionsEgress></item>
			<item><groupId>sg-b</groupId><groupName>b</groupName></item></securityGroupInfo>`},
			want: []posture.Resource{group("sg-a", "a", EC2SecurityGroup{Rules: 2}), group("sg-b", "b", EC2SecurityGroup{Used: true})}},
		{name: "interfaces refused", sections: map[string]string{"ec2:DescribeNetworkInterfaces NextToken=two error=UnauthorizedOperation": ""}, want: []posture.Resource{
			group("sg-default", "default", EC2SecurityGroup{Default: true}, refused("ec2:DescribeNetworkInterfaces", "UnauthorizedOperation", "ec2:DescribeNetworkInterfaces", "used")...),
			group("sg-listed", "lists", EC2SecurityGroup{Rules: 2, OpenListIngress: rdp}, refused("ec2:DescribeNetworkInterfaces", "UnauthorizedOperation", "ec2:DescribeNetworkInterfaces", "used")...), open}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeSecurityGroups NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{standard, open}, cause: brokenListing("ec2:DescribeSecurityGroups")},
	})
}

// TestOpenTogether: what single ranges do not let in, all for the same ports may.
func TestOpenTogether(t *testing.T) {
	tcp := func(from, to int32, cidrs ...string) types.IpPermission {
		p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &from, ToPort: &to}
		for _, cidr := range cidrs {
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &cidr})
		}
		return p
	}
	both := []network.OpenIngress{
		{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/2"},
		{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "64.0.0.0/2"},
	}
	for name, c := range map[string]struct {
		permissions []types.IpPermission
		want        []network.OpenIngress
	}{
		"one rule":       {[]types.IpPermission{tcp(22, 22, "0.0.0.0/2", "64.0.0.0/2")}, both},
		"two rules":      {[]types.IpPermission{tcp(22, 22, "0.0.0.0/2"), tcp(80, 80, "10.0.0.0/8"), tcp(22, 22, "64.0.0.0/2")}, both},
		"other ports":    {[]types.IpPermission{tcp(22, 22, "0.0.0.0/2"), tcp(23, 23, "64.0.0.0/2")}, nil},
		"private ranges": {[]types.IpPermission{tcp(22, 22, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")}, nil},
		"a range of its own": {[]types.IpPermission{tcp(22, 22, "10.0.0.0/8", "0.0.0.0/0")},
			[]network.OpenIngress{{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"}}},
	} {
		got, err := openByRange(c.permissions)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

func TestPortsOf(t *testing.T) {
	tests := map[string]string{"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "tcp": "tcp", "50": "esp", "253": "253"}
	for protocol, want := range tests {
		ports := network.Ports{Protocol: want, To: network.LastPort}
		if got := portsOf(types.IpPermission{IpProtocol: &protocol}); got != ports {
			t.Errorf("protocol %q: got %+v, want %+v", protocol, got, ports)
		}
	}
	open := types.IpPermission{IpProtocol: aws.String("udp"), FromPort: aws.Int32(-1), ToPort: aws.Int32(53)}
	if got, want := portsOf(open), (network.Ports{Protocol: "udp", To: 53}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
