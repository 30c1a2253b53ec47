package services

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
	"github.com/google/go-cmp/cmp"

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
		time.Sleep(25 * time.Millisecond)
		cloud.ServeHTTP(w, r)
	}))
	cfg := engine.Outside(server.Config(testAccount))
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
