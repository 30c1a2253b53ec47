package e2e

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (b *builder) ec2() *ec2.Client { return ec2.NewFromConfig(b.cfg) }

// network is what other services need of the network.
type network struct {
	vpc     string
	subnets []string // in two zones
	lone    string   // a subnet of another VPC
	closed  string   // a security group that opens nothing to everybody
	open    string   // one that opens PostgreSQL to everybody
}

// networks makes a VPC as it should be and one as it should not, and names
// what the emulator has made of itself.
func (b *builder) networks() network {
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		b.in(region).nameDefaults()
	}
	made := network{vpc: b.vpc("good-vpc", "10.1.0.0/16")}
	made.subnets = []string{
		b.subnet("good-subnet-a", made.vpc, "10.1.1.0/24", "us-east-1a"),
		b.subnet("good-subnet-b", made.vpc, "10.1.2.0/24", "us-east-1b"),
	}
	b.closeDefault(made.vpc)
	b.ok(b.ec2().CreateFlowLogs(b.ctx, &ec2.CreateFlowLogsInput{
		ResourceIds: []string{made.vpc}, ResourceType: types.FlowLogsResourceTypeVpc, TrafficType: types.TrafficTypeAll,
		LogDestinationType: types.LogDestinationTypeS3, LogDestination: new("arn:aws:s3:::good-data"),
	}))
	bad := b.vpc("bad-vpc", "10.2.0.0/16")
	made.lone = b.subnet("bad-subnet", bad, "10.2.1.0/24", "us-east-1a")
	b.ok(b.ec2().ModifySubnetAttribute(b.ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &made.lone,
		MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: new(true)}}))
	b.translated(made.vpc, made.subnets[0], made.subnets[0])
	b.reached(bad, b.translated(bad, made.lone, made.subnets[1]))
	made.closed = b.securityGroup("good-web", made.vpc, open("tcp", 443, 443))
	b.securityGroup("bad-ssh", made.vpc, open("tcp", 22, 22))
	b.securityGroup("bad-rdp", made.vpc, open("udp", 3389, 3389))
	made.open = b.securityGroup("bad-postgres", made.vpc, open("tcp", 5432, 5432))
	b.securityGroup("bad-all-ports", made.vpc, open("-1", -1, -1))
	return made
}

// nameDefaults names the default VPC of a region and what belongs to it.
func (b *builder) nameDefaults() {
	b.t.Helper()
	client := b.ec2()
	vpcs, err := client.DescribeVpcs(b.ctx, &ec2.DescribeVpcsInput{})
	b.need(err)
	for _, vpc := range vpcs.Vpcs {
		b.call("default-vpc", vpc.VpcId)
	}
	subnets, err := client.DescribeSubnets(b.ctx, &ec2.DescribeSubnetsInput{})
	b.need(err)
	for _, subnet := range subnets.Subnets {
		b.call("default-subnet-"+aws.ToString(subnet.AvailabilityZone), subnet.SubnetId)
	}
	b.nameDefaultGroups("default-group-of-default-vpc", "")
}

// nameDefaultGroups names the default security groups of a VPC, or of all.
func (b *builder) nameDefaultGroups(name, vpc string) string {
	b.t.Helper()
	filters := []types.Filter{{Name: new("group-name"), Values: []string{"default"}}}
	if vpc != "" {
		filters = append(filters, types.Filter{Name: new("vpc-id"), Values: []string{vpc}})
	}
	groups, err := b.ec2().DescribeSecurityGroups(b.ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters})
	b.need(err)
	id := ""
	for _, group := range groups.SecurityGroups {
		id = b.call(name, group.GroupId)
	}
	return id
}

func (b *builder) vpc(name, cidr string) string {
	b.t.Helper()
	out, err := b.ec2().CreateVpc(b.ctx, &ec2.CreateVpcInput{CidrBlock: &cidr})
	b.need(err)
	id := b.tag(name, out.Vpc.VpcId)
	b.nameDefaultGroups("default-group-of-"+name, id)
	return id
}

// closeDefault takes all rules from the default security group of a VPC.
func (b *builder) closeDefault(vpc string) {
	b.t.Helper()
	id := b.nameDefaultGroups("good-default-group", vpc)
	rules, err := b.ec2().DescribeSecurityGroupRules(b.ctx, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []types.Filter{{Name: new("group-id"), Values: []string{id}}},
	})
	b.need(err)
	for _, rule := range rules.SecurityGroupRules {
		ids := []string{*rule.SecurityGroupRuleId}
		if aws.ToBool(rule.IsEgress) {
			b.ok(b.ec2().RevokeSecurityGroupEgress(b.ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, SecurityGroupRuleIds: ids}))
			continue
		}
		b.ok(b.ec2().RevokeSecurityGroupIngress(b.ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: ids}))
	}
}

func (b *builder) subnet(name, vpc, cidr, zone string) string {
	b.t.Helper()
	out, err := b.ec2().CreateSubnet(b.ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone})
	b.need(err)
	return b.tag(name, out.Subnet.SubnetId)
}

// reached routes to the internet, in two halves that come before the NAT gateway.
func (b *builder) reached(vpc string, table *string) {
	b.t.Helper()
	gateway, err := b.ec2().CreateInternetGateway(b.ctx, &ec2.CreateInternetGatewayInput{})
	b.need(err)
	id := gateway.InternetGateway.InternetGatewayId
	b.ok(b.ec2().AttachInternetGateway(b.ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: id, VpcId: &vpc}))
	for _, half := range []string{"0.0.0.0/1", "128.0.0.0/1"} {
		b.ok(b.ec2().CreateRoute(b.ctx, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: &half, GatewayId: id}))
	}
}

// translated routes what leaves a subnet through a new NAT gateway, and returns the
// id of its route table.
func (b *builder) translated(vpc, subnet, gatewayAt string) *string {
	b.t.Helper()
	gateway, err := b.ec2().CreateNatGateway(b.ctx, &ec2.CreateNatGatewayInput{SubnetId: &gatewayAt, ConnectivityType: types.ConnectivityTypePrivate})
	b.need(err)
	table, err := b.ec2().CreateRouteTable(b.ctx, &ec2.CreateRouteTableInput{VpcId: &vpc})
	b.need(err)
	id := table.RouteTable.RouteTableId
	b.ok(b.ec2().CreateRoute(b.ctx, &ec2.CreateRouteInput{RouteTableId: id, DestinationCidrBlock: new("0.0.0.0/0"), NatGatewayId: gateway.NatGateway.NatGatewayId}))
	b.ok(b.ec2().AssociateRouteTable(b.ctx, &ec2.AssociateRouteTableInput{RouteTableId: id, SubnetId: &subnet}))
	return id
}

// open returns what lets everybody in.
func open(protocol string, from, to int32) types.IpPermission {
	return types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to, IpRanges: []types.IpRange{{CidrIp: new("0.0.0.0/0")}}}
}

func (b *builder) securityGroup(name, vpc string, ingress types.IpPermission) string {
	b.t.Helper()
	out, err := b.ec2().CreateSecurityGroup(b.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: &vpc})
	b.need(err)
	b.ok(b.ec2().AuthorizeSecurityGroupIngress(b.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: out.GroupId, IpPermissions: []types.IpPermission{ingress}}))
	return b.call(name, out.GroupId)
}

// machines makes instances, their volumes, snapshots and images.
func (b *builder) machines(n network) {
	client := b.ec2()
	b.ok(client.EnableEbsEncryptionByDefault(b.ctx, &ec2.EnableEbsEncryptionByDefaultInput{}))
	good := b.instance("good-instance", &ec2.RunInstancesInput{
		EbsOptimized: new(true), SubnetId: &n.subnets[0], SecurityGroupIds: []string{n.closed}, Monitoring: &types.RunInstancesMonitoringEnabled{Enabled: new(true)},
		IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: new("good-profile")},
		MetadataOptions:    &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired, HttpEndpoint: types.InstanceMetadataEndpointStateEnabled},
	})
	b.instance("bad-lent-instance", &ec2.RunInstancesInput{
		SubnetId: &n.subnets[0], SecurityGroupIds: []string{n.closed}, IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: new("bad-profile")},
	})
	bad := b.instance("bad-instance", &ec2.RunInstancesInput{SubnetId: &n.lone, SecurityGroupIds: []string{n.open}})
	goodVolume := b.volume("good-volume", good, true)
	badVolume := b.volume("bad-volume", bad, false)
	b.snapshot("good-snapshot", goodVolume)
	public := b.snapshot("bad-snapshot", badVolume)
	b.ok(client.ModifySnapshotAttribute(b.ctx, &ec2.ModifySnapshotAttributeInput{SnapshotId: &public,
		Attribute: types.SnapshotAttributeNameCreateVolumePermission, OperationType: types.OperationTypeAdd, GroupNames: []string{"all"}}))
	b.image("good-image", good)
	image := b.image("bad-image", bad)
	b.ok(client.ModifyImageAttribute(b.ctx, &ec2.ModifyImageAttributeInput{ImageId: &image,
		LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: types.PermissionGroupAll}}}}))
}

// instance starts a machine, and names it and its root volume.
func (b *builder) instance(name string, input *ec2.RunInstancesInput) string {
	b.t.Helper()
	input.ImageId, input.InstanceType = new("ami-12345678"), types.InstanceTypeM3Xlarge // of those that can be EBS-optimized or not
	input.MinCount, input.MaxCount = new(int32(1)), new(int32(1))
	out, err := b.ec2().RunInstances(b.ctx, input)
	b.need(err)
	id := b.tag(name, out.Instances[0].InstanceId)
	found, err := b.ec2().DescribeInstances(b.ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	b.need(err)
	for _, device := range found.Reservations[0].Instances[0].BlockDeviceMappings {
		b.call("root-of-"+name, device.Ebs.VolumeId)
	}
	return id
}

func (b *builder) volume(name, instance string, encrypted bool) string {
	b.t.Helper()
	if !encrypted {
		b.ok(b.ec2().DisableEbsEncryptionByDefault(b.ctx, &ec2.DisableEbsEncryptionByDefaultInput{}))
		defer func() {
			b.ok(b.ec2().EnableEbsEncryptionByDefault(b.ctx, &ec2.EnableEbsEncryptionByDefaultInput{}))
		}()
	}
	out, err := b.ec2().CreateVolume(b.ctx, &ec2.CreateVolumeInput{AvailabilityZone: new("us-east-1a"), Size: new(int32(8)), Encrypted: &encrypted})
	b.need(err)
	b.ok(b.ec2().AttachVolume(b.ctx, &ec2.AttachVolumeInput{InstanceId: &instance, VolumeId: out.VolumeId, Device: new("/dev/sdh")}))
	return b.tag(name, out.VolumeId)
}

func (b *builder) snapshot(name, volume string) string {
	b.t.Helper()
	out, err := b.ec2().CreateSnapshot(b.ctx, &ec2.CreateSnapshotInput{VolumeId: &volume})
	b.need(err)
	return b.tag(name, out.SnapshotId)
}

// image makes an image, and names the snapshots that belong to it.
func (b *builder) image(name, instance string) string {
	b.t.Helper()
	out, err := b.ec2().CreateImage(b.ctx, &ec2.CreateImageInput{InstanceId: &instance, Name: &name})
	b.need(err)
	found, err := b.ec2().DescribeImages(b.ctx, &ec2.DescribeImagesInput{ImageIds: []string{*out.ImageId}})
	b.need(err)
	for _, device := range found.Images[0].BlockDeviceMappings {
		if device.Ebs != nil {
			b.call("snapshot-of-"+name, device.Ebs.SnapshotId)
		}
	}
	return b.tag(name, out.ImageId)
}
