package azurecloud

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/cloudtest"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/azure"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/enginetest"
)

// serving makes the test's own program serve a tenant of so many resources until its
// input ends: in a process of its own it takes none of the memory that is measured.
const serving = "POSTURE_BENCH_RESOURCES"

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
	estate, err := tenant(count)
	if err != nil {
		return err
	}
	server := azuretest.Start(estate)
	defer server.Close()
	fmt.Println(server.URL)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// tenant returns a tenant of so many resources: the scanners' test data again and
// again, in subscriptions of their own.
func tenant(count int) (azuretest.Estate, error) {
	files, err := filepath.Glob(testdata + "*.txtar")
	if err != nil || len(files) == 0 {
		return azuretest.Estate{}, fmt.Errorf("found %d files of test data: %w", len(files), err)
	}
	once, err := azuretest.Load(files...)
	if err != nil {
		return azuretest.Estate{}, err
	}
	text, err := json.Marshal(once.Tables)
	if err != nil {
		return azuretest.Estate{}, err
	}
	all := azuretest.Estate{Tables: map[string][]map[string]any{}, Answers: map[string]azuretest.Answer{}}
	var subscriptions []string
	for made := 0; made < count; {
		id := fmt.Sprintf("%08d-2222-3333-4444-555555555555", len(subscriptions)+1)
		var tables map[string][]map[string]any
		if err := json.Unmarshal([]byte(moved(string(text), id)), &tables); err != nil {
			return azuretest.Estate{}, err
		}
		for table, rows := range tables {
			all.Tables[table] = append(all.Tables[table], rows...)
			made += len(rows)
		}
		for path, answer := range once.Answers {
			all.Answers[moved(path, id)] = azuretest.Answer{Status: answer.Status, Body: moved(answer.Body, id)}
		}
		subscriptions = append(subscriptions, fmt.Sprintf(`{"id": "/subscriptions/%[1]s", "subscriptionId": %[1]q, "tenantId": %[2]q, "displayName": "team", "state": "Enabled"}`, id, enginetest.Tenant))
	}
	all.Answers["/subscriptions"] = azuretest.Answer{Status: 200, Body: `{"value": [` + strings.Join(subscriptions, ",") + `]}`}
	return all, nil
}

// moved returns a text of the test data's subscription as one of another.
func moved(text, subscription string) string {
	return strings.ReplaceAll(text, enginetest.Subscription, subscription)
}

// elsewhere starts a process that serves a tenant, and returns its address.
func elsewhere(b *testing.B, count int) string {
	b.Helper()
	program := exec.CommandContext(b.Context(), os.Args[0])
	program.Env, program.Stderr = append(os.Environ(), fmt.Sprintf("%s=%d", serving, count)), os.Stderr
	hold := must(program.StdinPipe())(b)
	said := must(program.StdoutPipe())(b)
	if err := program.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = hold.Close()
		_ = program.Wait()
	})
	return strings.TrimSpace(must(bufio.NewReader(said).ReadString('\n'))(b))
}

// readFrom returns how a stand-in for Azure is read, without waiting.
func readFrom(t testing.TB, url string) azure.Options {
	t.Helper()
	o := must(Loopback(url))(t)
	o.Attempts, o.NoReread = 1, true
	return o
}

// BenchmarkRun collects 50,000 resources of all services from a server on the
// loopback interface, with what is read of each directly, judges them by all rules
// and stores the parts. Fails are not read again. The heap is what is live and what
// waits to be collected, at its highest.
func BenchmarkRun(b *testing.B) {
	const resources = 50_000
	url := elsewhere(b, resources)
	loaded := allRules(b)
	for b.Loop() {
		stop := cloudtest.WatchHeap()
		done := auditAll(b.Context(), b, loaded, readFrom(b, url))
		b.ReportMetric(float64(stop())/(1<<20), "MiB-heap")
		b.ReportMetric(float64(done.findings), "findings")
		b.ReportMetric(float64(done.calls), "calls")
		b.ReportMetric(float64(done.targets), "subscriptions")
	}
	b.ReportMetric(resources*float64(b.N)/b.Elapsed().Seconds(), "resources/s")
	b.ReportMetric(float64(cloudtest.ResidentMiB()), "MiB-resident")
}

// audited is what came of a run.
type audited struct {
	targets, findings, calls int
}

// auditAll does a run up to the parts of all targets.
func auditAll(ctx context.Context, t testing.TB, loaded *policy.Policy, o azure.Options) audited {
	t.Helper()
	estate := must(azure.Open(azure.Root{Tenant: enginetest.Tenant}, o))(t)
	attached := attach(New(nil), loaded, estate, chosen{}, cloud.Options{Config: config.Default()})
	a := &audit.Auditor{
		Store: store.Memory(), Config: config.Default(), Clouds: map[posture.Provider]audit.Cloud{posture.Azure: attached},
		Now: time.Now, Attempt: setup.Attempt, Tool: "bench",
	}
	run, _, err := a.Plan(ctx, time.Now(), "azure", "opener")
	if err != nil {
		t.Fatal(err)
	}
	done := audited{targets: len(run.Targets)}
	if err := a.ScanAll(ctx, run, run.Targets, done.add); err != nil {
		t.Fatal(err)
	}
	return done
}

func (a *audited) add(part snapshot.Part) {
	for _, count := range part.Counts {
		a.findings += count
	}
	for _, count := range part.Report.Calls {
		a.calls += count
	}
}

// TestCalls: each table of Resource Graph takes a query for 1,000 rows and one more at
// most, and nothing is read twice.
func TestCalls(t *testing.T) {
	t.Parallel()
	estate := must(tenant(4_500))(t)
	server := azuretest.Start(estate)
	defer server.Close()
	auditAll(t.Context(), t, allRules(t), readFrom(t, server.URL))
	queries := 0
	for call, made := range server.Calls() {
		table, query := strings.CutPrefix(call, "POST query ")
		switch {
		case !query && strings.HasPrefix(call, "GET ") && made > 1:
			t.Errorf("%s is read %d times", call, made)
		case query:
			table = strings.TrimPrefix(table, "count of ")
			if most := (len(estate.Tables[table])+999)/1000 + 1; made > most {
				t.Errorf("%s: %d queries for %d rows, want at most %d", call, made, len(estate.Tables[table]), most)
			}
			queries++
		}
	}
	if queries < 6 {
		t.Errorf("tables that were queried: %v", server.Calls())
	}
}

// TestReads: what is read directly is exactly what an enabled rule asks about, of the
// resources that it is asked of.
func TestReads(t *testing.T) {
	t.Parallel()
	for rule, of := range map[string]struct {
		paths string // what is read of each resource
		count int    // of how many: those of the test data that can have the setting
	}{
		"azure-storage-tls12":     {},
		"azure-storage-cmk":       {},
		"azure-keyvault-rbac":     {},
		"azure-webapp-https-only": {},
		"azure-blob-versioning":   {`/storageaccounts/[^/]+/blobservices/default$`, 6},
		"azure-blob-soft-delete":  {`/storageaccounts/[^/]+/blobservices/default$`, 6},
		"azure-sql-tde-enabled":   {`/databases/[^/]+/transparentdataencryption/current$`, 16},
		"azure-webapp-tls12":      {`/sites/.*/config/web$`, 16},
	} {
		estate := must(tenant(1))(t)
		server := azuretest.Start(estate)
		done := auditAll(t.Context(), t, only(t, rule), readFrom(t, server.URL))
		server.Close()
		var got []string
		for _, call := range slices.Sorted(maps.Keys(server.Calls())) {
			path, get := strings.CutPrefix(call, "GET ")
			if get && strings.Contains(path, "/resource") && !strings.Contains(path, "managementGroups") {
				got = append(got, strings.ToLower(path))
			}
		}
		paths := regexp.MustCompile(of.paths)
		if done.findings == 0 || len(got) != of.count || slices.ContainsFunc(got, func(path string) bool { return !paths.MatchString(path) }) {
			t.Errorf("%s: %d of %d resources are read: %q", rule, len(got), of.count, got)
		}
	}
}

// only returns the built-in rules with one enabled.
func only(t *testing.T, rule string) *policy.Policy {
	t.Helper()
	cfg := config.Default()
	for _, r := range allRules(t).Rules() {
		if r.ID != rule {
			cfg.Rules.Disabled = append(cfg.Rules.Disabled, r.ID)
		}
	}
	return must(New(nil).Policy(cfg, nil, false))(t)
}
