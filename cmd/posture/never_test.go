package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// TestNeverOfEarlierVersions: in alerts that earlier versions stored, a time that
// never was is a date of the year 1. Neither what changed nor what was sent and
// what waits shows it. Findings, messages and rules are held by tests of their
// packages.
func TestNeverOfEarlierVersions(t *testing.T) {
	t.Parallel()
	slot := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	target := posture.Target{Provider: posture.AWS, Account: "111122223333"}
	run := closedWithout(t, slot, target)
	old := drift.Alert{
		Key: "k1", Group: "g1", Kind: drift.Regressed, Run: run.ID, Time: slot, Severity: posture.High, Target: &target,
		Rule: &posture.Rule{ID: "aws-x"}, Total: 1,
		Resources: []drift.Resource{{ID: "arn:x", Name: "x", Actual: []posture.Value{
			{Path: "resource.last_used", Value: "0001-01-01T00:00:00Z"},
			{Path: "resource.keys", Value: []any{map[string]any{"at": "0001-01-01T00:00:00Z"}}},
		}}},
	}
	body, err := json.Marshal(map[string]any{"run": run.ID, "alerts": []drift.Alert{old}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.disk.PutIfAbsent(t.Context(), audit.AlertsKey(run.ID), body); err != nil {
		t.Fatal(err)
	}
	box := outbox.New(run.disk, func() time.Time { return slot }, outbox.Sleep)
	if err := box.Add(t.Context(), outbox.Entry{Channel: "C0123456789", Alert: old}); err != nil {
		t.Fatal(err)
	}
	seen := run.prints(t)
	if _, err := box.Deliver(t.Context(), standIn{}); err != nil {
		t.Fatal(err)
	}
	seen = append(seen, run.prints(t)...)
	for _, text := range seen {
		if strings.Contains(text, "0001-01-01") {
			t.Errorf("a time that never was is shown as a date:\n%s", text)
		}
	}
	if all := strings.Join(seen, ""); strings.Count(all, `"at": null`) != 4 {
		t.Errorf("want the time as null by each JSON:\n%s", all)
	}
}

// stored is a run in a store of its own.
type stored struct {
	snapshot.Run
	dir  string
	disk store.Store
}

// closedWithout returns a closed run in which nothing was read.
func closedWithout(t *testing.T, slot time.Time, target posture.Target) stored {
	t.Helper()
	s := stored{dir: t.TempDir()}
	s.disk = store.Dir(s.dir)
	id, err := posture.NewRunID(slot, "aws")
	if err != nil {
		t.Fatal(err)
	}
	s.Run, _, err = snapshot.OpenRun(t.Context(), s.disk, snapshot.Run{ID: id, Slot: slot, Started: slot, Targets: []posture.Target{target}, Rules: []posture.Rule{{ID: "aws-x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := snapshot.Close(t.Context(), s.disk, s.Run, snapshot.Closing{Outcome: snapshot.Failed, Closed: slot}); err != nil {
		t.Fatal(err)
	}
	return s
}

// prints returns what the commands about changes and alerts print.
func (s stored) prints(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, command := range []string{"changes", "alerts"} {
		for _, format := range []string{"table", "json"} {
			var seen, said strings.Builder
			world := streams{
				program: "posture", in: strings.NewReader(""), out: &seen, err: &said,
				getenv: func(string) string { return "" }, now: func() time.Time { return s.Slot },
			}
			if code := run(t.Context(), []string{command, "--store", s.dir, "--format", format}, world); code != exitFine {
				t.Errorf("%s as %s: exit code %d\n%s", command, format, code, &said)
			}
			all = append(all, seen.String())
		}
	}
	return all
}
