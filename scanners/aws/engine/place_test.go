package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
)

// testAccount is the account that the tests read.
const testAccount = "111122223333"

// testPlace returns a place of an account that is not served, in eu-west-1,
// for a service that is read so.
func testPlace(options Options, read func(context.Context, *Place) error) *Place {
	a := &Account{options: options, partition: "aws", homeRegion: "us-east-1", record: newRecord()}
	a.target = posture.Target{Account: testAccount, Regions: []string{"eu-west-1"}}
	a.options.Services = []Service{{Type: scanners.Type{Name: "AWS::Test::Thing"}, Scan: read}}
	return a.places(a.begin(posture.Want{"AWS::Test::Thing": nil}, func(posture.Resource) {}))[0]
}

func TestOnceAsksOnce(t *testing.T) {
	p := testPlace(Options{}, nil)
	var asked atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			got, err := Once(p, "key", func() (string, error) {
				asked.Add(1)
				return "part", errors.ErrUnsupported
			})
			if got != "part" || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("Once = %q, %v", got, err)
			}
		})
	}
	group.Wait()
	if _, err := Once(p.Home(), "key", func() (string, error) { asked.Add(1); return "", nil }); err != nil {
		t.Error(err)
	}
	if asked.Load() != 2 {
		t.Errorf("asked %d times, want once for each of two regions", asked.Load())
	}
}

// TestOncePanic shows that all who share a listing learn that it failed.
func TestOncePanic(t *testing.T) {
	p := testPlace(Options{}, nil)
	for range 2 {
		_, err := Once(p, "key", func() ([]string, error) { panic("mistake") })
		if !errors.Is(err, scanners.ErrPanic) {
			t.Errorf("err = %v, want %v", err, scanners.ErrPanic)
		}
	}
}

// TestPanicMakesPopulationIncomplete shows it for a panic in a service and in
// the reading of one of its resources.
func TestPanicMakesPopulationIncomplete(t *testing.T) {
	scans := map[string]func(context.Context, *Place) error{
		"scanner": func(context.Context, *Place) error { panic("mistake") },
		"resource": func(ctx context.Context, p *Place) error {
			return Each(ctx, p, []int{1, 0, 3}, func(_ context.Context, p *Place, n int) {
				p.emit(posture.Resource{ID: string(rune('a' + 6/n))})
			})
		},
	}
	count := map[string]int{"scanner": 0, "resource": 2}
	for name, scan := range scans {
		p := testPlace(Options{}, scan)
		want := posture.Population{
			Type: "AWS::Test::Thing", Region: "eu-west-1", Count: count[name],
			Cause: &posture.Cause{Reason: posture.Mistake},
		}
		if diff := cmp.Diff(want, p.population(p.scanService(context.Background()))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSampleReadsOne(t *testing.T) {
	p := testPlace(Options{Sample: true}, nil)
	var read []int
	err := Each(context.Background(), p, []int{7, 8, 9}, func(_ context.Context, _ *Place, n int) { read = append(read, n) })
	if diff := cmp.Diff([]int{7}, read); err != nil || diff != "" {
		t.Errorf("read (-want +got):\n%s%v", diff, err)
	}
}

// TestClientsShareRetryer shows that there is one client, and one retry
// state, for each kind of client and region.
func TestClientsShareRetryer(t *testing.T) {
	p := testPlace(Options{}, nil)
	type built struct {
		region  string
		retryer aws.Retryer
	}
	build := func(cfg aws.Config, _ ...func(struct{})) *built {
		if cfg.Retryer() != cfg.Retryer() {
			t.Error("two uses of a configuration have two retryers")
		}
		return &built{cfg.Region, cfg.Retryer()}
	}
	here, again, home := Client(p, build), Client(p, build), Client(p.Home(), build)
	if here != again {
		t.Error("the same region got two clients")
	}
	if here.region != "eu-west-1" || home.region != "us-east-1" || here.retryer == home.retryer {
		t.Errorf("two regions share a client: %v, %v", here, home)
	}
}

// TestRegionIsOffByItsCodes shows when credentials that a region does not know
// mean that the region is off: only away from home, where they have worked,
// and only while nobody said which regions are enabled.
func TestRegionIsOffByItsCodes(t *testing.T) {
	p := testPlace(Options{}, nil)
	for _, code := range []string{"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "ExpiredToken", "AccessDenied"} {
		off := code != "ExpiredToken" && code != "AccessDenied"
		for _, unlisted := range []bool{true, false} {
			p.scan.unlisted = unlisted
			err := &smithy.GenericAPIError{Code: code}
			if got := p.cause(err); (got.Reason == posture.RegionOff) != (off && unlisted) || got.Code != code {
				t.Errorf("%s, unlisted %v: %+v", code, unlisted, got)
			}
			if got := p.Home().cause(err); got.Reason == posture.RegionOff {
				t.Errorf("%s at home: %+v", code, got)
			}
		}
	}
}
