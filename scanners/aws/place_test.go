package aws

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

// twoBuckets is the smallest estate: a listing, and a call for each of what
// it lists, one of which is refused.
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
	if diff := cmp.Diff(population, s.Coverage.Populations); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
}

func twoBucketScan(t *testing.T) scanned {
	t.Helper()
	want := wantAll("AWS::S3::Bucket")
	want["AWS::S3::Bucket"] = []string{"versioning"}
	return scanWant(t, serve(t, cloudOf(loadEstate(t, twoBuckets))), want)
}

// testPlace returns a place of an account that is not served, in eu-west-1.
func testPlace(a *Account) *place {
	return &place{
		account: &account{
			id: testAccount, partition: "aws", homeRegion: "us-east-1", sample: a.options.Sample,
			newRetryer: a.newRetryer, permission: actionsByOp(), memos: map[memoKey]*memoEntry{},
			sink: func(posture.Resource) {},
		},
		Region: "eu-west-1", scanner: &scanner{Type: "AWS::Test::Thing"}, tally: new(tally),
	}
}

func TestMemoAsksOnce(t *testing.T) {
	p := testPlace(&Account{})
	var asked atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			got, err := memo(p, "key", func() (string, error) {
				asked.Add(1)
				return "part", errors.ErrUnsupported
			})
			if got != "part" || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("memo = %q, %v", got, err)
			}
		})
	}
	group.Wait()
	if _, err := memo(p.home(), "key", func() (string, error) { asked.Add(1); return "", nil }); err != nil {
		t.Error(err)
	}
	if asked.Load() != 2 {
		t.Errorf("asked %d times, want once for each of two regions", asked.Load())
	}
}

// TestMemoPanic shows that all who share a listing learn that it failed.
func TestMemoPanic(t *testing.T) {
	p := testPlace(&Account{})
	for range 2 {
		_, err := memo(p, "key", func() ([]string, error) { panic("mistake") })
		if !errors.Is(err, scanners.ErrPanic) {
			t.Errorf("err = %v, want %v", err, scanners.ErrPanic)
		}
	}
}

// TestPanicMakesPopulationIncomplete shows it for a panic in a scanner and in
// the reading of one of its resources.
func TestPanicMakesPopulationIncomplete(t *testing.T) {
	scans := map[string]func(context.Context, *place) error{
		"scanner": func(context.Context, *place) error { panic("mistake") },
		"resource": func(ctx context.Context, p *place) error {
			return each(ctx, p, []int{1, 0, 3}, func(_ context.Context, n int) {
				p.emit(posture.Resource{ID: string(rune('a' + 6/n))})
			})
		},
	}
	count := map[string]int{"scanner": 0, "resource": 2}
	for name, scan := range scans {
		p := testPlace(&Account{})
		p.scanner.Scan = scan
		want := posture.Population{
			Type: "AWS::Test::Thing", Region: "eu-west-1", Count: count[name],
			Cause: &posture.Cause{Reason: posture.Failed},
		}
		if diff := cmp.Diff(want, p.population(p.scan(context.Background()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSampleReadsOne(t *testing.T) {
	p := testPlace(&Account{options: Options{Sample: true}})
	var read []int
	err := each(context.Background(), p, []int{7, 8, 9}, func(_ context.Context, n int) { read = append(read, n) })
	if diff := cmp.Diff([]int{7}, read); err != nil || diff != "" {
		t.Errorf("read (-want +got):\n%s%v", diff, err)
	}
}

// TestClientsShareRetryer shows that there is one client, and one retry
// state, for each kind of client and region.
func TestClientsShareRetryer(t *testing.T) {
	p := testPlace(&Account{})
	type built struct {
		region  string
		retryer aws.Retryer
	}
	build := func(cfg aws.Config) *built {
		if cfg.Retryer() != cfg.Retryer() {
			t.Error("two uses of a configuration have two retryers")
		}
		return &built{cfg.Region, cfg.Retryer()}
	}
	here, again, home := client(p, build), client(p, build), client(p.home(), build)
	if here != again {
		t.Error("the same region got two clients")
	}
	if here.region != "eu-west-1" || home.region != "us-east-1" || here.retryer == home.retryer {
		t.Errorf("two regions share a client: %v, %v", here, home)
	}
}
