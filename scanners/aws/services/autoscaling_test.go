package services

import (
	"testing"

	"posture/internal/posture"
)

func TestAutoScalingGroups(t *testing.T) {
	const arn = "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:"
	good := posture.Resource{
		ID: arn + "1:autoScalingGroupName/good", Name: "good", Tags: map[string]string{"owner": "shop"},
		Doc: &AutoScalingGroup{Zones: 2, BehindBalancer: true, ELBHealthCheck: true, MaxSize: 4, Desired: 3, InService: 2, RunningZones: 2},
	}
	bad := posture.Resource{ID: arn + "2:autoScalingGroupName/bad", Name: "bad", Doc: &AutoScalingGroup{Zones: 1, BehindBalancer: true, MaxSize: 1, Desired: 1, Suspended: []string{"Launch", "ReplaceUnhealthy"}}}
	testReading(t, "AWS::AutoScaling::AutoScalingGroup", []readingTest{
		{name: "as they are", want: []posture.Resource{good, bad}},
		{name: "second page broken", sections: map[string]string{"autoscaling:DescribeAutoScalingGroups NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{good}, cause: brokenListing("autoscaling:DescribeAutoScalingGroups")},
		{name: "an instance that does not say where it is", sections: map[string]string{"autoscaling:DescribeAutoScalingGroups": `<AutoScalingGroups><member><AutoScalingGroupName>g</AutoScalingGroupName><AutoScalingGroupARN>g</AutoScalingGroupARN>
			<AvailabilityZones><member>us-east-1a</member></AvailabilityZones><HealthCheckType>EC2</HealthCheckType><MaxSize>2</MaxSize><DesiredCapacity>2</DesiredCapacity>
			<Instances><member><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus></member></Instances></member></AutoScalingGroups>`},
			want: []posture.Resource{{ID: "g", Name: "g", Doc: &AutoScalingGroup{Zones: 1, ELBHealthCheck: true, MaxSize: 2, Desired: 2, InService: 1}, Unread: unsaid("autoscaling:DescribeAutoScalingGroups", "running_zones")}}},
	})
}
