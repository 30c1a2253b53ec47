package services

import (
	"testing"

	"posture/internal/posture"
)

func TestVPNConnections(t *testing.T) {
	const list = "ec2:DescribeVpnConnections"
	connection := func(id string, doc VPNConnection, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("vpn-connection/vpn-" + id), Name: ec2Arn("vpn-connection/vpn-" + id), Doc: &doc, Unread: unread}
	}
	office := connection("1", VPNConnection{State: "available", Tunnels: 2, TunnelsUp: 2})
	office.Name, office.Tags = "office", map[string]string{"Name": "office"}
	one := func(rest string) map[string]string {
		return map[string]string{list: "<vpnConnectionSet><item><vpnConnectionId>vpn-2</vpnConnectionId>" + rest + "</item></vpnConnectionSet>"}
	}
	testReading(t, "AWS::EC2::VPNConnection", []readingTest{
		{name: "as they are", want: []posture.Resource{office, connection("2", VPNConnection{State: "available", Tunnels: 2, TunnelsUp: 1})}},
		{name: "the answer does not say", sections: one(""), want: []posture.Resource{connection("2", VPNConnection{}, unsaid(list, "state", "tunnels", "tunnels_up")...)}},
		{name: "no status of one tunnel", sections: one("<state>available</state><vgwTelemetry><item><status>UP</status></item><item/></vgwTelemetry>"),
			want: []posture.Resource{connection("2", VPNConnection{State: "available", Tunnels: 2, TunnelsUp: 1}, unsaid(list, "tunnels_up")...)}},
		{name: "refused", sections: map[string]string{list + " error=UnauthorizedOperation status=403": ""}, cause: &posture.Cause{Reason: posture.Denied, Operation: list, Code: "UnauthorizedOperation", Permission: list}},
	})
}
