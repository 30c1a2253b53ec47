package drift_test

import (
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
)

// many yields n items in order without storing them.
func many[T any](n int, item func(int) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range n {
			if !yield(item(i), nil) {
				return
			}
		}
	}
}

// numbers are fingerprints made beforehand, so that their making is not
// measured.
func numbers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%064x", i)
	}
	return list
}

func BenchmarkCompareMillion(b *testing.B) {
	const n = 1_000_000
	fps := numbers(n)
	told := func(i int) drift.Notified {
		return drift.Notified{
			Fingerprint: fps[i], Rule: "told", Digest: "0", Account: target.Account, Region: "eu-west-1", Type: bucketType,
			Resource: "b", Name: "b", Status: posture.Pass, Since: start, LastPass: start,
		}
	}
	found := func(i int) posture.Finding {
		f := posture.Finding{
			Fingerprint: fps[i], Rule: "told", Account: target.Account, Region: "eu-west-1", Type: bucketType,
			Resource: "b", Name: "b", Status: posture.Pass,
		}
		if i%100 == 0 { // ten thousand regressions
			f.Status = posture.Fail
		}
		return f
	}
	s := sample{at: start.Add(time.Hour)}
	in, _ := s.run("x")
	in.Before = drift.Base{Run: "before", Rules: map[string]string{"told": "0", "old": "0"}, Regions: []string{"eu-west-1"}}
	base := liveHeap()
	peak := watchHeap(b)
	b.ResetTimer()
	for range b.N {
		lines, changes, collector := 0, drift.NewChanges(), drift.NewCollector(drift.Grouping{Run: in.Run, Time: in.Now, Rules: in.Rules})
		sum, err := drift.Compare(many(n, told), many(n, found), in, drift.Out{
			Change:   changes.Add,
			Notified: func(drift.Notified) error { lines++; return nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		collector.Target(sum, changes)
		if alerts := collector.Alerts(); lines != n || len(alerts) != 1 || alerts[0].Total != n/100 {
			b.Fatalf("got %d lines and %d alerts", lines, len(alerts))
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(max(peak()-base, 0))/(1<<20), "MB")
}

// liveHeap returns the bytes that live on the heap after a collection.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// watchHeap looks at the heap every few milliseconds. The function that it
// returns ends that and returns the most that was seen.
func watchHeap(b *testing.B) func() int64 {
	b.Helper()
	var most atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), int64(m.HeapAlloc)))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-done
		return most.Load()
	}
}
