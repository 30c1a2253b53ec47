package services

import (
	"testing"

	"posture/internal/posture"
)

func TestEC2VPCs(t *testing.T) {
	defaultID, goodID := ec2Arn("vpc/vpc-default"), ec2Arn("vpc/vpc-good")
	main := map[string]string{"Name": "main"}
	unlogged := refused("ec2:DescribeFlowLogs", "UnauthorizedOperation", "ec2:DescribeFlowLogs", "flow_logs")
	broken := []posture.Unread{
		{Field: "subnets", Cause: *brokenListing("ec2:DescribeSubnets")}, {Field: "zones", Cause: *brokenListing("ec2:DescribeSubnets")},
	}
	testReading(t, "AWS::EC2::VPC", []readingTest{
		{name: "as they are", want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true, Subnets: 1, Zones: 1}},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true, Subnets: 2, Zones: 2}},
		}},
		{name: "flow logs refused", sections: map[string]string{"ec2:DescribeFlowLogs error=UnauthorizedOperation": ""}, want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true, Subnets: 1, Zones: 1}, Unread: unlogged},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{Subnets: 2, Zones: 2}, Unread: unlogged},
		}},
		{name: "subnets broken", sections: map[string]string{"ec2:DescribeSubnets NextToken=two error=InternalError status=500": ""}, want: []posture.Resource{
			{ID: defaultID, Name: defaultID, Doc: &EC2VPC{Default: true}, Unread: broken},
			{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true}, Unread: broken},
		}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeVpcs NextToken=two error=InternalError status=500": ""},
			want:  []posture.Resource{{ID: goodID, Name: "main", Tags: main, Doc: &EC2VPC{FlowLogs: true, Subnets: 2, Zones: 2}}},
			cause: brokenListing("ec2:DescribeVpcs")},
	})
}

func TestEC2Subnets(t *testing.T) {
	a := posture.Resource{ID: ec2Arn("subnet/subnet-a"), Name: ec2Arn("subnet/subnet-a"), Doc: &EC2Subnet{}}
	testReading(t, "AWS::EC2::Subnet", []readingTest{
		{name: "as they are", want: []posture.Resource{
			a,
			{ID: ec2Arn("subnet/subnet-b"), Name: ec2Arn("subnet/subnet-b"), Doc: &EC2Subnet{AutoPublicIP: true}},
			{ID: ec2Arn("subnet/subnet-d"), Name: ec2Arn("subnet/subnet-d"), Doc: &EC2Subnet{AutoPublicIP: true, DefaultSubnet: true}},
		}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeSubnets NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{a}, cause: brokenListing("ec2:DescribeSubnets")},
	})
}
