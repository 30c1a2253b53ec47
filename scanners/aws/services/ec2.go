package services

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
	"posture/scanners/network"
)

// ec2Page is the page size of EC2's listings. Without one, EC2 answers from a
// smaller allowance.
const ec2Page = 1000

// EC2Instance is what rules may ask of an instance.
type EC2Instance struct {
	State              string                `json:"state"`               // pending, running, stopping or stopped
	InVPC              bool                  `json:"in_vpc"`              // it runs in a VPC
	IMDSv2Required     bool                  `json:"imdsv2_required"`     // the metadata service answers only session-token requests
	MetadataReachable  bool                  `json:"metadata_reachable"`  // the metadata service answers at all
	PublicIP           bool                  `json:"public_ip"`           // one of its interfaces has a public IPv4 address now
	DetailedMonitoring bool                  `json:"detailed_monitoring"` // CloudWatch gets its metrics every minute
	HasRole            bool                  `json:"has_role"`            // it has an instance profile
	LendsTo            []string              `json:"lends_to"`            // users and roles that get full access, or a way to it, by the instance's role: they may run commands on it; ten at most are named
	Managed            bool                  `json:"managed"`             // a service of AWS operates it (EKS Auto Mode, ECS), and nobody else can change it
	Spot               bool                  `json:"spot"`                // AWS may take it back at any time
	InstanceType       string                `json:"instance_type"`       // m7g.large, ...
	EBSOptimized       bool                  `json:"ebs_optimized"`       // its way to EBS was reserved at its launch; types that always have it may say false
	InstanceStore      bool                  `json:"instance_store"`      // its root is on the host's own disks, which are no volumes
	SSMPing            string                `json:"ssm_ping"`            // how Systems Manager reaches it: Online, ConnectionLost, Inactive; "" where it does not manage it
	ExposedIngress     []network.OpenIngress `json:"exposed_ingress"`     // ports that the internet reaches: by a public address, a route to an internet gateway, security groups and the network ACL
	Created            time.Time             `json:"created"`             // when it was made; each start moves its launch, so the first that was attached to it counts
	LastBackup         time.Time             `json:"last_backup"`         // when AWS Backup last backed it up; the zero time: never
}

var ec2Instances = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EC2::Instance",
		Service: "ec2",
		Doc:     EC2Instance{},
		Calls: append(append(lendsCalls(), exposedCalls()...),
			scanners.Call{Op: "ec2:DescribeInstances"},
			scanners.Call{Op: describeManaged, For: []string{"ssm_ping"}},
			scanners.Call{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		),
		Console: scanners.Console{Path: "/ec2/home?region={region}#InstanceDetails:instanceId={last}"},
	},
	Scan: scanEC2Instances,
}

func ec2Client(p *engine.Place) *ec2.Client { return engine.Client(p, ec2.NewFromConfig) }

// ec2Tags returns tags as a map, and the name that they give.
func ec2Tags(tags []types.Tag) (found map[string]string, name string) {
	found = engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	return found, found["Name"]
}

func scanEC2Instances(ctx context.Context, p *engine.Place) error {
	pages := ec2.NewDescribeInstancesPaginator(ec2Client(p), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(ec2Page)})
	return engine.EachPage(ctx, pages, func(page *ec2.DescribeInstancesOutput) error {
		var instances []types.Instance
		for _, reservation := range page.Reservations {
			if !ownedHere(p, reservation.OwnerId) {
				continue
			}
			instances = append(instances, reservation.Instances...)
		}
		return engine.Each(ctx, p, instances, readEC2Instance)
	})
}

func readEC2Instance(ctx context.Context, p *engine.Place, instance types.Instance) {
	state := ec2InstanceState(instance)
	if state == types.InstanceStateNameTerminated || state == types.InstanceStateNameShuttingDown {
		return // still listed for a while, but gone
	}
	doc := EC2Instance{
		State:    string(state),
		InVPC:    aws.ToString(instance.VpcId) != "",
		PublicIP: hasPublicIP(instance),
		HasRole:  instance.IamInstanceProfile != nil,

		Managed:       ec2Managed(instance.Operator),
		Spot:          instance.InstanceLifecycle == types.InstanceLifecycleTypeSpot,
		InstanceStore: instance.RootDeviceType == types.DeviceTypeInstanceStore,
	}
	r := p.Read()
	choice(r, state, "ec2:DescribeInstances", "state")
	doc.InstanceType = word(r, instance.InstanceType, "ec2:DescribeInstances", "instance_type")
	doc.EBSOptimized = r.Flag(instance.EbsOptimized, "ec2:DescribeInstances", "ebs_optimized")
	if m := instance.Monitoring; m != nil {
		state := choice(r, m.State, "ec2:DescribeInstances", "detailed_monitoring")
		doc.DetailedMonitoring = state == types.MonitoringStateEnabled || state == types.MonitoringStatePending
	} else {
		r.Absent("ec2:DescribeInstances", "detailed_monitoring")
	}
	if m := instance.MetadataOptions; m != nil {
		doc.IMDSv2Required = choice(r, m.HttpTokens, "ec2:DescribeInstances", "imdsv2_required") == types.HttpTokensStateRequired
		doc.MetadataReachable = choice(r, m.HttpEndpoint, "ec2:DescribeInstances", "metadata_reachable") != types.InstanceMetadataEndpointStateDisabled
	} else {
		r.Absent("ec2:DescribeInstances", "imdsv2_required", "metadata_reachable")
	}
	doc.SSMPing = readSSMPing(ctx, r, aws.ToString(instance.InstanceId))
	doc.ExposedIngress = readExposed(ctx, r, instance)
	doc.Created = readCreated(r, ec2InstanceMade(instance), "ec2:DescribeInstances")
	tags, name := ec2Tags(instance.Tags)
	id := p.ARN("ec2", "instance/"+aws.ToString(instance.InstanceId))
	doc.LastBackup = readLastBackup(ctx, r, id)
	if profile := instance.IamInstanceProfile; profile != nil {
		doc.LendsTo = readLendsTo(ctx, r, iampolicy.Lender{Kind: iampolicy.Instance, ARN: id}, roleOfProfile("ec2:DescribeInstances", aws.ToString(profile.Arn)))
	}
	r.Emit(id, name, tags, &doc)
}

// ec2Managed reports whether a service of AWS operates a thing of EC2's.
func ec2Managed(operator *types.OperatorResponse) bool {
	return operator != nil && aws.ToBool(operator.Managed)
}

// ec2InstanceMade returns the earliest time that the answer knows of an
// instance: its launch, which each start moves, or when its network interfaces
// and volumes were attached.
func ec2InstanceMade(instance types.Instance) *time.Time {
	made := instance.LaunchTime
	earlier := func(t *time.Time) {
		if t != nil && (made == nil || t.Before(*made)) {
			made = t
		}
	}
	for _, face := range instance.NetworkInterfaces {
		if face.Attachment != nil {
			earlier(face.Attachment.AttachTime)
		}
	}
	for _, device := range instance.BlockDeviceMappings {
		if device.Ebs != nil {
			earlier(device.Ebs.AttachTime)
		}
	}
	return made
}

func ec2InstanceState(instance types.Instance) types.InstanceStateName {
	if instance.State == nil {
		return ""
	}
	return instance.State.Name
}

// hasPublicIP reports whether an interface of the instance has a public IPv4 address.
func hasPublicIP(instance types.Instance) bool {
	if aws.ToString(instance.PublicIpAddress) != "" {
		return true
	}
	return slices.ContainsFunc(instance.NetworkInterfaces, facePublic)
}
