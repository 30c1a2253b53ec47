package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// VPNConnection is what rules may ask of a Site-to-Site VPN. The answer holds
// the keys of its tunnels, and none is kept.
type VPNConnection struct {
	State     string `json:"state"`      // pending or available
	Tunnels   int64  `json:"tunnels"`    // how many tunnels it has
	TunnelsUp int64  `json:"tunnels_up"` // how many of them are up
}

var vpnConnections = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::VPNConnection",
		Service: "ec2",
		Doc:     VPNConnection{},
		Calls:   []scanners.Call{{Op: "ec2:DescribeVpnConnections"}},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#VpnConnectionDetails:VpnConnectionId={last}"},
	},
	Scan: scanVPNConnections,
}

// scanVPNConnections asks once: EC2 has no pages of them.
func scanVPNConnections(ctx context.Context, p *engine.Place) error {
	out, err := ec2Client(p).DescribeVpnConnections(ctx, &ec2.DescribeVpnConnectionsInput{})
	if err != nil {
		return err
	}
	return engine.Each(ctx, p, out.VpnConnections, readVPNConnection)
}

func readVPNConnection(_ context.Context, p *engine.Place, connection types.VpnConnection) {
	if connection.State == types.VpnStateDeleting || connection.State == types.VpnStateDeleted {
		return // still listed for a while, but gone
	}
	const op = "ec2:DescribeVpnConnections"
	r := p.Read()
	doc := VPNConnection{State: string(choice(r, connection.State, op, "state")), Tunnels: int64(len(connection.VgwTelemetry))}
	if doc.Tunnels == 0 {
		r.Absent(op, "tunnels", "tunnels_up")
	}
	for _, tunnel := range connection.VgwTelemetry {
		if choice(r, tunnel.Status, op, "tunnels_up") == types.TelemetryStatusUp {
			doc.TunnelsUp++
		}
	}
	tags, name := ec2Tags(connection.Tags)
	r.Emit(p.ARN("ec2", "vpn-connection/"+aws.ToString(connection.VpnConnectionId)), name, tags, &doc)
}
