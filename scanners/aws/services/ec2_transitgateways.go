package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// TransitGateway is what rules may ask of a transit gateway.
type TransitGateway struct {
	AutoAccepts bool `json:"auto_accepts"` // what accounts attach that it is shared with is accepted unasked
}

var transitGateways = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::TransitGateway",
		Service: "ec2",
		Doc:     TransitGateway{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeTransitGateways"}},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#TransitGatewayDetails:transitGatewayId={last}"},
	},
	Scan: scanTransitGateways,
}

func scanTransitGateways(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeTransitGatewaysPaginator(ec2Client(p), &ec2.DescribeTransitGatewaysInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeTransitGatewaysOutput) []types.TransitGateway { return page.TransitGateways }, readTransitGateway)
}

func readTransitGateway(_ context.Context, p *engine.Place, gateway types.TransitGateway) {
	if !ownedHere(p, gateway.OwnerId) || gateway.State == types.TransitGatewayStateDeleting || gateway.State == types.TransitGatewayStateDeleted {
		return
	}
	r := p.Read()
	var options types.TransitGatewayOptions
	if gateway.Options != nil {
		options = *gateway.Options
	}
	accepts := choice(r, options.AutoAcceptSharedAttachments, "ec2:DescribeTransitGateways", "auto_accepts")
	doc := TransitGateway{AutoAccepts: accepts == types.AutoAcceptSharedAttachmentsValueEnable}
	tags, name := ec2Tags(gateway.Tags)
	r.Emit(p.ARN("ec2", "transit-gateway/"+aws.ToString(gateway.TransitGatewayId)), cmp.Or(name, aws.ToString(gateway.Description)), tags, &doc)
}
