package services

import (
	"testing"

	"posture/internal/posture"
)

func TestNetworkFirewalls(t *testing.T) {
	const arn = "arn:aws:network-firewall:us-east-1:111122223333:firewall/"
	firewall := func(name string, doc NetworkFirewall, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: arn + name, Name: name, Doc: &doc, Unread: unread}
	}
	edge := firewall("edge", NetworkFirewall{LogTypes: []string{"ALERT", "FLOW"}, Zones: 2, DeleteProtected: true})
	edge.Tags = map[string]string{"owner": "shop"}
	lone := firewall("lone", NetworkFirewall{Zones: 1})
	described := func(rest string) map[string]string {
		return map[string]string{describeFirewall + " FirewallArn=" + arn + "lone": `{"Firewall": {"FirewallName": "lone"` + rest + `}}`}
	}
	testReading(t, "AWS::NetworkFirewall::Firewall", []readingTest{
		{name: "as they are", want: []posture.Resource{edge, lone}},
		{name: "attached to a transit gateway", sections: described(`, "DeleteProtection": true, "AvailabilityZoneMappings": [{"AvailabilityZone": "use1-az1"}, {"AvailabilityZone": "use1-az2"}]`),
			want: []posture.Resource{edge, firewall("lone", NetworkFirewall{Zones: 2, DeleteProtected: true})}},
		{name: "no endpoint told", sections: described(""), want: []posture.Resource{edge, firewall("lone", NetworkFirewall{}, unsaid(describeFirewall, "zones")...)}},
		{name: "a subnet that is not listed", sections: described(`, "SubnetMappings": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-gone"}]`),
			want: []posture.Resource{edge, firewall("lone", NetworkFirewall{Zones: 1}, posture.Unread{Field: "zones", Cause: posture.Cause{Reason: posture.NotFound, Operation: "ec2:DescribeSubnets", Code: "a subnet"}})}},
		{name: "not described", sections: map[string]string{describeFirewall + " FirewallArn=" + arn + "lone": `{"UpdateToken": "1"}`}, want: []posture.Resource{edge, firewall("lone", NetworkFirewall{}, unsaid(describeFirewall, firewallFields...)...)}},
		{name: "refused", sections: map[string]string{describeFirewall + " FirewallArn=" + arn + "lone error=AccessDeniedException": ""},
			want: []posture.Resource{edge, firewall("lone", NetworkFirewall{}, refused(describeFirewall, "AccessDeniedException", describeFirewall, firewallFields...)...)}},
		{name: "never set up to log", sections: map[string]string{firewallLogging + " FirewallArn=" + arn + "lone": `{"FirewallArn": "` + arn + `lone"}`}, want: []posture.Resource{edge, lone}},
		{name: "a new kind of log", sections: map[string]string{firewallLogging + " FirewallArn=" + arn + "lone": `{"LoggingConfiguration": {"LogDestinationConfigs": [{"LogType": "DNS"}]}}`},
			want: []posture.Resource{edge, firewall("lone", NetworkFirewall{LogTypes: []string{"DNS"}, Zones: 1}, unknownValue(firewallLogging, "log_types")...)}},
		{name: "second page broken", sections: map[string]string{listFirewalls + " NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{edge}, cause: brokenListing(listFirewalls)},
	})
}
