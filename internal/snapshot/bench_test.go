package snapshot_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// A target as large as one may be: resources, and rules for each.
const (
	largeResources = 20_000
	largeRules     = 8
)

// writeLarge stores a large target from several goroutines.
func writeLarge(t testing.TB, s store.Store) snapshot.Part {
	t.Helper()
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: newRun(0).ID, Target: one, Attempt: "a"})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := worker; i < largeResources; i += 4 {
				addLarge(t, w, i)
			}
		})
	}
	group.Wait()
	part, _, err := w.Commit(context.Background(), s, snapshot.PartEnd{})
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// addLarge adds a resource with a document of about a kilobyte, and its
// findings of about half of one each.
func addLarge(t testing.TB, w *snapshot.PartWriter, i int) {
	r := bucket(i)
	statements := make([]map[string]any, 8)
	for n := range statements {
		statements[n] = map[string]any{"effect": "Allow", "action": fmt.Sprintf("s3:Get%d", i*n), "principal": fmt.Sprintf("arn:aws:iam::%012d:role/reader", i)}
	}
	r.Doc, r.Tags = map[string]any{"versioning": i%2 == 0, "statements": statements}, map[string]string{"owner": fmt.Sprintf("team-%d", i%50)}
	if err := w.Resource(r); err != nil {
		t.Error(err)
	}
	for n := range largeRules {
		f := finding(i, statuses[(i+n)%3])
		f.Rule = fmt.Sprintf("aws-s3-bucket-rule-number-%d", n)
		f.Fingerprint = posture.Fingerprint(f.Rule, f.Provider, f.Account, f.Region, f.Resource)
		if err := w.Finding(f); err != nil {
			t.Error(err)
		}
	}
}

// peak returns the most heap that was in use while f ran.
func peak(f func()) uint64 {
	runtime.GC()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var highest uint64
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			highest = max(highest, stats.HeapInuse+stats.StackInuse)
			select {
			case <-stop:
				tick.Stop()
				most <- highest
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	return <-most
}

// A large target is written within 128 MiB and read again within 64 MiB.
func TestLargeTarget(t *testing.T) {
	s := store.Dir(t.TempDir())
	var part snapshot.Part
	written := peak(func() { part = writeLarge(t, s) })
	if written > 128<<20 {
		t.Errorf("writing used %d MiB", written>>20)
	}
	if part.Findings.Lines != largeResources*largeRules || part.Resources.Lines != largeResources {
		t.Errorf("part %+v", part)
	}
	last, n := "", 0
	used := peak(func() {
		for f, err := range snapshot.Findings(t.Context(), s, part) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.Compare(f.Fingerprint, last) <= 0 {
				t.Fatalf("%s comes after %s", f.Fingerprint, last)
			}
			last, n = f.Fingerprint, n+1
		}
	})
	t.Logf("writing used %d MiB, reading %d MiB", written>>20, used>>20)
	if used > 64<<20 || n != part.Findings.Lines {
		t.Errorf("reading %d findings used %d MiB", n, used>>20)
	}
}

func BenchmarkWriteTarget(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		used := peak(func() { writeLarge(b, store.Memory()) })
		b.ReportMetric(float64(used>>20), "peak-MiB")
	}
	b.ReportMetric(float64(largeResources*largeRules)*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}

func BenchmarkReadFindings(b *testing.B) {
	s := store.Memory()
	part := writeLarge(b, s)
	b.ReportAllocs()
	b.ReportMetric(float64(part.Findings.Size>>10), "KiB")
	for b.Loop() {
		used := peak(func() {
			if _, err := count(snapshot.Findings(context.Background(), s, part)); err != nil {
				b.Fatal(err)
			}
		})
		b.ReportMetric(float64(used>>20), "peak-MiB")
	}
	b.ReportMetric(float64(part.Findings.Lines)*float64(b.N)/b.Elapsed().Seconds(), "findings/s")
}
