package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"posture/scanners"
	"posture/scanners/aws/awstest"
)

func TestReadOnlyNames(t *testing.T) {
	reads := []string{"GetBucketPolicy", "ListKeys", "DescribeVolumes", "BatchGetSecurityControls", "LookupEvents", "GenerateCredentialReport"}
	writes := []string{"PutObject", "CreateBucket", "DeleteUser", "UpdateTrail", "AssumeRole", "GenerateDataKey", "BatchWriteItem", "StartBackupJob", "ReceiveMessage", "Scan", "Query", "Decrypt", ""}
	for _, name := range reads {
		if err := scanners.CheckRead(name, otherRead); err != nil {
			t.Errorf("%s is refused", name)
		}
	}
	for _, name := range writes {
		if err := scanners.CheckRead(name, otherRead); err == nil {
			t.Errorf("%s is let through", name)
		}
	}
}

// TestEmptyAnswers shows that a successful answer without a document is an
// error, not a document in which nothing is set.
func TestEmptyAnswers(t *testing.T) {
	estate, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"us-east-1"}, map[string]*awstest.Estate{testAccount: estate})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client := sts.NewFromConfig(Outside(server.Config(testAccount)))
	want := map[awstest.Kind]error{awstest.Empty: errEmptyAnswer, awstest.Page: errForeignAnswer}
	for kind, wanted := range want {
		cloud.Break(awstest.Fault{Kind: kind})
		if _, err := client.GetCallerIdentity(context.Background(), nil); !errors.Is(err, wanted) {
			t.Errorf("%s: err = %v, want %v", kind, err, wanted)
		}
	}
	cloud.Break()
	if _, err := client.GetCallerIdentity(context.Background(), nil); err != nil {
		t.Errorf("a whole answer is refused: %v", err)
	}
}

func TestRetryerRetries(t *testing.T) {
	r := (&Account{}).newRetryer()
	for _, code := range []string{"SlowDown", "Throttling", "Throttled", "TooManyRequests"} {
		if !r.IsErrorRetryable(&smithy.GenericAPIError{Code: code}) {
			t.Errorf("%s is not tried again", code)
		}
	}
	if r.IsErrorRetryable(&smithy.GenericAPIError{Code: "AccessDenied"}) {
		t.Error("a refusal is tried again")
	}
}

func TestPrefix(t *testing.T) {
	want := map[string]string{
		"S3": "s3", "EFS": "elasticfilesystem", "CloudWatch Logs": "logs", "CloudWatch": "cloudwatch",
		"Config Service": "config", "Elastic Load Balancing v2": "elasticloadbalancing",
		"Auto Scaling": "autoscaling", "Secrets Manager": "secretsmanager", "S3 Control": "s3control",
	}
	for id, prefixed := range want {
		if got := prefix(id); got != prefixed {
			t.Errorf("prefix(%q) = %q, want %q", id, got, prefixed)
		}
	}
}
