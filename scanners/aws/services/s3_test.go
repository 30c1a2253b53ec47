package services

import (
	_ "embed"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

//go:embed testdata/s3.txtar
var fourBuckets string

// s3Fixtures has a trail of every region that delivers to alpha, and one of
// eu-west-1 only that delivers to delta.
var s3Fixtures = fourBuckets + noAnalyzer + `
-- backup:ListProtectedResources region=us-east-1 --
{"Results": [{"ResourceArn": "arn:aws:s3:::alpha", "ResourceType": "S3", "LastBackupTime": 1767139200}]}
-- backup:ListProtectedResources region=eu-west-1 --
{"Results": []}
-- elasticloadbalancing:DescribeLoadBalancers --
<LoadBalancers/>
-- macie2:GetMacieSession --
{"status": "PAUSED"}
-- redshift:DescribeClusters --
<Clusters/>
-- elb:DescribeLoadBalancers --
<LoadBalancerDescriptions/>
-- cloudfront:ListDistributions --
<DistributionList><Quantity>0</Quantity></DistributionList>
-- cloudtrail:DescribeTrails region=us-east-1 --
{"trailList": [{"Name": "main", "TrailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", "HomeRegion": "us-east-1", "S3BucketName": "alpha", "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}
-- cloudtrail:ListTrails --
{"Trails": [
	{"Name": "main", "TrailARN": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", "HomeRegion": "us-east-1"},
	{"Name": "local", "TrailARN": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/local", "HomeRegion": "eu-west-1"}
]}
-- cloudtrail:DescribeTrails region=eu-west-1 --
{"trailList": [{"Name": "local", "TrailARN": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/local", "HomeRegion": "eu-west-1", "S3BucketName": "delta", "IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": false}]}
`

// s3Made is when the buckets of the fixtures were made.
var s3Made = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestS3Buckets(t *testing.T) {
	s := scanTypes(t, loadEstate(t, s3Fixtures), "AWS::S3::Bucket")
	want := map[string]*S3Bucket{
		"alpha": {
			Versioning: true, MFADelete: true, EncryptionAlgorithm: "aws:kms", PublicAccessBlocked: true,
			Policy: S3BucketPolicy{DeniesInsecureTransport: true}, ACLsDisabled: true, AccessLogBucket: "logs",
			ExpiresObjects: true, ExpiresOldVersions: true, ObjectLock: true, ReplicatesElsewhere: true, StoresCloudTrailLogs: true,
			LastBackup: day("2025-12-31"),
		},
		"beta":  {},
		"gamma": {Public: true, PublicBy: []string{"policy statement 1: everybody is let in without a condition", "ACL"}, Policy: S3BucketPolicy{OthersMayChange: []Admitted{{"444455556666", "statement 2"}}}},
		"delta": {StoresCloudTrailLogs: true},
	}
	got := map[string]*S3Bucket{}
	for _, r := range s.Resources {
		got[r.Name] = r.Doc.(*S3Bucket)
		want[r.Name].Created = s3Made
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	delta := s.get(t, "delta")
	delta.Doc = nil
	wantDelta := posture.Resource{
		Provider: posture.AWS, Account: testAccount, Region: "eu-west-1", Type: "AWS::S3::Bucket", ID: "arn:aws:s3:::delta", Name: "delta",
		Unread: []posture.Unread{
			unclear("s3:GetBucketPolicy", "policy")[0],
			{Field: "replicates_to_other_region", Cause: posture.Cause{Reason: posture.NotListed, Operation: "s3:ListBuckets"}},
		},
	}
	if diff := cmp.Diff(wantDelta, delta); diff != "" {
		t.Errorf("delta (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"owner": "data"}, s.get(t, "alpha").Tags); diff != "" {
		t.Errorf("tags of alpha (-want +got):\n%s", diff)
	}
}

func TestS3BucketsWhenCallsAreRefused(t *testing.T) {
	t.Parallel()
	for op, want := range map[string][]string{
		"s3:GetBucketVersioning":                     {"mfa_delete", "versioning"},
		"s3:GetBucketEncryption":                     {"encryption_algorithm"},
		"s3:GetBucketPolicy":                         {"policy"},
		"s3:GetBucketOwnershipControls":              {"acls_disabled"},
		"s3:GetBucketLogging":                        {"access_log_bucket", "delivery_bars_kms", "receives_access_logs"},
		"s3:GetBucketLifecycleConfiguration":         {"expires_objects", "expires_old_versions"},
		"s3:GetObjectLockConfiguration":              {"object_lock"},
		"s3:GetBucketReplication":                    {"replicates_to_other_region"},
		"s3:GetBucketTagging":                        {"tags"},
		"s3:GetPublicAccessBlock":                    {"public_access_blocked"}, // neither policy nor ACL lets anybody in
		"s3:GetBucketPolicyStatus":                   {"public", "public_by"},
		"s3:GetBucketAcl":                            {"public", "public_by"},
		"s3control:GetPublicAccessBlock":             {"public_access_blocked"},
		"backup:ListProtectedResources":              {"last_backup"},
		"cloudtrail:DescribeTrails":                  {"stores_cloudtrail_logs"},
		"cloudtrail:ListTrails":                      {"stores_cloudtrail_logs"},
		"redshift:DescribeClusters":                  {"delivery_bars_kms"},
		"elasticloadbalancing:DescribeLoadBalancers": {"delivery_bars_kms", "receives_access_logs"},
		"elb:DescribeLoadBalancers":                  {"delivery_bars_kms", "receives_access_logs"},
		"cloudfront:ListDistributions":               {"needs_acl", "receives_access_logs"},
	} {
		t.Run(op, func(t *testing.T) {
			s := scanRefused(t, s3Fixtures, op, "AWS::S3::Bucket")
			if diff := cmp.Diff(want, deniedFields(s.get(t, "beta"))); diff != "" {
				t.Errorf("denied fields of beta (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(&S3Bucket{Created: s3Made}, s.get(t, "beta").Doc); diff != "" {
				t.Errorf("document of beta (-want +got):\n%s", diff)
			}
		})
	}
}

// scanRefused scans an estate in which an operation is denied.
func scanRefused(t *testing.T, archive, op string, types ...string) scanned {
	t.Helper()
	cloud := cloudOf(loadEstate(t, archive))
	cloud.Break(awstest.Fault{Kind: awstest.Denied, Op: op})
	return scanWant(t, serve(t, cloud), wantAll(types...))
}

// deniedFields returns the fields that were not read because a call was
// denied, sorted.
func deniedFields(r posture.Resource) []string {
	var fields []string
	for _, unread := range r.Unread {
		if unread.Cause.Reason == posture.Denied {
			fields = append(fields, unread.Field)
		}
	}
	slices.Sort(fields)
	return fields
}

// unblocked is a block on public access that blocks nothing.
const unblocked = `<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>`

func TestS3PublicIsWorkedOutFromWhatCouldBeRead(t *testing.T) {
	const bucket = `
-- s3:ListBuckets --
<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>
`
	const blocked = `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
	const public, private = `<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>`, `<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>`
	const refused = ""
	for name, test := range map[string]struct {
		account, bucket, status string
		public                  bool
		denied                  []string
	}{
		"all read, open":                     {unblocked, unblocked, public, true, nil},
		"all read, closed by the account":    {blocked, refused, refused, false, nil},
		"all read, closed by the bucket":     {unblocked, blocked, refused, false, nil},
		"account refused, bucket closes":     {refused, blocked, refused, false, nil},
		"account refused, policy private":    {refused, unblocked, private, false, []string{"public_access_blocked"}},
		"account refused, policy public":     {refused, unblocked, public, false, []string{"public", "public_access_blocked", "public_by"}},
		"bucket refused, policy public":      {unblocked, refused, public, false, []string{"public", "public_access_blocked", "public_by"}},
		"policy refused":                     {unblocked, unblocked, refused, false, []string{"public", "public_by"}},
		"everything but the ACL was refused": {refused, refused, refused, false, []string{"public", "public_access_blocked", "public_by"}},
	} {
		t.Run(name, func(t *testing.T) {
			estate := bucket + section("s3control:GetPublicAccessBlock", test.account) +
				section("s3:GetPublicAccessBlock bucket=one", test.bucket) +
				section("s3:GetBucketPolicyStatus bucket=one", test.status) +
				"-- s3:GetBucketPolicy error=NoSuchBucketPolicy --\n" +
				section("s3:GetBucketAcl bucket=one", "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList/></AccessControlPolicy>")
			want := posture.Want{"AWS::S3::Bucket": {"public", "public_access_blocked"}}
			s := scanWant(t, serve(t, cloudOf(loadEstate(t, estate))), want)
			one := s.get(t, "one")
			if got := one.Doc.(*S3Bucket).Public; got != test.public {
				t.Errorf("public = %v, want %v", got, test.public)
			}
			if diff := cmp.Diff(test.denied, deniedFields(one)); diff != "" {
				t.Errorf("denied fields (-want +got):\n%s", diff)
			}
		})
	}
}

// section writes a section; without a body the call is refused.
func section(name, body string) string {
	if body == "" {
		name += " error=AccessDenied"
	}
	return "-- " + name + " --\n" + body + "\n"
}

func TestS3AsksNothingOfBucketsThatTheAccountCloses(t *testing.T) {
	archive := strings.Replace(s3Fixtures, "-- s3control:GetPublicAccessBlock error=NoSuchPublicAccessBlockConfiguration --",
		"-- s3control:GetPublicAccessBlock --\n<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>", 1)
	want := posture.Want{"AWS::S3::Bucket": {"public", "public_access_blocked"}, "AWS::S3::AccountPublicAccessBlock": {"block_public_acls"}}
	s := scanWant(t, serve(t, cloudOf(loadEstate(t, archive))), want)
	gamma := s.get(t, "gamma").Doc.(*S3Bucket)
	if gamma.Public || !gamma.PublicAccessBlocked {
		t.Errorf("gamma is public: %v, blocked: %v", gamma.Public, gamma.PublicAccessBlocked)
	}
	calls := s.Report.Calls
	for _, opening := range []string{"sts:GetCallerIdentity", "ec2:DescribeRegions"} {
		delete(calls, opening)
	}
	if diff := cmp.Diff(map[string]int{"s3:ListBuckets": 2, "s3control:GetPublicAccessBlock": 1}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestS3ListingThatBreaksOff(t *testing.T) {
	cloud := cloudOf(loadEstate(t, s3Fixtures))
	cloud.Break(awstest.Fault{Kind: awstest.Denied, Op: "s3:ListBuckets", Later: true})
	s := scanWant(t, serve(t, cloud), wantAll("AWS::S3::Bucket"))
	want := []posture.Population{{Type: "AWS::S3::Bucket", Region: posture.Global, Count: 2, Cause: &posture.Cause{
		Reason: posture.Denied, Operation: "s3:ListBuckets", Code: "AccessDenied", Permission: "s3:ListAllMyBuckets",
	}}}
	if diff := cmp.Diff(want, s.Report.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
	// The destination of alpha's replication was not listed.
	got := s.get(t, "alpha").Unread
	unread := []posture.Unread{{Field: "replicates_to_other_region", Cause: notListed("s3:ListBuckets")}}
	if diff := cmp.Diff(unread, got); diff != "" {
		t.Errorf("unread of alpha (-want +got):\n%s", diff)
	}
}

func TestS3AccountPublicAccessBlock(t *testing.T) {
	const id = "arn:aws:s3::111122223333:account-public-access-block"
	for name, test := range map[string]struct {
		answer string
		want   S3AccountPublicAccessBlock
		denied int
	}{
		"nothing configured": {"-- s3control:GetPublicAccessBlock error=NoSuchPublicAccessBlockConfiguration --", S3AccountPublicAccessBlock{}, 0},
		"partly": {
			"-- s3control:GetPublicAccessBlock --\n<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
			S3AccountPublicAccessBlock{BlockPublicACLs: true, RestrictPublicBuckets: true}, 0,
		},
		"refused": {"-- s3control:GetPublicAccessBlock error=AccessDenied --", S3AccountPublicAccessBlock{}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := scanTypes(t, loadEstate(t, test.answer+"\n"), "AWS::S3::AccountPublicAccessBlock")
			got := s.get(t, id)
			if diff := cmp.Diff(&test.want, got.Doc); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if denied := len(deniedFields(got)); denied != test.denied {
				t.Errorf("%d fields denied, want %d: %v", denied, test.denied, got.Unread)
			}
		})
	}
}
