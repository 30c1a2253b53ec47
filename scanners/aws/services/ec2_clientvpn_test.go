package services

import (
	"testing"

	"posture/internal/posture"
)

func TestClientVPNEndpoints(t *testing.T) {
	const list = "ec2:DescribeClientVpnEndpoints"
	endpoint := func(id, name string, doc ClientVPNEndpoint, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("client-vpn-endpoint/cvpn-endpoint-" + id), Name: name, Doc: &doc, Unread: unread}
	}
	office := endpoint("1", "office", ClientVPNEndpoint{LogsConnections: true})
	office.Tags = map[string]string{"Name": "office"}
	testReading(t, "AWS::EC2::ClientVpnEndpoint", []readingTest{
		{name: "two pages", want: []posture.Resource{office, endpoint("2", "for suppliers", ClientVPNEndpoint{})}},
		{name: "the answer does not say", sections: map[string]string{list + " NextToken=two": `<clientVpnEndpoint><item><clientVpnEndpointId>cvpn-endpoint-2</clientVpnEndpointId><description>for suppliers</description></item></clientVpnEndpoint>`},
			want: []posture.Resource{office, endpoint("2", "for suppliers", ClientVPNEndpoint{}, unsaid(list, "logs_connections")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{office}, cause: brokenListing(list)},
	})
}
