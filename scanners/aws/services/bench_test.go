package services

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// bucketWorld is an account with many buckets whose versioning is asked for
// at most so often a second; above that the server says SlowDown.
type bucketWorld struct {
	count   int
	limit   func(bucket string) *rate.Limiter
	latency time.Duration
	cloud   *awstest.Cloud // for all other calls
}

// together limits all buckets as one.
func together(limit *rate.Limiter) func(string) *rate.Limiter {
	return func(string) *rate.Limiter { return limit }
}

// each limits every bucket by itself, as S3 does.
func each(rps int) func(string) *rate.Limiter {
	var limits sync.Map
	return func(bucket string) *rate.Limiter {
		limit, _ := limits.LoadOrStore(bucket, rate.NewLimiter(rate.Limit(rps), rps))
		return limit.(*rate.Limiter)
	}
}

func (w bucketWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Has("versioning"):
		w.serveVersioning(rw, r.URL.Path)
	case query.Get("x-id") == "ListBuckets":
		w.serveList(rw, query.Get("continuation-token"))
	default:
		w.cloud.ServeHTTP(rw, r)
	}
}

func (w bucketWorld) serveVersioning(rw http.ResponseWriter, bucket string) {
	time.Sleep(w.latency)
	rw.Header().Set("Content-Type", "text/xml")
	if !w.limit(bucket).Allow() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(rw, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
		return
	}
	fmt.Fprint(rw, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
}

// serveList writes one page of a thousand names; the token is where to go on.
func (w bucketWorld) serveList(rw http.ResponseWriter, token string) {
	from, _ := strconv.Atoi(token) // none: the first page
	var names strings.Builder
	for i := from; i < min(from+1000, w.count); i++ {
		fmt.Fprintf(&names, "<Bucket><Name>bucket-%d</Name><BucketRegion>us-east-1</BucketRegion></Bucket>", i)
	}
	next := ""
	if from+1000 < w.count {
		next = fmt.Sprintf("<ContinuationToken>%d</ContinuationToken>", from+1000)
	}
	rw.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(rw, "<ListAllMyBucketsResult><Buckets>%s</Buckets>%s</ListAllMyBucketsResult>", &names, next)
}

// scan scans the versioning of all buckets with the options that a
// real scan has, and returns how many were not read.
func (w bucketWorld) scan(tb testing.TB, emit func(posture.Resource)) (lost int) {
	tb.Helper()
	w.cloud = cloudOf(loadEstate(tb, ""))
	cfg := serve(tb, w).Config(testAccount)
	account, err := engine.Open(context.Background(), cfg, posture.Target{Account: testAccount}, options(0))
	if err != nil {
		tb.Fatal(err)
	}
	read := 0
	coverage := account.Scan(context.Background(), posture.Want{"AWS::S3::Bucket": {"versioning"}}, func(r posture.Resource) {
		if doc, ok := r.Doc.(*S3Bucket); ok && doc.Versioning {
			read++
		}
		emit(r)
	})
	if p := coverage.Populations[0]; !p.Complete || p.Count != w.count {
		tb.Errorf("population = %+v, want %d, complete", p, w.count)
	}
	return w.count - read
}

func ignore(posture.Resource) {}

// TestThrottledLosesNothing is BenchmarkThrottled in small.
func TestThrottledLosesNothing(t *testing.T) {
	world := bucketWorld{count: 100, limit: together(rate.NewLimiter(60, 20)), latency: 5 * time.Millisecond}
	if lost := world.scan(t, ignore); lost != 0 {
		t.Errorf("%d of %d buckets were not read", lost, world.count)
	}
}

// BenchmarkThrottled reads buckets from a server that lets through a number of
// calls a second: none may be lost, and the time may be at most 1.3 times that
// which the server's rate allows. At 100 a second it is 9 s, and the last of the
// throttled tries, which wait up to 20 s each, are as much again.
func BenchmarkThrottled(b *testing.B) {
	for _, test := range []struct {
		rps, count int
		latency    time.Duration
		most       float64 // times the floor
	}{
		{20, 1000, 30 * time.Millisecond, 1.3},
		{50, 1000, 30 * time.Millisecond, 1.3},
		{100, 1000, 30 * time.Millisecond, 2.5},
	} {
		b.Run(fmt.Sprintf("%d-a-second", test.rps), func(b *testing.B) {
			floor := time.Duration(float64(test.count-test.rps) / float64(test.rps) * float64(time.Second))
			lost := 0
			for b.Loop() {
				world := bucketWorld{count: test.count, limit: together(rate.NewLimiter(rate.Limit(test.rps), test.rps)), latency: test.latency}
				lost += world.scan(b, ignore)
			}
			ratio := float64(b.Elapsed()) / float64(b.N) / float64(floor)
			b.ReportMetric(float64(lost), "lost")
			b.ReportMetric(ratio, "times-floor")
			if lost > 0 || ratio > test.most {
				b.Errorf("%d calls lost, %.2f times the floor", lost, ratio)
			}
		})
	}
}

// BenchmarkThrottledByBucket reads 20,000 buckets from a server that counts as S3
// does, 5,500 calls a second for each prefix; a bucket has at least one.
// No scan reaches that, so the processor makes the time.
func BenchmarkThrottledByBucket(b *testing.B) {
	const count, rps = 20000, 5500
	for b.Loop() {
		world := bucketWorld{count: count, limit: each(rps), latency: 5 * time.Millisecond}
		if lost := world.scan(b, ignore); lost > 0 {
			b.Errorf("%d calls lost", lost)
		}
	}
	b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkScan reads 20,000 buckets and reports the largest heap that was
// seen, that of the server included.
func BenchmarkScan(b *testing.B) {
	var peak uint64
	for b.Loop() {
		seen := 0
		world := bucketWorld{count: 20000, limit: together(rate.NewLimiter(rate.Inf, 1))}
		lost := world.scan(b, func(posture.Resource) {
			if seen++; seen%500 == 0 {
				peak = max(peak, heap())
			}
		})
		if lost > 0 {
			b.Errorf("%d calls lost", lost)
		}
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
