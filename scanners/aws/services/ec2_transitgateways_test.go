package services

import (
	"testing"

	"posture/internal/posture"
)

func TestTransitGateways(t *testing.T) {
	const list = "ec2:DescribeTransitGateways"
	gateway := func(id, name string, doc TransitGateway, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: ec2Arn("transit-gateway/tgw-" + id), Name: name, Doc: &doc, Unread: unread}
	}
	hub := gateway("1", "hub", TransitGateway{})
	hub.Tags = map[string]string{"Name": "hub"}
	testReading(t, "AWS::EC2::TransitGateway", []readingTest{
		{name: "two pages", want: []posture.Resource{hub, gateway("2", "for everybody", TransitGateway{AutoAccepts: true})}},
		{name: "the answer does not say", sections: map[string]string{list + " NextToken=two": `<transitGatewaySet><item><transitGatewayId>tgw-2</transitGatewayId><ownerId>111122223333</ownerId><state>available</state></item></transitGatewaySet>`},
			want: []posture.Resource{hub, gateway("2", ec2Arn("transit-gateway/tgw-2"), TransitGateway{}, unsaid(list, "auto_accepts")...)}},
		{name: "second page broken", sections: map[string]string{list + " NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{hub}, cause: brokenListing(list)},
	})
}
