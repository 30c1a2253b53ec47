// Package snapshottest is the life of two runs in a store, as a test that the
// backends of package store run beside their own suite.
package snapshottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

var (
	slot   = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	target = posture.Target{Provider: posture.GCP, Account: "example.com:shop"}
	rule   = posture.Rule{ID: "gcp-storage-versioning", Type: "storage.googleapis.com/Bucket", Severity: posture.High, SOC2: []string{"A1.2"}}
)

// findings is how many a run has.
const findings = 50

// Run opens, writes, closes and verifies two runs in an empty store, each step
// also as one that comes too late, and then removes a file, which is to be
// found out.
func Run(t *testing.T, s store.Store) {
	t.Helper()
	var parts []snapshot.Part
	for day := range 2 {
		parts = append(parts, finish(t, s, day))
	}
	latest, err := snapshot.LoadLatest(t.Context(), s)
	if err != nil || latest.Sequence != 2 {
		t.Errorf("latest is link %d, %v, want 2", latest.Sequence, err)
	}
	report, err := snapshot.Verify(t.Context(), s)
	if err != nil || report.Runs != 2 || len(report.Problems) > 0 || len(report.Unfinished) > 0 || report.Interrupted != "" {
		t.Errorf("verify: %+v, %v, want two runs and no problem", report, err)
	}
	if err := s.Delete(t.Context(), parts[0].Findings.Key); err != nil {
		t.Fatal(err)
	}
	report, err = snapshot.Verify(t.Context(), s)
	if err != nil || len(report.Problems) != 1 || report.Problems[0].Kind != snapshot.Removed {
		t.Errorf("verify without a file: %+v, %v, want that it was removed", report, err)
	}
}

// finish takes one run through its life and returns its part.
func finish(t *testing.T, s store.Store, day int) snapshot.Part {
	t.Helper()
	run := open(t, s, day)
	part, won, err := write(t.Context(), s, head(run, "first"))
	if err != nil || !won {
		t.Fatalf("write a part: won %t, %v", won, err)
	}
	if late, won, err := write(t.Context(), s, head(run, "second")); err != nil || won || late.Attempt != "first" {
		t.Fatalf("write a part again: attempt %s won %t, %v, want that of the first", late.Attempt, won, err)
	}
	got := 0
	for finding, err := range snapshot.Findings(t.Context(), s, part) {
		if err != nil || finding.Rule != rule.ID {
			t.Fatalf("finding %+v, %v", finding, err)
		}
		got++
	}
	if got != findings {
		t.Errorf("%d findings, want %d", got, findings)
	}
	closeTwice(t, s, run, part)
	return part
}

// open opens the run of a day, twice.
func open(t *testing.T, s store.Store, day int) snapshot.Run {
	t.Helper()
	at := slot.AddDate(0, 0, day)
	id, err := posture.NewRunID(at, "gcp")
	if err != nil {
		t.Fatal(err)
	}
	mine := snapshot.Run{
		ID: id, Slot: at, Started: at, Opener: "first", Tool: "1.0.0",
		ConfigDigest: "c0ffee", Targets: []posture.Target{target}, Rules: []posture.Rule{rule},
	}
	run, won, err := snapshot.OpenRun(t.Context(), s, mine)
	if err != nil || !won {
		t.Fatalf("open run: won %t, %v", won, err)
	}
	mine.Opener, mine.Started = "second", at.Add(time.Minute)
	late, won, err := snapshot.OpenRun(t.Context(), s, mine)
	if diff := cmp.Diff(run, late); err != nil || won || diff != "" {
		t.Fatalf("open run again: won %t, %v (-first +second):\n%s", won, err, diff)
	}
	return run
}

func head(run snapshot.Run, attempt string) snapshot.PartHead {
	return snapshot.PartHead{Run: run.ID, Target: target, Attempt: attempt, Tool: "1.0.0", Started: run.Started}
}

// write writes a part of resources with a finding each.
func write(ctx context.Context, s store.Store, head snapshot.PartHead) (snapshot.Part, bool, error) {
	w, err := snapshot.NewPartWriter(head)
	if err != nil {
		return snapshot.Part{}, false, err
	}
	for i := range findings {
		name := fmt.Sprintf("bucket-%d", i)
		resource := posture.Resource{
			Provider: target.Provider, Account: target.Account, Region: "europe-west1", Type: rule.Type,
			ID: "//storage.googleapis.com/" + name, Name: name, Doc: map[string]any{"versioning": false},
		}
		finding := posture.Finding{
			Fingerprint: posture.Fingerprint(rule.ID, resource.Provider, resource.Account, resource.Region, resource.ID),
			Rule:        rule.ID, Provider: resource.Provider, Account: resource.Account, Region: resource.Region,
			Type: resource.Type, Resource: resource.ID, Name: name, Status: posture.Fail,
			Evidence: []posture.Value{{Path: "resource.size", Value: json.Number("9007199254740993")}},
		}
		if err := errors.Join(w.Resource(resource), w.Finding(finding)); err != nil {
			return snapshot.Part{}, false, err
		}
	}
	return w.Commit(ctx, s, snapshot.PartEnd{Finished: head.Started.Add(time.Minute)})
}

// closeTwice closes a run and tries again.
func closeTwice(t *testing.T, s store.Store, run snapshot.Run, part snapshot.Part) {
	t.Helper()
	parts, missing, err := snapshot.Parts(t.Context(), s, run)
	if diff := cmp.Diff([]snapshot.Part{part}, parts); err != nil || diff != "" || len(missing) > 0 {
		t.Fatalf("parts: %v, missing %v (-want +got):\n%s", err, missing, diff)
	}
	closing := snapshot.Closing{Parts: parts, Outcome: snapshot.Complete, Closed: run.Started.Add(time.Hour)}
	first, won, err := snapshot.Close(t.Context(), s, run, closing)
	if err != nil || !won {
		t.Fatalf("close: won %t, %v", won, err)
	}
	closing.Outcome = snapshot.Failed
	second, won, err := snapshot.Close(t.Context(), s, run, closing)
	if diff := cmp.Diff(first, second); err != nil || won || diff != "" {
		t.Fatalf("close again: won %t, %v (-first +second):\n%s", won, err, diff)
	}
}
