package status

import (
	"testing"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// TestLate holds what keeps a scope from being late: a run of its own, closed with
// something read, whose slot is less than two periods ago.
func TestLate(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		scope   string
		outcome snapshot.Outcome
		ago     time.Duration
		want    bool
	}{
		"complete":         {"aws", snapshot.Complete, 47 * time.Hour, false},
		"degraded":         {"aws", snapshot.Degraded, time.Hour, false},
		"failed":           {"aws", snapshot.Failed, time.Hour, true},
		"unfinished":       {"aws", snapshot.Unfinished, time.Hour, true},
		"too long ago":     {"aws", snapshot.Complete, 48 * time.Hour, true},
		"of another scope": {"gcp", snapshot.Complete, time.Hour, true},
	} {
		slot := now.Add(-test.ago)
		run, err := posture.NewRunID(slot, test.scope)
		if err != nil {
			t.Fatal(err)
		}
		entries := []snapshot.Entry{{Run: run, Slot: slot, Outcome: test.outcome}}
		if got := (Scope{Scope: "aws"}).late(entries, now, 24*time.Hour); got != test.want {
			t.Errorf("%s: late %t", name, got)
		}
	}
}

// TestEmpty holds that a store without runs is no error, and that nothing is said
// to be well in it.
func TestEmpty(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	got, err := Load(t.Context(), store.Memory(), now.Add(-time.Hour), now, time.Hour)
	if err != nil || len(got.Scopes) != 0 || got.Head != nil || got.Alerts != (Alerts{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
