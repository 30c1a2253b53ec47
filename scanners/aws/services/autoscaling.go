package services

import (
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
	Zones          int64 `json:"zones"`            // in how many Availability Zones it starts instances
	BehindBalancer bool  `json:"behind_balancer"`  // a load balancer sends it traffic
	ELBHealthCheck bool  `json:"elb_health_check"` // it replaces instances that the load balancer finds unhealthy
	MaxSize        int64 `json:"max_size"`         // how many instances it may have
}

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

func scanAutoScalingGroups(ctx context.Context, p *engine.Place) error {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(autoScalingClient(p), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *autoscaling.DescribeAutoScalingGroupsOutput) []types.AutoScalingGroup {
		return page.AutoScalingGroups
	}, readAutoScalingGroup)
}

func readAutoScalingGroup(_ context.Context, p *engine.Place, group types.AutoScalingGroup) {
	doc := AutoScalingGroup{
		Zones:          int64(len(group.AvailabilityZones)),
		BehindBalancer: len(group.LoadBalancerNames)+len(group.TargetGroupARNs)+len(group.TrafficSources) > 0,
		ELBHealthCheck: slices.Contains(strings.Split(aws.ToString(group.HealthCheckType), ","), "ELB"),
		MaxSize:        int64(aws.ToInt32(group.MaxSize)),
	}
	tags := engine.Tags(group.Tags, func(t types.TagDescription) (key, value *string) { return t.Key, t.Value })
	p.Read().Emit(aws.ToString(group.AutoScalingGroupARN), aws.ToString(group.AutoScalingGroupName), tags, &doc)
}
