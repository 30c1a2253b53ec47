package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// open opens the test account on a cloud with the estate of place_test.go.
func open(t *testing.T, target posture.Target, options Options) (*Account, error) {
	t.Helper()
	server := serve(t, cloudOf(loadEstate(t, twoBuckets)))
	return Open(context.Background(), server.Config(testAccount), target, options)
}

func TestOpen(t *testing.T) {
	account, err := open(t, posture.Target{}, Options{})
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
		target  posture.Target
		options Options
		want    string
	}{
		"another account": {
			target: posture.Target{Account: "444455556666"},
			want:   "the credentials belong to account 111122223333, not to 444455556666: check the profile or the role",
		},
		"a region that is not enabled": {
			target: posture.Target{Account: testAccount, Regions: []string{"us-east-1", "ap-east-1"}},
			want:   `region "ap-east-1" is not enabled in account 111122223333: expected one of eu-west-1, us-east-1`,
		},
		"an unknown service": {
			options: Options{Services: []string{"s3", "s4"}},
			want:    `unknown service "s4": expected one of ` + strings.Join(Services(), ", "),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, test.target, test.options)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
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
		_, err := Open(context.Background(), serve(t, cloudOf(estate)).Config(testAccount), posture.Target{}, Options{})
		want := "ask who the credentials belong to: sts:GetCallerIdentity answered " + code
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
	if _, err := Open(context.Background(), cfg, posture.Target{Regions: []string{"us-east-1"}}, Options{}); err != nil {
		t.Errorf("regions that were named need no list: %v", err)
	}
	_, err := Open(context.Background(), cfg, posture.Target{}, Options{})
	want := "list the enabled regions: ec2:DescribeRegions answered UnauthorizedOperation"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestScanOutOfTime shows that every population says so when a scan's time is
// up, those that were never begun included.
func TestScanOutOfTime(t *testing.T) {
	cloud := cloudOf(loadEstate(t, ""))
	account, err := Open(context.Background(), serve(t, cloud).Config(testAccount), posture.Target{}, Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	cloud.Break(awstest.Fault{Kind: awstest.Slow, Wait: time.Minute})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	s := scanAccount(ctx, account, wantAll())
	if len(s.Coverage.Populations) < len(all) {
		t.Errorf("%d populations of %d scanners", len(s.Coverage.Populations), len(all))
	}
	singletons := 0
	for _, p := range s.Coverage.Populations {
		if p.Complete && p.Count > 0 {
			singletons++ // always there, whatever could be read of it
			continue
		}
		if p.Complete || p.Cause == nil || p.Cause.Reason != posture.TimedOut {
			t.Errorf("%s in %s: complete %v, cause %v", p.Type, p.Region, p.Complete, p.Cause)
		}
	}
	if singletons == len(s.Coverage.Populations) {
		t.Error("nothing was out of time")
	}
}

func TestScanCountsCalls(t *testing.T) {
	s := twoBucketScan(t)
	want := map[string]int{
		"sts:GetCallerIdentity": 1, "ec2:DescribeRegions": 1,
		"s3:ListBuckets": 2, "s3:GetBucketVersioning": 2,
	}
	if diff := cmp.Diff(want, s.Coverage.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if want := "arn:aws:iam::111122223333:user/reader"; s.Coverage.Caller != want {
		t.Errorf("caller = %s, want %s", s.Coverage.Caller, want)
	}
}

// TestServices shows that only the wanted types of the chosen services are read.
func TestServices(t *testing.T) {
	account, err := open(t, posture.Target{Regions: []string{"us-east-1"}}, Options{Attempts: 1, Services: []string{"s3"}})
	if err != nil {
		t.Fatal(err)
	}
	want := posture.Want{"AWS::S3::Bucket": {"versioning"}, "AWS::EC2::Volume": {"encrypted"}}
	var types []string
	for _, p := range scanAccount(context.Background(), account, want).Coverage.Populations {
		types = append(types, p.Type)
	}
	if diff := cmp.Diff([]string{"AWS::S3::Bucket"}, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

func TestHomeRegion(t *testing.T) {
	want := map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
	for partition, region := range want {
		if got := homeRegion(partition); got != region {
			t.Errorf("homeRegion(%q) = %q, want %q", partition, got, region)
		}
	}
}

// TestEnvironmentCannotCapAttempts shows that AWS_MAX_ATTEMPTS, which the
// configuration carries, leaves the retryer's own number as it is.
func TestEnvironmentCannotCapAttempts(t *testing.T) {
	account := &Account{options: Options{}, record: newRecord()}
	p := testPlace(account)
	p.cfg.RetryMaxAttempts = 2
	var built aws.Config
	client(p, func(cfg aws.Config) *int { built = cfg; return new(int) })
	if got := []int{built.RetryMaxAttempts, built.Retryer().MaxAttempts()}; !slices.Equal(got, []int{0, 10}) {
		t.Errorf("cap and attempts = %v, want 0 and 10", got)
	}
}
