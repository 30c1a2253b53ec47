package services

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// TestOnlyReads shows that calls which change something do not leave the process.
func TestOnlyReads(t *testing.T) {
	cloud := cloudOf(loadEstate(t, ""))
	cfg := engine.Outside(serve(t, cloud).Config(testAccount))
	ctx := context.Background()
	_, put := s3.NewFromConfig(cfg).PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String("alpha"), Key: aws.String("key"), Body: strings.NewReader("text"),
	})
	_, remove := iam.NewFromConfig(cfg).DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("someone")})
	_, rotate := secretsmanager.NewFromConfig(cfg).RotateSecret(ctx, &secretsmanager.RotateSecretInput{
		SecretId: aws.String("secret"), ClientRequestToken: aws.String("00000000-0000-0000-0000-000000000000"),
	})
	for _, err := range []error{put, remove, rotate} {
		if !errors.Is(err, scanners.ErrNotReadOnly) {
			t.Errorf("err = %v, want %v", err, scanners.ErrNotReadOnly)
		}
	}
	if log := cloud.Log(); len(log) != 0 {
		t.Errorf("requests were sent: %v", log)
	}
}

// TestGates shows how many calls to a service are under way at first: none is
// answered before so many are. That of S3 widens only with answers.
func TestGates(t *testing.T) {
	calls := map[string]func(context.Context, aws.Config) error{
		"iam": func(ctx context.Context, cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, nil)
			return err
		},
		"s3": func(ctx context.Context, cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).
				GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("alpha")})
			return err
		},
	}
	for service, gate := range map[string]int32{"iam": 4, "s3": 16} {
		estate := loadEstate(t, "-- iam:GetAccountSummary --\n<SummaryMap/>\n-- s3:GetBucketVersioning --\n<VersioningConfiguration/>\n")
		full := &fullHouse{handler: cloudOf(estate), gate: gate, full: make(chan struct{})}
		cfg := engine.Outside(serve(t, full).Config(testAccount))
		var group sync.WaitGroup
		for range 3 * gate {
			group.Go(func() {
				if err := calls[service](context.Background(), cfg); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if most := full.most.Load(); most != gate && (service != "s3" || most > 3*gate) {
			t.Errorf("%s: %d calls were under way, want %d", service, most, gate)
		}
	}
}

// fullHouse answers nothing before a gate is full, and keeps how many calls
// were under way at most.
type fullHouse struct {
	handler   http.Handler
	gate      int32
	full      chan struct{}
	once      sync.Once
	now, most atomic.Int32
}

func (f *fullHouse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	under := f.now.Add(1)
	defer f.now.Add(-1)
	for old := f.most.Load(); under > old && !f.most.CompareAndSwap(old, under); old = f.most.Load() {
	}
	if under == f.gate {
		f.once.Do(func() { close(f.full) })
	}
	<-f.full
	f.handler.ServeHTTP(w, r)
}
