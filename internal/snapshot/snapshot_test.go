package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

var (
	slot  = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	one   = posture.Target{Provider: posture.AWS, Account: "111122223333", Regions: []string{"eu-west-1"}}
	other = posture.Target{Provider: posture.GCP, Account: "example.com:shop"}
	rules = []posture.Rule{{ID: "aws-s3-versioning", Type: "AWS::S3::Bucket", Severity: posture.High, SOC2: []string{"A1.2"}}}
)

// idOf is the id of a run whose slot and scope are known to be good.
func idOf(slot time.Time, scope string) posture.RunID {
	id, _ := posture.NewRunID(slot, scope)
	return id
}

// newRun is the run due n days after the first one.
func newRun(n int) snapshot.Run {
	due := slot.AddDate(0, 0, n)
	return snapshot.Run{
		ID: idOf(due, "aws"), Slot: due, Started: due.Add(time.Second), Opener: "exec-1", Tool: "1.0.0",
		ConfigDigest: "c0ffee", Targets: []posture.Target{one, other}, Rules: rules,
	}
}

func bucket(n int) posture.Resource {
	return posture.Resource{
		Provider: posture.AWS, Account: one.Account, Region: "eu-west-1", Type: "AWS::S3::Bucket",
		ID: fmt.Sprintf("arn:aws:s3:::bucket-%d", n), Name: fmt.Sprintf("bucket-%d", n),
		Doc: map[string]any{"versioning": n%2 == 0, "size": 9007199254740993},
	}
}

func finding(n int, status posture.Status) posture.Finding {
	r := bucket(n)
	return posture.Finding{
		Fingerprint: posture.Fingerprint(rules[0].ID, r.Provider, r.Account, r.Region, r.ID),
		Rule:        rules[0].ID, Provider: r.Provider, Account: r.Account, Region: r.Region, Type: r.Type,
		Resource: r.ID, Name: r.Name, Status: status,
		Evidence: []posture.Value{{Path: "resource.size", Value: json.Number("9007199254740993")}},
	}
}

var statuses = []posture.Status{posture.Pass, posture.Fail, posture.Unknown}

// head is that of an attempt at a target.
func head(run snapshot.Run, target posture.Target, attempt string) snapshot.PartHead {
	return snapshot.PartHead{Run: run.ID, Target: target, Attempt: attempt, Tool: "1.0.0", Started: run.Started}
}

// scan writes a part of n resources with a finding each.
func scan(ctx context.Context, s store.Store, head snapshot.PartHead, n int) (snapshot.Part, bool, error) {
	w, err := snapshot.NewPartWriter(head)
	if err != nil {
		return snapshot.Part{}, false, err
	}
	for i := range n {
		if err := errors.Join(w.Resource(bucket(i)), w.Finding(finding(i, statuses[i%3]))); err != nil {
			return snapshot.Part{}, false, err
		}
	}
	coverage := posture.ScanReport{Populations: []posture.Population{{Type: "AWS::S3::Bucket", Region: "eu-west-1", Count: n, Complete: true}}}
	return w.Commit(ctx, s, snapshot.PartEnd{Report: coverage, Finished: head.Started.Add(time.Minute)})
}

// finishRun opens a run, scans its first target and closes it.
func finishRun(ctx context.Context, s store.Store, run snapshot.Run) (snapshot.Manifest, error) {
	run, _, err := snapshot.OpenRun(ctx, s, run)
	if err != nil {
		return snapshot.Manifest{}, err
	}
	if _, _, err := scan(ctx, s, head(run, one, "a1"), 5); err != nil {
		return snapshot.Manifest{}, err
	}
	parts, _, err := snapshot.Parts(ctx, s, run)
	if err != nil {
		return snapshot.Manifest{}, err
	}
	closing := snapshot.Closing{Parts: parts, Outcome: snapshot.Degraded, Closed: run.Started.Add(time.Hour)}
	manifest, _, err := snapshot.Close(ctx, s, run, closing)
	return manifest, err
}

func collect[T any](values iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for value, err := range values {
		if err != nil {
			return all, err
		}
		all = append(all, value)
	}
	return all, nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	run, won, err := snapshot.OpenRun(t.Context(), s, newRun(0))
	if err != nil || !won {
		t.Fatal(won, err)
	}
	loaded, err := snapshot.LoadRun(t.Context(), s, run.ID)
	if diff := cmp.Diff(run, loaded); err != nil || diff != "" {
		t.Fatalf("load run: %v (-opened +loaded):\n%s", err, diff)
	}
	part, won, err := scan(t.Context(), s, head(run, one, "a1"), 20)
	if err != nil || !won {
		t.Fatal(won, err)
	}
	want := make([]posture.Finding, 20)
	for i := range want {
		want[i] = finding(i, statuses[i%3])
	}
	slices.SortFunc(want, func(a, b posture.Finding) int { return cmpString(a.Fingerprint, b.Fingerprint) })
	got, err := collect(snapshot.Findings(t.Context(), s, part))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("findings: %v (-want +got):\n%s", err, diff)
	}
	resources, err := collect(snapshot.Resources(t.Context(), s, part))
	if err != nil || len(resources) != 20 {
		t.Fatalf("%d resources, %v", len(resources), err)
	}
	wantDoc := json.RawMessage(`{"size":9007199254740993,"versioning":true}`)
	if diff := cmp.Diff(any(wantDoc), resources[0].Doc); diff != "" || resources[0].ID != bucket(0).ID {
		t.Errorf("first resource %s (-want +got):\n%s", resources[0].ID, diff)
	}
	parts, missing, err := snapshot.Parts(t.Context(), s, run)
	if diff := cmp.Diff([]snapshot.Part{part}, parts); err != nil || diff != "" {
		t.Errorf("parts: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]posture.Target{other}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func cmpString(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func TestFinishedRun(t *testing.T) {
	t.Parallel()
	s := store.Memory()
	manifest, err := finishRun(t.Context(), s, newRun(0))
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Sequence != 1 || len(manifest.Files) != 5 || len(manifest.Missing) != 1 || manifest.Outcome != snapshot.Degraded {
		t.Errorf("manifest %+v", manifest)
	}
	report, err := snapshot.Verify(t.Context(), s)
	latest, latestErr := snapshot.LoadLatest(t.Context(), s)
	want := snapshot.Report{Runs: 1, Files: 6, First: latest.Run, Last: latest.Run, Head: latest.Head}
	if diff := cmp.Diff(want, report); err != nil || latestErr != nil || diff != "" {
		t.Errorf("verify: %v, %v (-want +got):\n%s", err, latestErr, diff)
	}
}

// count reads all values and keeps none.
func count[T any](values iter.Seq2[T, error]) (int, error) {
	n := 0
	for _, err := range values {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
