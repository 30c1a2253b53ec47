package aws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws"
	"posture/scanners/aws/awstest"
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
	if diff := cmp.Diff(expected, aws.Catalogue().Calls(want, "s3")); diff != "" {
		t.Error(diff)
	}
}

// open opens an empty account for the services.
func open(t *testing.T, services ...string) (*aws.Account, error) {
	t.Helper()
	estate, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := awstest.Start(awstest.New([]string{"us-east-1"}, map[string]*awstest.Estate{"111122223333": estate}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return aws.Open(context.Background(), server.Config("111122223333"), posture.Target{}, aws.Options{Attempts: 1, Services: services})
}

// TestServices shows that only the wanted types of the chosen services are read.
func TestServices(t *testing.T) {
	account, err := open(t, "s3")
	if err != nil {
		t.Fatal(err)
	}
	want := posture.Want{"AWS::S3::Bucket": {"versioning"}, "AWS::EC2::Volume": {"encrypted"}}
	var types []string
	for _, p := range account.Scan(context.Background(), want, func(posture.Resource) {}).Populations {
		types = append(types, p.Type)
	}
	if diff := cmp.Diff([]string{"AWS::S3::Bucket"}, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestUnknownService(t *testing.T) {
	_, err := open(t, "s3", "s4")
	want := `unknown service "s4": expected one of ` + strings.Join(aws.Catalogue().Services(), ", ")
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
