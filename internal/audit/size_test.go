package audit_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"posture/internal/audit"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/store"
)

const (
	manyResources = 20_000
	manyRules     = 8
)

// disk is a document of some size.
type disk struct {
	Encrypted bool     `json:"encrypted"`
	Key       string   `json:"key"`
	Grants    []string `json:"grants"`
}

// large is a scanner of one target with very many resources.
type large struct{}

func (large) Target() posture.Target {
	return posture.Target{Provider: posture.AWS, Account: "1", Regions: []string{"here"}}
}

func (large) Scan(_ context.Context, _ posture.Want, emit func(posture.Resource)) posture.ScanReport {
	for i := range manyResources {
		id := fmt.Sprintf("arn:aws:ec2:eu-central-1:111122223333:volume/vol-%017x", i*7919)
		emit(posture.Resource{
			Provider: posture.AWS, Account: "1", Region: "here", Type: "Test::Disk", ID: id, Name: id[len(id)-21:],
			Tags: map[string]string{"owner": fmt.Sprint("team-", i%40), "service": fmt.Sprint("service-", i%300)},
			Doc:  disk{Encrypted: i%3 > 0, Key: "arn:aws:kms:eu-central-1:111122223333:key/" + id, Grants: []string{"create", "attach", id}},
		})
	}
	return posture.ScanReport{Populations: []posture.Population{{Type: "Test::Disk", Region: "here", Count: manyResources, Complete: true}}}
}

// manyRulesOf returns a policy of rules that all judge disks.
func manyRulesOf(tb testing.TB) *policy.Policy {
	tb.Helper()
	template, err := os.ReadFile("testdata/rules/" + encrypted + ".yaml")
	if err != nil {
		tb.Fatal(err)
	}
	files := fstest.MapFS{}
	for i := range manyRules {
		id := fmt.Sprint("test-disk-", i)
		text := strings.NewReplacer(encrypted, id, bucketType, "Test::Disk",
			"resource.encrypted", `resource.encrypted && resource.key != "" && resource.grants.all(g, g != "public")`,
			"{encrypted: true}", `{encrypted: true, key: k}`).Replace(string(template))
		files[id+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	criteria, err := policy.LoadCriteria(os.DirFS("testdata"))
	if err != nil {
		tb.Fatal(err)
	}
	loaded, err := policy.Load(policy.Options{Docs: map[string]any{"Test::Disk": disk{}}, Files: []fs.FS{files}, Criteria: criteria, Examples: true})
	if err != nil {
		tb.Fatal(err)
	}
	return loaded
}

// weighed is a store that looks at the heap at every put.
type weighed struct {
	store.Store
	look func()
}

func (w weighed) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	w.look()
	return w.Store.PutIfAbsent(ctx, key, body)
}

// scanLarge scans and publishes the large target, and looks at the heap now
// and then.
func scanLarge(tb testing.TB, loaded *policy.Policy, look func()) {
	tb.Helper()
	s := newSite(loaded)
	a := s.process(weighed{s.disk, look})
	a.Clouds = map[posture.Provider]audit.Cloud{posture.AWS: {
		Policy:  loaded,
		Targets: func(context.Context) ([]posture.Target, error) { return []posture.Target{large{}.Target()}, nil },
		Open:    func(context.Context, posture.Target) (audit.Scanner, error) { return large{}, nil },
	}}
	a.Progress = func(_ posture.Target, n int) {
		if n%2000 == 0 {
			look()
		}
	}
	published, err := s.try(a)
	if err != nil {
		tb.Fatal(err)
	}
	counts := published.Parts[0].Counts
	if counts[posture.Pass]+counts[posture.Fail] != manyResources*manyRules || counts[posture.Unknown] > 0 {
		tb.Fatalf("counts %v", counts)
	}
}

// TestLargeTarget holds what is alive while a target of 20,000 resources is
// scanned with eight rules, and while it is published. The heap as a whole may
// be about twice that, which is far below the 256 MB that a function has.
func TestLargeTarget(t *testing.T) { // not parallel: it weighs the whole process
	if testing.Short() {
		t.Skip("a large target takes seconds")
	}
	var peak uint64
	scanLarge(t, manyRulesOf(t), func() {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	})
	t.Logf("at most %d MB alive", peak>>20)
	if peak > 96<<20 {
		t.Errorf("%d MB alive, want at most 96", peak>>20)
	}
}

// BenchmarkScan20000 scans and publishes a target of 20,000 resources with
// eight rules. The whole of it is to stay under 256 MB.
func BenchmarkScan20000(b *testing.B) {
	loaded := manyRulesOf(b)
	var peak uint64
	for b.Loop() {
		scanLarge(b, loaded, func() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		})
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(manyResources*manyRules/(b.Elapsed().Seconds()/float64(b.N)), "findings/s")
}
