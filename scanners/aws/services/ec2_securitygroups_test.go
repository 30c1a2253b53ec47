package services

import (
	"testing"

	"posture/internal/posture"
)

func TestEC2SecurityGroups(t *testing.T) {
	group := func(id, name string, doc EC2SecurityGroup, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("security-group/" + id), Name: name, Doc: &doc, Unread: unread}
	}
	standard := group("sg-default", "default", EC2SecurityGroup{Default: true})
	open := group("sg-open", "wide open", EC2SecurityGroup{Rules: 4, OpenIngress: []OpenIngress{
		{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"},
		{Protocol: "all", ToPort: 65535, Source: "::/0"},
		{Protocol: "icmp", ToPort: 65535, Source: "128.0.0.0/1"},
	}})
	rdp := []OpenIngress{{Protocol: "tcp", FromPort: 3389, ToPort: 3390, Source: "pl-world"}}
	testReading(t, "AWS::EC2::SecurityGroup", []readingTest{
		{name: "as they are", want: []posture.Resource{standard, group("sg-listed", "lists", EC2SecurityGroup{Rules: 2, OpenListIngress: rdp}), open}},
		{name: "a prefix list refused", sections: map[string]string{"ec2:GetManagedPrefixListEntries PrefixListId=pl-office error=UnauthorizedOperation": ""},
			want: []posture.Resource{standard, group("sg-listed", "lists", EC2SecurityGroup{Rules: 2},
				refused("ec2:GetManagedPrefixListEntries", "UnauthorizedOperation", "ec2:GetManagedPrefixListEntries", "open_list_ingress")...), open}},
		{name: "an address range that is none", sections: map[string]string{
			"ec2:DescribeSecurityGroups": `<securityGroupInfo><item><groupId>sg-odd</groupId><groupName>odd</groupName>
				<ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><ipRanges><item><cidrIp>everywhere</cidrIp></item></ipRanges></item></ipPermissions></item></securityGroupInfo>`,
		}, want: []posture.Resource{group("sg-odd", "odd", EC2SecurityGroup{Rules: 1},
			posture.Unread{Field: "open_ingress", Cause: posture.Cause{Reason: posture.Failed}})}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeSecurityGroups NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{standard, open}, cause: brokenListing("ec2:DescribeSecurityGroups")},
	})
}

func TestIsInternet(t *testing.T) {
	tests := []struct {
		cidr string
		want bool
	}{
		{"0.0.0.0/0", true},
		{"0.0.0.0/1", true},
		{"128.0.0.0/1", true},
		{"10.0.0.0/8", false},
		{"203.0.113.7/32", false},
		{"::/0", true},
		{"2000::/3", true},
		{"fc00::/7", false},
		{"2001:db8::/32", false},
	}
	for _, test := range tests {
		got, err := isInternet(test.cidr)
		if got != test.want || err != nil {
			t.Errorf("isInternet(%q) = %v, %v; want %v", test.cidr, got, err, test.want)
		}
	}
	if _, err := isInternet("10.0.0.1"); err == nil {
		t.Error("isInternet takes an address without a length")
	}
}

func TestOpenIngressProtocols(t *testing.T) {
	tests := map[string]string{"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "tcp": "tcp", "50": "50"}
	for protocol, want := range tests {
		if got := protocolName(protocol); got != want {
			t.Errorf("protocolName(%q) = %q, want %q", protocol, got, want)
		}
	}
}
