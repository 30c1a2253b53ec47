package services

import (
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners/network"
)

// ec2Arn returns the ARN of a thing of EC2's in the test account.
func ec2Arn(rest string) string { return "arn:aws:ec2:us-east-1:" + testAccount + ":" + rest }

// backedUp answers what AWS Backup protects: one resource, since a fixed time.
func backedUp(arn string) string {
	return `{"Results": [{"ResourceArn": "` + arn + `", "LastBackupTime": 1772409600}]}`
}

// ec2Made is when the instances of the fixtures were made.
var ec2Made = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

var lastBackup = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func TestEC2Instances(t *testing.T) {
	good := EC2Instance{Created: ec2Made, State: "running", InstanceType: "m3.xlarge", EBSOptimized: true, InVPC: true, IMDSv2Required: true, MetadataReachable: true, DetailedMonitoring: true, HasRole: true, SSMPing: "Online"}
	backed := good
	backed.LastBackup = lastBackup
	bad := EC2Instance{Created: ec2Made, State: "running", InstanceType: "t3.micro", InVPC: true, MetadataReachable: true, PublicIP: true, SSMPing: "ConnectionLost", ExposedIngress: []network.OpenIngress{
		{Protocol: "tcp", FromPort: 22, ToPort: 22, Source: "0.0.0.0/0"}, {Protocol: "icmp", ToPort: 65535, Source: "128.0.0.0/1"},
		{Protocol: "tcp", FromPort: 3389, ToPort: 3390, Source: "pl-world"},
	}}
	elastic := EC2Instance{Created: ec2Made, State: "stopped", InstanceType: "t3.micro", InVPC: true, PublicIP: true, DetailedMonitoring: true}
	web := map[string]string{"Name": "web"}
	backups := map[string]string{"backup:ListProtectedResources": backedUp(ec2Arn("instance/i-good"))}
	unread := refused("backup:ListProtectedResources", "AccessDeniedException", "backup:ListProtectedResources", "last_backup")
	testReading(t, "AWS::EC2::Instance", []readingTest{
		{name: "as they are", sections: backups, want: []posture.Resource{
			{ID: ec2Arn("instance/i-bad"), Name: ec2Arn("instance/i-bad"), Doc: &bad},
			{ID: ec2Arn("instance/i-elastic"), Name: ec2Arn("instance/i-elastic"), Doc: &elastic},
			{ID: ec2Arn("instance/i-good"), Name: "web", Tags: web, Doc: &backed},
		}},
		{name: "backups refused", sections: map[string]string{"backup:ListProtectedResources error=AccessDeniedException": ""}, want: []posture.Resource{
			{ID: ec2Arn("instance/i-bad"), Name: ec2Arn("instance/i-bad"), Doc: &bad, Unread: unread},
			{ID: ec2Arn("instance/i-elastic"), Name: ec2Arn("instance/i-elastic"), Doc: &elastic, Unread: unread},
			{ID: ec2Arn("instance/i-good"), Name: "web", Tags: web, Doc: &good, Unread: unread},
		}},
		{name: "second page broken", sections: map[string]string{
			"backup:ListProtectedResources":                                      backedUp("none"),
			"ec2:DescribeInstances NextToken=two error=InternalError status=500": "",
		}, want: []posture.Resource{
			{ID: ec2Arn("instance/i-good"), Name: "web", Tags: web, Doc: &good},
		}, cause: brokenListing("ec2:DescribeInstances")},
	})
}

func TestEC2Images(t *testing.T) {
	good := posture.Resource{ID: ec2Arn("image/ami-good"), Name: "base", Doc: &EC2Image{}}
	testReading(t, "AWS::EC2::Image", []readingTest{
		{name: "as they are", want: []posture.Resource{
			{ID: ec2Arn("image/ami-bad"), Name: "given away", Doc: &EC2Image{Public: true}}, good,
		}},
		{name: "second page broken", sections: map[string]string{"ec2:DescribeImages NextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{good}, cause: brokenListing("ec2:DescribeImages")},
	})
}
