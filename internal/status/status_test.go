package status

import (
	"strings"
	"testing"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// TestLate holds what keeps a scope from being late: a run that nobody narrowed, closed
// with something read, whose slot is less than two periods ago.
func TestLate(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(ago time.Duration, outcome snapshot.Outcome, narrowed bool) run {
		id, err := posture.NewRunID(now.Add(-ago), "aws")
		if err != nil {
			t.Fatal(err)
		}
		return run{id: id, opened: snapshot.Run{Narrowed: narrowed}, manifest: snapshot.Manifest{Outcome: outcome, Sequence: 1}}
	}
	old := at(9*24*time.Hour, snapshot.Complete, false)
	damaged := at(time.Hour, snapshot.Complete, false)
	damaged.damaged = true
	for name, test := range map[string]struct {
		runs    []run
		late    bool
		counted int
	}{
		"complete":                   {[]run{old, at(47*time.Hour, snapshot.Complete, false)}, false, 1},
		"degraded":                   {[]run{at(time.Hour, snapshot.Degraded, false)}, false, 1},
		"failed":                     {[]run{old, at(time.Hour, snapshot.Failed, false)}, true, 1},
		"unfinished":                 {[]run{old, at(time.Hour, snapshot.Unfinished, false)}, true, 1},
		"too long ago":               {[]run{at(48*time.Hour, snapshot.Complete, false)}, true, 1},
		"stopped before the week":    {[]run{old}, true, 0},
		"narrowed by a person":       {[]run{old, at(time.Hour, snapshot.Complete, true)}, true, 0},
		"never scheduled":            {[]run{at(99*time.Hour, snapshot.Complete, true)}, false, 1},
		"one that cannot be read":    {[]run{old, damaged}, true, 0},
		"none that could be read":    {[]run{damaged}, false, 0},
		"a later one was not closed": {[]run{at(time.Hour, snapshot.Complete, false), at(0, snapshot.Unfinished, false)}, false, 2},
	} {
		got := seriesOf("aws", test.runs, now.Add(-7*24*time.Hour), now.Add(-48*time.Hour))
		counted := 0
		for _, n := range got.Runs {
			counted += n
		}
		if got.Late != test.late || counted != test.counted || len(got.Damaged) != strings.Count(name, "could be read")+strings.Count(name, "cannot be read") {
			t.Errorf("%s: %+v", name, got)
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
