package services

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// twoBuckets is the smallest estate: a listing, and a call for each of what
// it lists; one is refused.
const twoBuckets = `
-- s3:ListBuckets --
<ListAllMyBucketsResult><Buckets>
	<Bucket><Name>alpha</Name><BucketRegion>us-east-1</BucketRegion></Bucket>
</Buckets><ContinuationToken>two</ContinuationToken></ListAllMyBucketsResult>
-- s3:ListBuckets continuation-token=two --
<ListAllMyBucketsResult><Buckets>
	<Bucket><Name>beta</Name><BucketRegion>eu-west-1</BucketRegion></Bucket>
</Buckets></ListAllMyBucketsResult>
-- s3:GetBucketVersioning bucket=alpha --
<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>
-- s3:GetBucketVersioning bucket=beta region=eu-west-1 error=AccessDenied --
`

func TestScanOfTwoPages(t *testing.T) {
	s := twoBucketScan(t)
	refused := posture.Cause{
		Reason: posture.Denied, Operation: "s3:GetBucketVersioning",
		Code: "AccessDenied", Permission: "s3:GetBucketVersioning",
	}
	beta := s.get(t, "beta")
	want := []posture.Unread{{Field: "versioning", Cause: refused}}
	var got []posture.Unread
	for _, unread := range beta.Unread {
		if unread.Field == "versioning" {
			got = append(got, unread)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unread of beta (-want +got):\n%s", diff)
	}
	population := []posture.Population{{Type: "AWS::S3::Bucket", Region: posture.Global, Count: 2, Complete: true}}
	if diff := cmp.Diff(population, s.Report.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
}

func twoBucketScan(t *testing.T) scanned {
	t.Helper()
	want := wantAll("AWS::S3::Bucket")
	want["AWS::S3::Bucket"] = []string{"versioning"}
	return scanWant(t, serve(t, cloudOf(loadEstate(t, twoBuckets))), want)
}

// open opens the test account on a cloud with two buckets.
func open(t *testing.T, target posture.Target, o engine.Options) (*engine.Account, error) {
	t.Helper()
	server := serve(t, cloudOf(loadEstate(t, twoBuckets)))
	return engine.Open(context.Background(), server.Config(testAccount), target, o)
}

func TestOpen(t *testing.T) {
	account, err := open(t, posture.Target{}, options(0))
	if err != nil {
		t.Fatal(err)
	}
	want := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"eu-west-1", "us-east-1"}}
	if diff := cmp.Diff(want, account.Target()); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := map[string]struct {
		target posture.Target
		want   string
	}{
		"another account": {
			target: posture.Target{Account: "444455556666"},
			want:   "the credentials belong to account 111122223333, not to 444455556666: check the profile or the role",
		},
		"a region that is not enabled": {
			target: posture.Target{Account: testAccount, Regions: []string{"us-east-1", "ap-east-1"}},
			want:   `region "ap-east-1" is not enabled in account 111122223333: expected one of eu-west-1, us-east-1`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, test.target, options(0))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestRegionThatIsOff shows that nothing of a region that the account has not
// enabled is asked for, that each population there says so, and that the other
// regions are read.
func TestRegionThatIsOff(t *testing.T) {
	estate := loadEstate(t, "-- ec2:DescribeRegions --\n<regionInfo><item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>"+
		"<item><regionName>af-south-1</regionName><optInStatus>not-opted-in</optInStatus></item></regionInfo>\n-- kms:ListKeys --\n{\"Keys\": []}\n-- kms:ListAliases --\n{\"Aliases\": []}\n")
	cloud := cloudOf(estate)
	target := posture.Target{Account: testAccount, Regions: []string{"af-south-1", "us-east-1"}}
	account, err := engine.Open(context.Background(), serve(t, cloud).Config(testAccount), target, options(1))
	if err != nil {
		t.Fatal(err)
	}
	got := scanAccount(context.Background(), account, wantAll("AWS::KMS::Key")).Report.Populations
	want := []posture.Population{
		{Type: "AWS::KMS::Key", Region: "af-south-1", Cause: &posture.Cause{Reason: posture.RegionOff, Operation: "ec2:DescribeRegions"}},
		{Type: "AWS::KMS::Key", Region: "us-east-1", Complete: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
	for _, request := range cloud.Log() {
		if request.Region == "af-south-1" {
			t.Errorf("%s was asked there", request.Op())
		}
	}
}

// TestQuietRegion: a region in which there is nothing is read whole, and of what
// is there once in each nothing is missing from the answers.
func TestQuietRegion(t *testing.T) {
	cloud := cloudOf(wholeEstate(t))
	cloud.Quiet("eu-west-1")
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"eu-west-1"}}
	account, err := engine.Open(context.Background(), serve(t, cloud).Config(testAccount), target, options(1))
	if err != nil {
		t.Fatal(err)
	}
	got := scanAccount(context.Background(), account, wantAll())
	there := 0
	for _, p := range got.Report.Populations {
		if p.Region == "eu-west-1" && (!p.Complete || p.Count > 1) {
			t.Errorf("%s: %d, %v", p.Type, p.Count, p.Cause)
		}
	}
	for _, r := range got.Resources {
		if r.Region == "eu-west-1" {
			there++
			for _, unread := range r.Unread {
				if unread.Cause.Reason == posture.NotAnswered {
					t.Errorf("%s: %s", r.ID, unread)
				}
			}
		}
	}
	if there == 0 {
		t.Error("nothing is there once in each region")
	}
	for _, section := range cloud.Missing() {
		if strings.HasSuffix(section, "region=eu-west-1") {
			t.Errorf("write a section: -- %s --", section)
		}
	}
}

// TestOtherAccount shows that credentials of another account are the reason why
// nothing of an account is read.
func TestOtherAccount(t *testing.T) {
	_, err := open(t, posture.Target{Account: "444455556666"}, options(0))
	var known *posture.ReadError
	want := posture.Cause{Reason: posture.OtherAccount, Operation: "sts:GetCallerIdentity", Code: "credentials of " + testAccount}
	if !errors.As(err, &known) || known.Cause != want {
		t.Errorf("err = %v, want %v", err, want)
	}
}

// TestOpenTellsNoSecret shows that what AWS answers, which may quote the
// signed request, does not get into the error, but its code does.
func TestOpenTellsNoSecret(t *testing.T) {
	for _, code := range []string{"ExpiredToken", "SignatureDoesNotMatch", "InvalidClientTokenId"} {
		estate := loadEstate(t, "")
		estate.Func("sts:GetCallerIdentity", func(awstest.Request) awstest.Answer {
			return awstest.Answer{Status: 403, Error: code, Message: "x-amz-security-token:made-up-token"}
		})
		_, err := engine.Open(context.Background(), serve(t, cloudOf(estate)).Config(testAccount), posture.Target{}, options(0))
		want := "identify the caller: sts:GetCallerIdentity: the credentials are missing or not accepted (" + code + "); sign in again"
		var api smithy.APIError
		if !errors.As(err, &api) || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestOpenWithoutListOfRegions(t *testing.T) {
	cloud := cloudOf(loadEstate(t, twoBuckets))
	cloud.Break(awstest.Fault{Kind: awstest.Denied, Op: "ec2:DescribeRegions"})
	cfg := serve(t, cloud).Config(testAccount)
	if _, err := engine.Open(context.Background(), cfg, posture.Target{Regions: []string{"us-east-1"}}, options(0)); err != nil {
		t.Errorf("regions that were named need no list: %v", err)
	}
	_, err := engine.Open(context.Background(), cfg, posture.Target{}, options(0))
	want := "list the enabled regions: ec2:DescribeRegions: access denied; grant ec2:DescribeRegions"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestScanOutOfTime shows that every population says so when a scan's time is
// up, those that were never begun included.
func TestScanOutOfTime(t *testing.T) {
	cloud := cloudOf(loadEstate(t, ""))
	account, err := engine.Open(context.Background(), serve(t, cloud).Config(testAccount), posture.Target{}, options(1))
	if err != nil {
		t.Fatal(err)
	}
	cloud.Break(awstest.Fault{Kind: awstest.Slow, Wait: time.Minute})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	s := scanAccount(ctx, account, wantAll())
	if len(s.Report.Populations) < len(All()) {
		t.Errorf("%d populations of %d scanners", len(s.Report.Populations), len(All()))
	}
	singletons := 0
	for _, p := range s.Report.Populations {
		if p.Complete && p.Count > 0 {
			singletons++ // always there, whatever could be read of it
			continue
		}
		if p.Complete || p.Cause == nil || p.Cause.Reason != posture.TimedOut {
			t.Errorf("%s in %s: complete %v, cause %v", p.Type, p.Region, p.Complete, p.Cause)
		}
	}
	if singletons == len(s.Report.Populations) {
		t.Error("nothing was out of time")
	}
}

func TestScanCountsCalls(t *testing.T) {
	s := twoBucketScan(t)
	want := map[string]int{
		"sts:GetCallerIdentity": 1, "ec2:DescribeRegions": 1,
		"s3:ListBuckets": 2, "s3:GetBucketVersioning": 2,
	}
	if diff := cmp.Diff(want, s.Report.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if want := "arn:aws:iam::111122223333:user/reader"; s.Report.Caller != want {
		t.Errorf("caller = %s, want %s", s.Report.Caller, want)
	}
}
