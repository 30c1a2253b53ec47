package awstest_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"posture/scanners/aws/awstest"
)

const (
	account = "111122223333"
	other   = "444455556666"
)

// estate has one call of each protocol.
const estate = `
-- ec2:DescribeVolumes --
<volumeSet><item><volumeId>vol-1</volumeId></item></volumeSet><nextToken>two</nextToken>
-- ec2:DescribeVolumes NextToken=two --
<volumeSet><item><volumeId>vol-2</volumeId></item></volumeSet>
-- ec2:DescribeVolumes region=eu-west-1 --
<volumeSet><item><volumeId>vol-3</volumeId></item></volumeSet>
-- iam:GetRole RoleName=auditor --
<Role><RoleName>auditor</RoleName></Role>
-- kms:DescribeKey KeyId=k1 --
{"KeyMetadata": {"KeyId": "k1", "CreationDate": 1767225600}}
-- sqs:GetQueueAttributes AttributeNames.1=All --
{"Attributes": {"KmsMasterKeyId": "k1"}}
-- cloudwatch:DescribeAlarms AlarmNames.1=high --
{"MetricAlarms": [{"AlarmName": "high", "Threshold": 0.5, "Period": 60, "StateUpdatedTimestamp": {"$time": 1767225600}}]}
-- lambda:GetPolicy FunctionName=f --
{"Policy": "{}"}
-- elasticfilesystem:DescribeBackupPolicy FileSystemId=fs-1 error=PolicyNotFound --
-- backup:ListProtectedResources --
{"Results": [{"ResourceArn": "arn:aws:rds:us-east-1:111122223333:db:one"}]}
-- guardduty:ListDetectors --
{"detectorIds": ["d1"]}
-- securityhub:GetEnabledStandards --
{"StandardsSubscriptions": [{"StandardsArn": "s1"}]}
-- s3:GetBucketPolicy Bucket=beta error=NoSuchBucketPolicy --
-- s3:GetBucketVersioning Bucket=beta --
<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>
-- s3control:GetPublicAccessBlock AccountId=111122223333 --
<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>
`

func start(t *testing.T) (*awstest.Cloud, *awstest.Server) {
	t.Helper()
	held, err := awstest.Load([]byte(estate))
	if err != nil {
		t.Fatal(err)
	}
	none, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"us-east-1", "eu-west-1"}, map[string]*awstest.Estate{account: held, other: none})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return cloud, server
}

// reads holds one call of each protocol: it returns something of the answer.
var reads = map[string]func(context.Context, aws.Config) (any, error){
	"ec2:DescribeVolumes": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := ec2.NewFromConfig(cfg).DescribeVolumes(ctx, &ec2.DescribeVolumesInput{NextToken: aws.String("two")})
		return get(err, func() any { return *out.Volumes[0].VolumeId })
	},
	"iam:GetRole": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("auditor")})
		return get(err, func() any { return *out.Role.RoleName })
	},
	"kms:DescribeKey": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := kms.NewFromConfig(cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("k1")})
		return get(err, func() any { return out.KeyMetadata.CreationDate.UTC() })
	},
	"sqs:GetQueueAttributes": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String("https://queue"), AttributeNames: []sqstypes.QueueAttributeName{"All"},
		})
		return get(err, func() any { return out.Attributes })
	},
	"cloudwatch:DescribeAlarms": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"high"}})
		return get(err, func() any {
			alarm := out.MetricAlarms[0]
			return []any{*alarm.AlarmName, *alarm.Threshold, *alarm.Period, alarm.StateUpdatedTimestamp.UTC()}
		})
	},
	"lambda:GetPolicy": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := lambda.NewFromConfig(cfg).GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})
		return get(err, func() any { return *out.Policy })
	},
	"elasticfilesystem:DescribeBackupPolicy": func(ctx context.Context, cfg aws.Config) (any, error) {
		_, err := efs.NewFromConfig(cfg).DescribeBackupPolicy(ctx, &efs.DescribeBackupPolicyInput{FileSystemId: aws.String("fs-1")})
		return get(err, nil)
	},
	"backup:ListProtectedResources": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := backup.NewFromConfig(cfg).ListProtectedResources(ctx, nil)
		return get(err, func() any { return *out.Results[0].ResourceArn })
	},
	"guardduty:ListDetectors": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := guardduty.NewFromConfig(cfg).ListDetectors(ctx, nil)
		return get(err, func() any { return out.DetectorIds })
	},
	"securityhub:GetEnabledStandards": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := securityhub.NewFromConfig(cfg).GetEnabledStandards(ctx, nil)
		return get(err, func() any { return *out.StandardsSubscriptions[0].StandardsArn })
	},
	"s3:GetBucketPolicy": func(ctx context.Context, cfg aws.Config) (any, error) {
		_, err := s3Client(cfg).GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("beta")})
		return get(err, nil)
	},
	"s3:GetBucketVersioning": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := s3Client(cfg).GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("beta")})
		return get(err, func() any { return string(out.Status) })
	},
	"s3control:GetPublicAccessBlock": func(ctx context.Context, cfg aws.Config) (any, error) {
		out, err := s3control.NewFromConfig(cfg).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(account)})
		return get(err, func() any { return *out.PublicAccessBlockConfiguration.BlockPublicAcls })
	},
}

func s3Client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// get returns what a successful answer told, else the error's code.
func get(err error, told func() any) (any, error) {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode(), err
	}
	if err != nil {
		return nil, err
	}
	return told(), nil
}

func TestProtocols(t *testing.T) {
	_, server := start(t)
	newYear := time.Unix(1767225600, 0).UTC()
	want := map[string]any{
		"ec2:DescribeVolumes":                    "vol-2",
		"iam:GetRole":                            "auditor",
		"kms:DescribeKey":                        newYear,
		"sqs:GetQueueAttributes":                 map[string]string{"KmsMasterKeyId": "k1"},
		"cloudwatch:DescribeAlarms":              []any{"high", 0.5, int32(60), newYear},
		"lambda:GetPolicy":                       "{}",
		"elasticfilesystem:DescribeBackupPolicy": "PolicyNotFound",
		"backup:ListProtectedResources":          "arn:aws:rds:us-east-1:111122223333:db:one",
		"guardduty:ListDetectors":                []string{"d1"},
		"securityhub:GetEnabledStandards":        "s1",
		"s3:GetBucketPolicy":                     "NoSuchBucketPolicy",
		"s3:GetBucketVersioning":                 "Enabled",
		"s3control:GetPublicAccessBlock":         true,
	}
	got := map[string]any{}
	for op, read := range reads {
		answer, err := read(context.Background(), server.Config(account))
		if answer == nil {
			t.Errorf("%s: %v", op, err)
		}
		got[op] = answer
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestRefusalCodes shows the code by which each service refuses or throttles.
func TestRefusalCodes(t *testing.T) {
	cloud, server := start(t)
	want := map[string][2]string{
		"ec2:DescribeVolumes":            {"UnauthorizedOperation", "RequestLimitExceeded"},
		"iam:GetRole":                    {"AccessDenied", "Throttling"},
		"kms:DescribeKey":                {"AccessDeniedException", "ThrottlingException"},
		"cloudwatch:DescribeAlarms":      {"AccessDeniedException", "ThrottlingException"},
		"lambda:GetPolicy":               {"AccessDeniedException", "ThrottlingException"},
		"s3:GetBucketVersioning":         {"AccessDenied", "SlowDown"},
		"s3control:GetPublicAccessBlock": {"AccessDenied", "SlowDown"},
	}
	got := map[string][2]string{}
	for op := range want {
		var codes [2]string
		for i, kind := range []awstest.Kind{awstest.Denied, awstest.Throttled} {
			cloud.Break(awstest.Fault{Kind: kind, Op: op})
			code, _ := reads[op](context.Background(), server.Config(account))
			codes[i], _ = code.(string)
		}
		got[op] = codes
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

// TestFaults shows that every kind of fault makes calls of every protocol
// fail, save those that only the caller can tell from an answer.
func TestFaults(t *testing.T) {
	cloud, server := start(t)
	kinds := []awstest.Kind{awstest.Denied, awstest.Throttled, awstest.HTML, awstest.CutOff, awstest.Slow, awstest.Reset}
	for _, op := range slices.Sorted(maps.Keys(reads)) {
		for _, kind := range kinds {
			cloud.Break(awstest.Fault{Kind: kind, Op: op, Wait: time.Minute})
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			if kind != awstest.Slow {
				ctx = context.Background()
			}
			if _, err := reads[op](ctx, server.Config(account)); err == nil {
				t.Errorf("%s succeeded though it was to meet: %s", op, kind)
			}
			cancel()
		}
	}
}

func TestAccounts(t *testing.T) {
	_, server := start(t)
	ctx := context.Background()
	out, err := sts.NewFromConfig(server.Config(account)).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + other + ":role/reader"), RoleSessionName: aws.String("run"),
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config(other)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		c := out.Credentials
		return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}, nil
	})
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil || *identity.Account != other {
		t.Errorf("the assumed role is of account %v, want %s (%v)", identity, other, err)
	}
	_, err = sts.NewFromConfig(server.Config("000000000000")).GetCallerIdentity(ctx, nil)
	if code, _ := get(err, nil); code != "InvalidClientTokenId" {
		t.Errorf("an unknown account was answered %v", err)
	}
}

func TestRegions(t *testing.T) {
	cloud, server := start(t)
	volumes := func(region string) any {
		cfg := server.Config(account)
		cfg.Region = region
		out, err := ec2.NewFromConfig(cfg).DescribeVolumes(context.Background(), nil)
		told, _ := get(err, func() any {
			var ids []string
			for _, volume := range out.Volumes {
				ids = append(ids, *volume.VolumeId)
			}
			return ids
		})
		return told
	}
	got := []any{volumes("us-east-1"), volumes("eu-west-1"), volumes("ap-south-1")}
	cloud.Quiet("eu-west-1", "ap-south-1")
	got = append(got, volumes("eu-west-1"), volumes("ap-south-1"))
	want := []any{[]string{"vol-1"}, []string{"vol-3"}, []string{"vol-1"}, []string{"vol-3"}, []string(nil)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("volumes (-want +got):\n%s", diff)
	}
}

func TestMissingSection(t *testing.T) {
	cloud, server := start(t)
	_, err := iam.NewFromConfig(server.Config(account)).GetRole(context.Background(), &iam.GetRoleInput{RoleName: aws.String("admin")})
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("want an API error, got %v", err)
	}
	want := "write a section: -- iam:GetRole rolename=admin region=us-east-1 --"
	if api.ErrorCode() != "NoFixture" || api.ErrorMessage() != want {
		t.Errorf("got %s: %s, want %s", api.ErrorCode(), api.ErrorMessage(), want)
	}
	if log := cloud.Log(); len(log) != 1 || log[0].Op() != "iam:GetRole" {
		t.Errorf("log = %v", log)
	}
}

func TestSet(t *testing.T) {
	held, err := awstest.Load([]byte("-- iam:GetRole RoleName=a --\n<Role><RoleName>old</RoleName></Role>\n"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := awstest.Start(awstest.New(nil, map[string]*awstest.Estate{account: held}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	if err := held.Set("iam:GetRole RoleName=a", "<Role><RoleName>new</RoleName></Role>"); err != nil {
		t.Fatal(err)
	}
	out, err := iam.NewFromConfig(server.Config(account)).GetRole(context.Background(), &iam.GetRoleInput{RoleName: aws.String("a")})
	if err != nil || *out.Role.RoleName != "new" {
		t.Errorf("got %v, %v", out, err)
	}
	for _, name := range []string{"", "iam", "iam:GetRole RoleName", "iam:GetRole status=x"} {
		if err := held.Set(name, ""); err == nil {
			t.Errorf("a section named %q was taken", name)
		}
	}
}
