package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EC2VPC is what rules may ask of a VPC.
type EC2VPC struct {
	Default  bool  `json:"default"`   // it is the region's default VPC
	FlowLogs bool  `json:"flow_logs"` // an active flow log of the whole VPC delivers at least rejected traffic
	Subnets  int64 `json:"subnets"`   // how many subnets it has in Availability Zones
	Zones    int64 `json:"zones"`     // in how many of them they lie; Local and Wavelength Zones are none
}

var ec2VPCs = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::VPC",
		Service: "ec2",
		Doc:     EC2VPC{},
		Calls: []scanners.Call{
			{Op: "ec2:DescribeVpcs"},
			{Op: "ec2:DescribeFlowLogs", For: []string{"flow_logs"}},
			{Op: "ec2:DescribeSubnets", For: []string{"subnets", "zones"}},
		},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#VpcDetails:VpcId={last}"},
	},
	Scan: scanEC2VPCs,
}

func scanEC2VPCs(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeVpcsPaginator(ec2Client(p), &ec2.DescribeVpcsInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachListed(ctx, p, pages, func(page *ec2.DescribeVpcsOutput) []types.Vpc { return page.Vpcs }, readEC2VPC)
}

func readEC2VPC(ctx context.Context, p *engine.Place, vpc types.Vpc) {
	if !ownedHere(p, vpc.OwnerId) {
		return
	}
	r := p.Read()
	id := aws.ToString(vpc.VpcId)
	doc := EC2VPC{Default: aws.ToBool(vpc.IsDefault)}
	if r.Wants("flow_logs") {
		logged, err := flowLogged(ctx, p)
		if r.Got(cmp.Or(err, logged[id].Err), "flow_logs") {
			doc.FlowLogs = logged[id].Yes
		}
	}
	if r.Wants("subnets", "zones") {
		subnets, err := ec2SubnetList(ctx, p)
		if r.Got(err, "subnets", "zones") {
			doc.Subnets, doc.Zones = countSubnets(p, subnets, id)
		}
	}
	tags, name := ec2Tags(vpc.Tags)
	r.Emit(p.ARN("ec2", "vpc/"+id), name, tags, &doc)
}

// flowLogged tells, by the ids of the things that have flow logs, whether an active
// one delivers their rejected traffic at least.
func flowLogged(ctx context.Context, p *engine.Place) (map[string]engine.Answer, error) {
	return engine.Once(p, "ec2 flow logs", func() (map[string]engine.Answer, error) {
		logged := map[string]engine.Answer{}
		pages := ec2.NewDescribeFlowLogsPaginator(ec2Client(p), &ec2.DescribeFlowLogsInput{MaxResults: aws.Int32(ec2Page)})
		err := engine.EachPage(ctx, pages, func(page *ec2.DescribeFlowLogsOutput) error {
			for _, log := range page.FlowLogs {
				id := aws.ToString(log.ResourceId)
				logged[id] = engine.AnyOf(logged[id], delivers(log))
			}
			return nil
		})
		return logged, err
	})
}

func delivers(log types.FlowLog) engine.Answer {
	const op = "ec2:DescribeFlowLogs"
	status := aws.ToString(log.DeliverLogsStatus) // none before the first delivery
	if aws.ToString(log.FlowLogStatus) != "ACTIVE" || status == "FAILED" || log.TrafficType == types.TrafficTypeAccept {
		return engine.Answer{}
	}
	if !slices.Contains([]string{"", "SUCCESS"}, status) {
		return engine.Answer{Err: engine.Malformed(op, errNewValue)}
	}
	err := answered(log.TrafficType, op)
	return engine.Answer{Yes: err == nil, Err: err}
}

func countSubnets(p *engine.Place, subnets []types.Subnet, vpc string) (count, zones int64) {
	var lie []string
	for _, subnet := range subnets {
		if zone := aws.ToString(subnet.AvailabilityZone); aws.ToString(subnet.VpcId) == vpc && isZone(p, zone) {
			count++
			lie = append(lie, zone)
		}
	}
	return count, countZones(p, lie)
}

// countZones returns how many Availability Zones there are among names of zones.
func countZones(p *engine.Place, names []string) int64 {
	seen := map[string]bool{}
	for _, name := range names {
		if isZone(p, name) {
			seen[name] = true
		}
	}
	return int64(len(seen))
}

// isZone reports whether a name is that of an Availability Zone: the region's
// and a letter (us-east-1a). Those of Local and Wavelength Zones are longer
// (us-west-2-lax-1a).
func isZone(p *engine.Place, name string) bool {
	letter, found := strings.CutPrefix(name, p.Region)
	return found && len(letter) == 1
}

// EC2Subnet is what rules may ask of a subnet.
type EC2Subnet struct {
	AutoPublicIP  bool     `json:"auto_public_ip"` // instances that start in it get a public IPv4 address unless they refuse
	DefaultSubnet bool     `json:"default_subnet"` // AWS made it as its zone's default subnet
	Zone          string   `json:"zone"`           // the zone that it lies in: us-east-1a
	Edge          bool     `json:"edge"`           // that is a Local or Wavelength Zone
	InUse         bool     `json:"in_use"`         // some of its addresses are taken
	NATZones      []string `json:"nat_zones"`      // the zones of the NAT gateways that its routes lead to, in order; a regional gateway is in each
}

var ec2Subnets = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::Subnet",
		Service: "ec2",
		Doc:     EC2Subnet{},
		Calls: []scanners.Call{
			{Op: "ec2:DescribeSubnets"},
			{Op: "ec2:DescribeRouteTables", For: []string{"nat_zones"}},
			{Op: "ec2:DescribeNatGateways", For: []string{"nat_zones"}},
		},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#SubnetDetails:subnetId={last}"},
	},
	Scan: scanEC2Subnets,
}

func scanEC2Subnets(ctx context.Context, p *engine.Place) error {
	subnets, err := ec2SubnetList(ctx, p)
	if ended := engine.Each(ctx, p, subnets, readEC2Subnet); ended != nil {
		return ended
	}
	return err
}

func readEC2Subnet(ctx context.Context, p *engine.Place, subnet types.Subnet) {
	if !ownedHere(p, subnet.OwnerId) {
		return
	}
	r := p.Read()
	doc := EC2Subnet{
		AutoPublicIP:  r.Flag(subnet.MapPublicIpOnLaunch, "ec2:DescribeSubnets", "auto_public_ip"),
		DefaultSubnet: r.Flag(subnet.DefaultForAz, "ec2:DescribeSubnets", "default_subnet"),
		Zone:          word(r, aws.ToString(subnet.AvailabilityZone), "ec2:DescribeSubnets", "zone", "edge"),
		InUse:         readSubnetInUse(r, subnet),
	}
	doc.Edge = doc.Zone != "" && !isZone(p, doc.Zone)
	doc.NATZones = readNATZones(ctx, r, subnet)
	tags, name := ec2Tags(subnet.Tags)
	id := p.ARN("ec2", "subnet/"+aws.ToString(subnet.SubnetId))
	r.Emit(id, name, tags, &doc)
}

// ec2SubnetList lists the subnets, once per region. With an error come those
// that were listed before it.
func ec2SubnetList(ctx context.Context, p *engine.Place) ([]types.Subnet, error) {
	return engine.Once(p, "ec2 subnets", func() ([]types.Subnet, error) {
		pages := ec2.NewDescribeSubnetsPaginator(ec2Client(p), &ec2.DescribeSubnetsInput{MaxResults: aws.Int32(ec2Page)})
		return engine.ListAll(ctx, pages, func(page *ec2.DescribeSubnetsOutput) []types.Subnet { return page.Subnets })
	})
}

// subnetZones returns the Availability Zone of every subnet, by its id.
func subnetZones(ctx context.Context, p *engine.Place) (map[string]string, error) {
	return engine.Once(p, "ec2 subnet zones", func() (map[string]string, error) {
		subnets, err := ec2SubnetList(ctx, p)
		zones := map[string]string{}
		for _, subnet := range subnets {
			zones[aws.ToString(subnet.SubnetId)] = aws.ToString(subnet.AvailabilityZone)
		}
		return zones, err
	})
}
