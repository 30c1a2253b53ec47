package services

import (
	"testing"

	"posture/internal/posture"
)

func TestAutoScalingGroups(t *testing.T) {
	const arn = "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:"
	good := posture.Resource{
		ID: arn + "1:autoScalingGroupName/good", Name: "good", Tags: map[string]string{"owner": "shop"},
		Doc: &AutoScalingGroup{Zones: 2, BehindBalancer: true, ELBHealthCheck: true, MaxSize: 4},
	}
	bad := posture.Resource{ID: arn + "2:autoScalingGroupName/bad", Name: "bad", Doc: &AutoScalingGroup{Zones: 1, BehindBalancer: true, MaxSize: 1}}
	testReading(t, "AWS::AutoScaling::AutoScalingGroup", []readingTest{
		{name: "as they are", want: []posture.Resource{good, bad}},
		{name: "second page broken", sections: map[string]string{"autoscaling:DescribeAutoScalingGroups NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{good}, cause: brokenListing("autoscaling:DescribeAutoScalingGroups")},
	})
}
