package setup_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// closed stores a run of Friday of week 47 that found nothing.
func closed(t *testing.T) store.Store {
	t.Helper()
	s, slot := store.Memory(), time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC)
	target := posture.Target{Provider: posture.AWS, Account: "111122223333"}
	run, _, err := snapshot.OpenRun(t.Context(), s, snapshot.Run{ID: "20261120T050000Z-aws", Slot: slot, Targets: []posture.Target{target}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := snapshot.NewPartWriter(snapshot.PartHead{Run: run.ID, Target: target, Attempt: "a"})
	if err != nil {
		t.Fatal(err)
	}
	part, _, err := w.Commit(t.Context(), s, snapshot.PartEnd{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := snapshot.Close(t.Context(), s, run, snapshot.Closing{Parts: []snapshot.Part{part}, Outcome: snapshot.Complete, Closed: slot}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeepWeek(t *testing.T) {
	monday := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	due := setup.Weekly{Store: closed(t), Config: config.Default(), Slot: monday, Now: monday.Add(time.Minute)}
	first, err := due.Keep(t.Context())
	if err != nil || first.Week != "2026-W47" || !first.New || first.Report == "" || !strings.HasPrefix(first.Headline, "Not enough data") {
		t.Fatalf("%+v, %v", first, err)
	}
	due.Now = due.Now.Add(48 * time.Hour)
	again, err := due.Keep(t.Context())
	first.New = false
	if diff := cmp.Diff(first, again); diff != "" || err != nil {
		t.Errorf("the second delivery: %s, %v", diff, err)
	}
	due.Week = "2026-W46"
	if other, err := due.Keep(t.Context()); err != nil || !other.NoRuns || other.Week != "2026-W46" {
		t.Errorf("a week before the first run: %+v, %v", other, err)
	}
	early := setup.Weekly{Store: due.Store, Config: due.Config, Slot: monday.AddDate(0, 0, 7), Now: monday}
	if got, err := early.Keep(t.Context()); err == nil || !strings.Contains(err.Error(), "2026-W48 is not over") {
		t.Errorf("a slot to come: %+v, %v", got, err)
	}
	for week, want := range map[string]string{"2026-W48": "is not over", "last": "expected a week"} {
		due.Week = week
		if got, err := due.Keep(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", week, got, err)
		}
	}
}
