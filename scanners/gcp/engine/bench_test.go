package engine_test

import (
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/gcptest"
)

// BenchmarkOrganization collects 100,000 buckets, with a policy each, from a
// server on the loopback interface and reads them all. It reports what the
// estate takes in memory while it waits to be read, the server's part left
// out.
func BenchmarkOrganization(b *testing.B) {
	hierarchy, err := os.Open("../testdata/hierarchy.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	defer hierarchy.Close()
	server, err := gcptest.Start(io.Reader(hierarchy))
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	addBuckets(b, server, 100_000)
	scope, err := engine.InOrganization("3001")
	if err != nil {
		b.Fatal(err)
	}
	want := bench.Everything("storage.googleapis.com/Bucket")
	for b.Loop() {
		before := live()
		inventory, err := engine.Open(b.Context(), bench.Registry, scope, engine.Options{Client: server.Inventory(), PerMinute: 100_000, Attempts: 1, Backoff: time.Millisecond})
		if err != nil {
			b.Fatal(err)
		}
		inventory.Project(posture.Target{Provider: posture.GCP, Account: "folder-2001"}).Scan(b.Context(), want, func(posture.Resource) {}) // makes the pass
		b.ReportMetric(float64(live()-before)/(1<<20), "MiB-kept")
		count := 0
		coverage := inventory.Project(posture.Target{Provider: posture.GCP, Account: "shop-prod"}).Scan(b.Context(), want, func(posture.Resource) { count++ })
		if count != 100_000 || !coverage.Populations[0].Complete {
			b.Fatalf("read %d buckets: %v", count, coverage.Populations)
		}
		_ = inventory.Close()
	}
}

// live returns the bytes in use after a collection.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
