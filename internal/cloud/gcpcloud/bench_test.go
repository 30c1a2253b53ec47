package gcpcloud

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"posture/internal/audit"
	"posture/internal/cloudtest"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/gcp"
	"posture/scanners/gcp/gcptest"
)

// serving makes the test's own program serve an estate of so many assets
// until its input ends: in a process of its own it takes none of the memory
// that is measured.
const serving = "POSTURE_BENCH_ASSETS"

func TestMain(m *testing.M) {
	if text := os.Getenv(serving); text != "" {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(text string) error {
	var count int
	if _, err := fmt.Sscan(text, &count); err != nil {
		return err
	}
	kind, err := testData()
	if err != nil {
		return err
	}
	server, err := gcptest.Start(kind.estate(count))
	if err != nil {
		return err
	}
	defer server.Close()
	fmt.Println(strings.TrimPrefix(server.URL(), "http://"))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// town is the scanners' test data: what an organization has once, and what a
// group of projects has.
type town struct {
	once, often []string
}

var (
	projectID     = regexp.MustCompile(`\bshop-(prod|test|lab|gone)\b`)
	projectNumber = regexp.MustCompile(`\b1000000000([0-9]{2})\b`)
)

func testData() (town, error) {
	files, err := filepath.Glob("../../../scanners/gcp/testdata/*.ndjson")
	if err != nil || len(files) == 0 {
		return town{}, fmt.Errorf("found %d files of test data: %w", len(files), err)
	}
	var t town
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return town{}, err
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, `"ancestors":["projects/`) {
				t.often = append(t.often, line)
			} else {
				t.once = append(t.once, line)
			}
		}
	}
	return t, nil
}

// estate returns an estate of so many assets: the groups of projects again and
// again, under other names.
func (t town) estate(count int) io.Reader {
	var text bytes.Buffer
	for _, line := range t.once {
		text.WriteString(line)
	}
	for i := len(t.once); i < count; i++ {
		group, line := (i-len(t.once))/len(t.often), t.often[(i-len(t.once))%len(t.often)]
		line = projectID.ReplaceAllString(line, fmt.Sprintf("team%d-$1", group))
		text.WriteString(projectNumber.ReplaceAllString(line, fmt.Sprintf("1%05d0000$1", group)))
	}
	return &text
}

// elsewhere starts a process that serves an estate.
func elsewhere(b *testing.B, count int) (inventory, rest []option.ClientOption) {
	b.Helper()
	program := exec.CommandContext(b.Context(), os.Args[0])
	program.Env, program.Stderr = append(os.Environ(), fmt.Sprintf("%s=%d", serving, count)), os.Stderr
	hold, err := program.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	said, err := program.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = hold.Close()
		_ = program.Wait()
	})
	addr, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	addr = strings.TrimSpace(addr)
	plain := option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))
	return []option.ClientOption{option.WithEndpoint(addr), option.WithoutAuthentication(), plain},
		[]option.ClientOption{option.WithEndpoint("http://" + addr), option.WithoutAuthentication()}
}

// BenchmarkRun collects 100,000 assets of all services from a server on the
// loopback interface, judges them by all rules and stores the parts. Direct
// reads are refused by the server, and fails are not read again. The heap is
// what is live and what waits to be collected, at its highest.
func BenchmarkRun(b *testing.B) {
	const assets = 100_000
	inventory, rest := elsewhere(b, assets)
	loaded := allRules(b)
	for b.Loop() {
		stop := cloudtest.WatchHeap()
		done := auditAll(b.Context(), b, settings{Config: config.Config{GCP: config.GCP{Organization: "3001"}}, Policy: loaded, GCP: gcp.Options{
			Client: inventory, REST: rest, Attempts: 1, Backoff: time.Millisecond, PerMinute: 10_000, NoReread: true,
		}})
		b.ReportMetric(float64(stop())/(1<<20), "MiB-heap")
		b.ReportMetric(float64(done.findings), "findings")
		for content, calls := range done.listings {
			b.ReportMetric(float64(calls), content+"-calls")
		}
	}
	b.ReportMetric(assets*float64(b.N)/b.Elapsed().Seconds(), "assets/s")
	b.ReportMetric(float64(cloudtest.ResidentMiB()), "MiB-resident")
}

// TestCalls: listing takes a call for 1,000 assets, and two more at most of
// each content, with a time limit and without.
func TestCalls(t *testing.T) {
	const assets = 4_500
	kind, err := testData()
	if err != nil {
		t.Fatal(err)
	}
	server, err := gcptest.Start(kind.estate(assets))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	bounded, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"one pass": t.Context(), "a time limit": bounded} {
		before := len(server.Calls())
		auditAll(ctx, t, settings{Config: config.Config{GCP: config.GCP{Organization: "3001"}}, Policy: allRules(t), GCP: gcp.Options{
			Client: server.Inventory(), REST: server.REST(), Attempts: 1, Backoff: time.Millisecond, PerMinute: 10_000, NoReread: true,
		}})
		calls := map[string]int{}
		for _, call := range server.Calls()[before:] {
			calls[call.Content.String()]++
		}
		for content, made := range calls {
			if most := (assets+999)/1000 + 2; made > most {
				t.Errorf("%s: %d calls for %s, want at most %d", name, made, content, most)
			}
		}
		if len(calls) != 3 {
			t.Errorf("%s: contents that were listed: %v", name, calls)
		}
	}
}

// audited is what came of a run.
type audited struct {
	targets, findings int
	listings          map[string]int // calls by content
}

// auditAll does a run up to the parts of all targets.
func auditAll(ctx context.Context, t testing.TB, o settings) audited {
	t.Helper()
	c, err := newPass(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a := &audit.Auditor{
		Store: store.Memory(), Config: o.Config, Clouds: map[posture.Provider]audit.Cloud{posture.GCP: c.cloud(nil)},
		Now: time.Now, Attempt: setup.Attempt, Tool: "bench",
	}
	run, _, err := a.Plan(ctx, time.Now(), "gcp", "opener")
	if err != nil {
		t.Fatal(err)
	}
	done := audited{targets: len(run.Targets), listings: map[string]int{}}
	if err := a.ScanAll(ctx, run, run.Targets, done.add); err != nil {
		t.Fatal(err)
	}
	return done
}

func (a *audited) add(part snapshot.Part) {
	for _, count := range part.Counts {
		a.findings += count
	}
	for op, count := range part.Report.Calls {
		if content, ok := strings.CutPrefix(op, "cloudasset.ListAssets("); ok {
			a.listings[strings.TrimSuffix(content, ")")] += count
		}
	}
}
