package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/posture"
	"posture/scanners"
)

// gates is a quay with many open gates.
type gates struct {
	quay
	count int
}

func (g gates) Scan(_ context.Context, _ posture.Want, emit func(posture.Resource)) posture.ScanReport {
	e := scanners.Emitter{Provider: g.target.Provider, Account: g.target.Account, Link: g.catalogue.Link, Sink: emit}
	for i := range g.count {
		name := fmt.Sprintf("g%05d", i)
		e.Emit(posture.Resource{Type: "Harbor::Gate", ID: "gate/" + name, Name: name, Region: posture.Global, Doc: gate{}})
	}
	return posture.ScanReport{Populations: []posture.Population{
		{Type: "Harbor::Crane", Region: posture.Global, Complete: true}, {Type: "Harbor::Gate", Region: posture.Global, Count: g.count, Complete: true},
	}}
}

// TestScanTable: a scan prints as many rows as a person may read and says how
// many there are beyond; all of them are in the store.
func TestScanTable(t *testing.T) {
	t.Parallel()
	for _, more := range []int{0, 1, 7} {
		count := shownFindings + more
		open := harbor(nil)
		reach := open.Open
		open.Open = func(ctx context.Context, o cloud.Options) (audit.Cloud, error) {
			c, err := reach(ctx, o)
			scanner := c.Open
			c.Open = func(ctx context.Context, target posture.Target) (audit.Scanner, error) {
				one, err := scanner(ctx, target)
				q, _ := one.(quay)
				return gates{q, count}, err
			}
			return c, err
		}
		dir := t.TempDir()
		said := func(args ...string) string {
			var seen, progress strings.Builder
			world := streams{
				program: "posture", in: strings.NewReader(""), out: &seen, err: &progress, clouds: []cloud.Cloud{open},
				getenv: func(string) string { return "" }, now: time.Now,
			}
			if code := run(t.Context(), append(args, "--store", dir), world); code != exitFine {
				t.Errorf("posture %s: exit code %d\n%s", strings.Join(args, " "), code, &progress)
			}
			return seen.String()
		}
		seen := said("scan", "harbor")
		rows, rest := strings.Count(seen, "fail    harbor-gate-locked"), strings.Contains(seen, "more failing finding")
		if rows != shownFindings || rest != (more > 0) || !strings.Contains(seen, fmt.Sprintf("0 pass, %d fail (%d high), 0 not checked", count, count)) {
			t.Errorf("%d gates: %d rows\n%.300s ... %s", count, rows, seen, seen[max(0, len(seen)-600):])
		}
		if more > 0 && !strings.Contains(seen, fmt.Sprintf("\n%d more failing finding", more)) {
			t.Errorf("%d more are not spoken of:\n%s", more, seen[max(0, len(seen)-600):])
		}
		if all := said("findings"); strings.Count(all, "harbor-gate-locked") != count {
			t.Errorf("posture findings prints %d of %d", strings.Count(all, "harbor-gate-locked"), count)
		}
		if lines := said("scan", "harbor", "--format", "ndjson"); strings.Count(lines, "\n") != count {
			t.Errorf("%d lines of %d findings", strings.Count(lines, "\n"), count)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	got := verdicts(map[string]int{"s3:GetBucketPolicyStatus": 1, "access-analyzer:ListFindingsV2": 2})
	want := "2 resources judged otherwise by the provider itself (access-analyzer:ListFindingsV2); the stricter verdict counts\n" +
		"1 resource judged otherwise by the provider itself (s3:GetBucketPolicyStatus); the stricter verdict counts\n"
	if got != want || verdicts(nil) != "" {
		t.Errorf("got %q, without any %q", got, verdicts(nil))
	}
}
