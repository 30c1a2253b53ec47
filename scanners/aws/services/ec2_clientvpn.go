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

// ClientVPNEndpoint is what rules may ask of an endpoint of Client VPN.
type ClientVPNEndpoint struct {
	LogsConnections bool `json:"logs_connections"` // it logs each connection to CloudWatch
}

var clientVPNEndpoints = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::ClientVpnEndpoint",
		Service: "ec2",
		Doc:     ClientVPNEndpoint{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeClientVpnEndpoints"}},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#ClientVPNEndpointDetails:clientVpnEndpointId={last}"},
	},
	Scan: scanClientVPNEndpoints,
}

func scanClientVPNEndpoints(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeClientVpnEndpointsPaginator(ec2Client(p), &ec2.DescribeClientVpnEndpointsInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeClientVpnEndpointsOutput) []types.ClientVpnEndpoint {
		return page.ClientVpnEndpoints
	}, readClientVPNEndpoint)
}

func readClientVPNEndpoint(_ context.Context, p *engine.Place, endpoint types.ClientVpnEndpoint) {
	if s := endpoint.Status; s != nil && (s.Code == types.ClientVpnEndpointStatusCodeDeleting || s.Code == types.ClientVpnEndpointStatusCodeDeleted) {
		return // still listed for a while, but gone
	}
	r := p.Read()
	var doc ClientVPNEndpoint
	var logs types.ConnectionLogResponseOptions
	if endpoint.ConnectionLogOptions != nil {
		logs = *endpoint.ConnectionLogOptions
	}
	doc.LogsConnections = r.Flag(logs.Enabled, "ec2:DescribeClientVpnEndpoints", "logs_connections")
	tags, name := ec2Tags(endpoint.Tags)
	r.Emit(p.ARN("ec2", "client-vpn-endpoint/"+aws.ToString(endpoint.ClientVpnEndpointId)), cmp.Or(name, aws.ToString(endpoint.Description)), tags, &doc)
}
