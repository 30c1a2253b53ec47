package slack

import (
	"net/url"
	"regexp"
	"strings"

	"posture/internal/drift"
)

// regionForm is what a region of AWS looks like; nothing else gets into an
// address.
var regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// consoles are the only origins that a message links to, by AWS partition.
func consoles() map[string]string {
	return map[string]string{
		"aws":        "https://console.aws.amazon.com",
		"aws-us-gov": "https://console.amazonaws-us-gov.com",
		"aws-cn":     "https://console.amazonaws.cn",
	}
}

// consolePaths holds where the console shows a resource, by its type. REGION
// and the last part of the id (LAST) or the whole of it (ID) are put in,
// escaped.
func consolePaths() map[string]string {
	return map[string]string{
		"AWS::S3::Bucket":                           "/s3/buckets/LAST?region=REGION",
		"AWS::EC2::Instance":                        "/ec2/home?region=REGION#InstanceDetails:instanceId=LAST",
		"AWS::EC2::SecurityGroup":                   "/ec2/home?region=REGION#SecurityGroup:groupId=LAST",
		"AWS::EC2::Volume":                          "/ec2/home?region=REGION#VolumeDetails:volumeId=LAST",
		"AWS::EC2::Snapshot":                        "/ec2/home?region=REGION#SnapshotDetails:snapshotId=LAST",
		"AWS::EC2::VPC":                             "/vpcconsole/home?region=REGION#VpcDetails:VpcId=LAST",
		"AWS::RDS::DBInstance":                      "/rds/home?region=REGION#database:id=LAST;is-cluster=false",
		"AWS::RDS::DBCluster":                       "/rds/home?region=REGION#database:id=LAST;is-cluster=true",
		"AWS::IAM::User":                            "/iam/home#/users/details/LAST",
		"AWS::IAM::Role":                            "/iam/home#/roles/details/LAST",
		"AWS::IAM::ManagedPolicy":                   "/iam/home#/policies/details/ID",
		"AWS::KMS::Key":                             "/kms/home?region=REGION#/kms/keys/LAST",
		"AWS::Lambda::Function":                     "/lambda/home?region=REGION#/functions/LAST",
		"AWS::DynamoDB::Table":                      "/dynamodbv2/home?region=REGION#table?name=LAST",
		"AWS::EFS::FileSystem":                      "/efs/home?region=REGION#/file-systems/LAST",
		"AWS::CloudTrail::Trail":                    "/cloudtrailv2/home?region=REGION#/trails/ID",
		"AWS::SNS::Topic":                           "/sns/v3/home?region=REGION#/topic/ID",
		"AWS::Redshift::Cluster":                    "/redshiftv2/home?region=REGION#cluster-details?cluster=LAST",
		"AWS::CloudFront::Distribution":             "/cloudfront/v4/home#/distributions/LAST",
		"AWS::ElasticLoadBalancingV2::LoadBalancer": "/ec2/home?region=REGION#LoadBalancer:loadBalancerArn=ID",
	}
}

// anyPath is where the console shows a resource of any other type, as far as
// it can.
const anyPath = "/go/view?arn=ID"

// consoleURL returns the address of a resource in its provider's console, or
// nothing where none is known.
func consoleURL(r drift.Resource) string {
	if strings.HasPrefix(r.ID, "//") {
		return googleURL(r)
	}
	parts := strings.SplitN(r.ID, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || strings.HasSuffix(r.ID, ":root") {
		return ""
	}
	origin, ok := consoles()[parts[1]]
	if !ok {
		return ""
	}
	path, ok := consolePaths()[r.Type]
	if !ok {
		path = anyPath
	}
	if strings.Contains(path, "REGION") && !regionForm.MatchString(r.Region) {
		path = anyPath
	}
	return origin + strings.NewReplacer(
		"REGION", r.Region, "LAST", url.QueryEscape(lastPart(parts[5])), "ID", url.QueryEscape(r.ID),
	).Replace(path)
}

// lastPart returns what follows the last slash or colon of an ARN's resource.
func lastPart(resource string) string { return resource[strings.LastIndexAny(resource, "/:")+1:] }
