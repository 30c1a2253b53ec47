package aws

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"posture/scanners/aws/awstest"
)

// watched returns a configuration whose calls the record watches, as those of
// an opened account are.
func watched(server *awstest.Server, r *record) aws.Config {
	cfg := server.Config(testAccount)
	cfg.APIOptions = append(cfg.APIOptions, r.watch)
	return cfg
}

// TestOnlyReads shows that calls which change something do not leave the process.
func TestOnlyReads(t *testing.T) {
	cloud := cloudOf(loadEstate(t, ""))
	cfg := watched(serve(t, cloud), newRecord())
	ctx := context.Background()
	_, put := s3.NewFromConfig(cfg).PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("alpha"), Key: aws.String("key"), Body: strings.NewReader("text"),
	})
	_, remove := iam.NewFromConfig(cfg).DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("someone")})
	_, rotate := secretsmanager.NewFromConfig(cfg).RotateSecret(ctx, &secretsmanager.RotateSecretInput{
		SecretId: aws.String("secret"), ClientRequestToken: aws.String("00000000-0000-0000-0000-000000000000"),
	})
	for _, err := range []error{put, remove, rotate} {
		if !errors.Is(err, errNotReadOnly) {
			t.Errorf("err = %v, want %v", err, errNotReadOnly)
		}
	}
	if log := cloud.Log(); len(log) != 0 {
		t.Errorf("requests were sent: %v", log)
	}
}

func TestReadOnlyNames(t *testing.T) {
	reads := []string{"GetBucketPolicy", "ListKeys", "DescribeVolumes", "BatchGetSecurityControls", "LookupEvents", "GenerateCredentialReport"}
	writes := []string{"PutObject", "CreateBucket", "DeleteUser", "UpdateTrail", "AssumeRole", "GenerateDataKey", "BatchWriteItem", "StartBackupJob", "ReceiveMessage", "Scan", "Query", "Decrypt", ""}
	for _, name := range reads {
		if !readOnly.MatchString(name) {
			t.Errorf("%s is refused", name)
		}
	}
	for _, name := range writes {
		if readOnly.MatchString(name) {
			t.Errorf("%s is let through", name)
		}
	}
}

// TestGates shows how many calls to a service are under way at most.
func TestGates(t *testing.T) {
	estate := loadEstate(t, "-- iam:GetAccountSummary --\n<SummaryMap/>\n-- s3:GetBucketVersioning --\n<VersioningConfiguration/>\n")
	var now, most atomic.Int32
	cloud := cloudOf(estate)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		under := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); under > old && !most.CompareAndSwap(old, under); old = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		cloud.ServeHTTP(w, r)
	}))
	cfg := watched(server, newRecord())
	calls := map[string]func(context.Context) error{
		"iam": func(ctx context.Context) error {
			_, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, nil)
			return err
		},
		"s3": func(ctx context.Context) error {
			_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).
				GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("alpha")})
			return err
		},
	}
	got := map[string]int32{}
	for service, do := range calls {
		most.Store(0)
		var group sync.WaitGroup
		for range 60 {
			group.Go(func() {
				if err := do(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		got[service] = most.Load()
	}
	if diff := cmp.Diff(map[string]int32{"iam": 4, "s3": 16}, got); diff != "" {
		t.Errorf("most calls under way (-want +got):\n%s", diff)
	}
}

// TestGateOfAccount shows that the account's own gate bounds all services
// together, and that waiting ends with the context.
func TestGateOfAccount(t *testing.T) {
	r := newRecord()
	var leaves []func()
	for i := range accountGate {
		leave, err := r.enter(context.Background(), "us-east-1", "service"+string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.enter(ctx, "us-east-1", "s3"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one too many was let in: %v", err)
	}
	for _, leave := range leaves {
		leave()
	}
	for range gateSize("s3") { // none of s3's own places was lost
		if _, err := r.enter(context.Background(), "us-east-1", "s3"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEmptyAnswers shows that a successful answer without a document is an
// error, not a document in which nothing is set.
func TestEmptyAnswers(t *testing.T) {
	cloud := cloudOf(loadEstate(t, "-- iam:GetAccountSummary --\n<SummaryMap/>\n"))
	client := iam.NewFromConfig(watched(serve(t, cloud), newRecord()))
	want := map[awstest.Kind]error{awstest.Empty: errEmptyAnswer, awstest.Page: errPageAnswer}
	for kind, wanted := range want {
		cloud.Break(awstest.Fault{Kind: kind})
		if _, err := client.GetAccountSummary(context.Background(), nil); !errors.Is(err, wanted) {
			t.Errorf("%s: err = %v, want %v", kind, err, wanted)
		}
	}
	cloud.Break()
	if _, err := client.GetAccountSummary(context.Background(), nil); err != nil {
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
