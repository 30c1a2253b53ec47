package aws

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestCallsOfWant holds that a call is there when a field is wanted that it is
// made for, and only then.
func TestCallsOfWant(t *testing.T) {
	want := posture.Want{"AWS::S3::Bucket": {"versioning"}, "AWS::EC2::Volume": {"encrypted"}}
	got := Calls(want, "s3")
	opening := []Call{
		{Op: "sts:GetCallerIdentity", Action: "sts:GetCallerIdentity", Global: true},
		{Op: "ec2:DescribeRegions", Action: "ec2:DescribeRegions", Global: true},
	}
	expected := append(opening,
		Call{Type: "AWS::S3::Bucket", Op: "s3:ListBuckets", Action: "s3:ListAllMyBuckets", Global: true},
		Call{Type: "AWS::S3::Bucket", Op: "s3:GetBucketVersioning", Action: "s3:GetBucketVersioning", Global: true, Each: true},
	)
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
}
