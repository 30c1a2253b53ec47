package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// AutoScalingGroup is what rules may ask of an Auto Scaling group.
type AutoScalingGroup struct {
	Zones          int64 `json:"zones"`            // in how many Availability Zones it starts instances; Local and Wavelength Zones are none
	BehindBalancer bool  `json:"behind_balancer"`  // a load balancer or VPC Lattice sends it traffic
	ELBHealthCheck bool  `json:"elb_health_check"` // it replaces instances that these find unhealthy
	MaxSize        int64 `json:"max_size"`         // how many instances it may have
	Desired        int64 `json:"desired"`          // how many it is to have now, or units where they are weighted
	InService      int64 `json:"in_service"`       // how many are healthy and in service
	RunningZones   int64 `json:"running_zones"`    // in how many Availability Zones these run
	Managed        bool  `json:"managed"`          // a service of AWS operates it, and nobody else can change it

	Suspended []string `json:"suspended"` // processes that replace instances, and that somebody has suspended: ReplaceUnhealthy
}

// replacing are the processes without one of which a group does not replace an
// instance that fails.
var replacing = []string{"HealthCheck", "Launch", "ReplaceUnhealthy", "Terminate"}

var autoScalingGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::AutoScaling::AutoScalingGroup",
		Service: "autoscaling",
		Doc:     AutoScalingGroup{},
		Calls:   []scanners.Call{{Op: "autoscaling:DescribeAutoScalingGroups"}},
		Console: scanners.Console{Path: "/ec2/home?region={region}#AutoScalingGroupDetails:id={name};view=details"},
	},
	Scan: scanAutoScalingGroups,
}

func autoScalingClient(p *engine.Place) *autoscaling.Client {
	return engine.Client(p, autoscaling.NewFromConfig)
}

// autoScalingGroupList lists the groups, once per region. With an error come
// those that were listed before it.
func autoScalingGroupList(ctx context.Context, p *engine.Place) ([]types.AutoScalingGroup, error) {
	return engine.Once(p, "autoscaling groups", func() ([]types.AutoScalingGroup, error) {
		pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(autoScalingClient(p), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(100)})
		return engine.ListAll(ctx, pages, func(page *autoscaling.DescribeAutoScalingGroupsOutput) []types.AutoScalingGroup {
			return page.AutoScalingGroups
		})
	})
}

// autoScalingMembers returns the ids of the instances that belong to a group.
func autoScalingMembers(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	groups, err := autoScalingGroupList(ctx, p)
	members := map[string]bool{}
	for _, group := range groups {
		for _, instance := range group.Instances {
			members[aws.ToString(instance.InstanceId)] = true
		}
	}
	return members, err
}

func scanAutoScalingGroups(ctx context.Context, p *engine.Place) error {
	groups, listErr := autoScalingGroupList(ctx, p)
	err := engine.Each(ctx, p, groups, readAutoScalingGroup)
	return cmp.Or(listErr, err)
}

func readAutoScalingGroup(_ context.Context, p *engine.Place, group types.AutoScalingGroup) {
	const op = "autoscaling:DescribeAutoScalingGroups"
	r := p.Read()
	if len(group.AvailabilityZones) == 0 {
		r.Absent(op, "zones")
	}
	doc := AutoScalingGroup{
		Zones:          countZones(p, group.AvailabilityZones),
		BehindBalancer: len(group.LoadBalancerNames)+len(group.TargetGroupARNs)+len(group.TrafficSources) > 0,
		ELBHealthCheck: checksBalancers(group),
		MaxSize:        count(r, group.MaxSize, op, "max_size"),
		Desired:        count(r, group.DesiredCapacity, op, "desired"),
		Managed:        group.Operator != nil,
	}
	doc.InService, doc.RunningZones = readInService(r, group.Instances)
	for _, suspended := range group.SuspendedProcesses {
		if name := aws.ToString(suspended.ProcessName); slices.Contains(replacing, name) {
			doc.Suspended = append(doc.Suspended, name)
		}
	}
	slices.Sort(doc.Suspended)
	word(r, aws.ToString(group.HealthCheckType), op, "elb_health_check")
	tags := engine.Tags(group.Tags, func(t types.TagDescription) (key, value *string) { return t.Key, t.Value })
	r.Emit(aws.ToString(group.AutoScalingGroupARN), aws.ToString(group.AutoScalingGroupName), tags, &doc)
}

// readInService returns how many instances are healthy and in service, and in how
// many Availability Zones.
func readInService(r *engine.Reading, instances []types.Instance) (running, zones int64) {
	const op = "autoscaling:DescribeAutoScalingGroups"
	var names []string
	for _, instance := range instances {
		state := choice(r, instance.LifecycleState, op, "in_service", "running_zones")
		health := word(r, aws.ToString(instance.HealthStatus), op, "in_service", "running_zones")
		if state == types.LifecycleStateInService && strings.EqualFold(health, "healthy") {
			names = append(names, word(r, aws.ToString(instance.AvailabilityZone), op, "running_zones"))
		}
	}
	return int64(len(names)), countZones(r.Place, names)
}

// checksBalancers reports whether a group asks all that send it traffic which
// instances are unhealthy: load balancers, and VPC Lattice.
func checksBalancers(group types.AutoScalingGroup) bool {
	checks := strings.Split(aws.ToString(group.HealthCheckType), ",")
	balanced := len(group.LoadBalancerNames)+len(group.TargetGroupARNs) > 0
	for _, source := range group.TrafficSources {
		if strings.EqualFold(aws.ToString(source.Type), "vpc-lattice") {
			if !slices.Contains(checks, "VPC_LATTICE") {
				return false
			}
			continue
		}
		balanced = true
	}
	return !balanced || slices.Contains(checks, "ELB")
}
