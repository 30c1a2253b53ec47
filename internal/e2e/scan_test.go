package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/scanners/aws/awstest"
)

// TestEstate scans an account that holds, for every rule, something that
// passes and something that fails; changes it; and scans it again.
func TestEstate(t *testing.T) {
	g, b := newEstate(t)
	kept := t.TempDir()
	first := b.scan(g, kept)
	golden(t, "findings.golden", first.byRule())
	golden(t, "populations.golden", populations(t, kept))
	checkGood(t, first)

	b.addLater(g)
	second := b.scan(g, kept)
	golden(t, "changes.golden", second.since(first))
	checkTold(t, b, kept, first, second)
	checkBothWays(t, first, second)
}

// populations returns as text how many resources of each type the latest run
// found where, and what it did not list.
func populations(t *testing.T, kept string) string {
	t.Helper()
	ctx, s := t.Context(), store.Dir(kept)
	latest, err := snapshot.LoadLatest(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	part, err := snapshot.LoadPart(ctx, s, latest.Run, posture.Target{Provider: posture.AWS, Account: own})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range part.Report.Populations {
		line := fmt.Sprintf("%-42s %-10s %2d", p.Type, p.Region, p.Count)
		if !p.Complete {
			line += fmt.Sprintf(" incomplete: %v", p.Cause)
		}
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// newEstate returns an emulator with the first state of the estate, and the
// gate before it.
func newEstate(t *testing.T) (*gate, *builder) {
	t.Helper()
	gaps, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(t, emptyEmulator(t), gaps)
	g.correct = corrections(rootUsed(true))
	b := newBuilder(t, g.URL)
	b.estate()
	b.add(g, "gaps.txtar")
	gaps.Func("cloudwatch:DescribeAlarms", b.alarms)
	return g, b
}

// add adds recorded answers.
func (b *builder) add(g *gate, name string) {
	b.t.Helper()
	archive, err := os.ReadFile(filepath.Join("testdata", name))
	b.need(err)
	b.need(g.gaps.Add(b.fill(archive)))
}

// addLater changes everything into the second state.
func (b *builder) addLater(g *gate) {
	b.t.Helper()
	b.later()
	b.add(g, "later.txtar")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.correct = corrections(rootUsed(false))
}

// again holds the calls that may be made twice: the report is waited for.
var again = map[string]bool{"iam:GenerateCredentialReport": true}

// scan scans the estate with the command line. All must be read, and nothing
// asked for twice.
func (b *builder) scan(g *gate, kept string) findings {
	t := b.t.(*testing.T)
	t.Helper()
	g.forget()
	got := run(t, g.URL, "scan", "aws", "--store", kept, "--format", "ndjson")
	if got.code != 0 {
		t.Errorf("exit code %d:\n%s", got.code, got.err)
	}
	made := g.made()
	slices.Sort(made)
	for i := 1; i < len(made); i++ {
		if made[i] == made[i-1] && !again[strings.Fields(made[i])[0]] {
			t.Errorf("asked twice: %s", made[i])
		}
	}
	return b.parse(got.out)
}

// checkGood holds that nothing which is as it should be fails.
func checkGood(t *testing.T, first findings) {
	t.Helper()
	for key, status := range first {
		if _, name, _ := strings.Cut(key, ": "); status == posture.Fail && strings.HasPrefix(name, "good") {
			t.Errorf("%s: fails", key)
		}
	}
}

// oneWay holds the rules that the estate cannot make pass, and why.
var oneWay = map[string]string{
	"aws-account-in-organization-with-scps": "nobody lists the organization's accounts here",
	"aws-iam-federated-access":              "three users have passwords, for the rules on users",
	"aws-iam-root-centrally-managed":        "the account needs root credentials for the other rules on them",
}

// checkBothWays holds that the estate makes every rule pass and fail.
func checkBothWays(t *testing.T, states ...findings) {
	t.Helper()
	type way struct {
		rule   string
		status posture.Status
	}
	seen := map[way]bool{}
	for _, state := range states {
		for key, status := range state {
			rule, _, _ := strings.Cut(key, ": ")
			seen[way{rule, status}] = true
		}
	}
	files, err := filepath.Glob("../../rules/aws/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	for _, file := range files {
		rule := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for _, status := range []posture.Status{posture.Pass, posture.Fail} {
			if !seen[way{rule, status}] && (status == posture.Fail || oneWay[rule] == "") {
				t.Errorf("%s: nothing in the estate makes it %s", rule, status)
			}
		}
	}
}

// checkTold holds that people are told exactly what changed of critical and
// high severity.
func checkTold(t *testing.T, b *builder, kept string, first, second findings) {
	t.Helper()
	ctx := context.Background()
	s := store.Dir(kept)
	latest, err := snapshot.LoadLatest(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := audit.LoadAlerts(ctx, s, latest.Run)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, alert := range alerts {
		if alert.Kind == drift.ScannerProblem || alert.MoreResources > 0 {
			t.Errorf("alert %s: %+v", alert.Kind, alert)
		}
		for _, r := range alert.Resources {
			told = append(told, string(alert.Kind)+" "+b.key(posture.Finding{Rule: r.Rule, Region: r.Region, Resource: r.ID, Name: r.Name}))
		}
	}
	run, err := snapshot.LoadRun(ctx, s, latest.Run)
	if err != nil {
		t.Fatal(err)
	}
	want := expected(run.Rules, first, second)
	slices.Sort(told)
	slices.Sort(want)
	if diff := gocmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// expected returns what is to be told of the difference of two states.
func expected(rules []posture.Rule, first, second findings) []string {
	severe := map[string]bool{}
	for _, rule := range rules {
		severe[rule.ID] = rule.Severity.AtLeast(posture.High)
	}
	var told []string
	for line := range strings.Lines(second.since(first)) {
		key, change, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		name, change, _ := strings.Cut(change, ": ")
		kind := map[string]drift.Kind{
			"pass → fail": drift.Regressed, "none → fail": drift.Appeared, "fail → pass": drift.Resolved, "fail → none": drift.Deleted,
		}[change]
		if severe[key] && kind != "" {
			told = append(told, string(kind)+" "+key+": "+name)
		}
	}
	return told
}
