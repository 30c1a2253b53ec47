package aws

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

// TestCatalogue holds that the catalogue declares what a scan makes.
func TestCatalogue(t *testing.T) {
	want := posture.Want{"AWS::S3::Bucket": {"versioning"}, "AWS::EC2::Volume": {"encrypted"}}
	expected := []scanners.Declared{
		{Call: scanners.Call{Op: "sts:GetCallerIdentity"}, Global: true},
		{Call: scanners.Call{Op: "ec2:DescribeRegions"}, Global: true},
		{Call: scanners.Call{Op: "s3:ListBuckets", Permission: "s3:ListAllMyBuckets"}, Type: "AWS::S3::Bucket", Global: true},
		{Call: scanners.Call{Op: "s3:GetBucketVersioning", Each: true, For: []string{"versioning", "mfa_delete"}}, Type: "AWS::S3::Bucket", Global: true},
	}
	if diff := cmp.Diff(expected, Catalogue().Calls(want, "s3")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Actions("rds"), Catalogue().Permissions("rds")); diff != "" {
		t.Error(diff)
	}
}
