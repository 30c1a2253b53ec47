package drift_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"posture/internal/drift"
	"posture/internal/posture"
)

// TestGone: of targets that are gone those are reported that had failing
// findings.
func TestGone(t *testing.T) {
	c := drift.NewCollector(grouping())
	clean, bad := judged(1).Target, judged(2).Target
	bad.Name = ""
	if c.Gone(drift.Gone{Target: clean, Severities: map[posture.Severity]int{}}) {
		t.Error("a target without failing findings is reported")
	}
	if alerts := c.Alerts(); len(alerts) > 0 {
		t.Errorf("alerts of nothing: %v", alerts)
	}
	if !c.Gone(drift.Gone{Target: bad, Severities: map[posture.Severity]int{posture.High: 1}, Listed: start, Reconfigured: true}) {
		t.Error("a target with a failing finding is not reported")
	}
	count := drift.TargetCount{Target: bad, Count: 1, Severities: map[posture.Severity]int{posture.High: 1}, Listed: start, Reconfigured: true}
	checkTargets(t, c.Alerts(), drift.TargetGone, count)
}

// TestBack: a target that is back is reported with what fails there, how much of
// it is new, and what is not known.
func TestBack(t *testing.T) {
	silent := func(kind drift.Kind, silence drift.Silence, n int) drift.Change {
		c := change(kind, "a", 1, n)
		c.Silent = silence
		return c
	}
	changes := gather(
		change(drift.Regressed, "a", 1, 1), change(drift.Appeared, "a", 1, 2), change(drift.Resolved, "a", 1, 3),
		change(drift.Deleted, "a", 1, 6), change(drift.Resolved, "a", 1, 8),
		silent(drift.Appeared, drift.BelowFloor, 4), silent(drift.Regressed, drift.Exempted, 5),
	)
	c := drift.NewCollector(grouping())
	back := judged(1, drift.Tally{Rule: "a", Pass: 4, Fail: 7, ToFail: 1, Baseline: 2, Unknown: 3, Carried: 5}, drift.Tally{Rule: "unheard of", Pass: 1})
	back.Target.Regions = []string{"eu-west-1"}
	c.Back(back, changes)
	checkTargets(t, c.Alerts(), drift.TargetBack, drift.TargetCount{
		Target: judged(1).Target, Count: 7, Severities: map[posture.Severity]int{posture.High: 7}, Began: 6, Unread: 8,
	})
}

// checkTargets compares the one alert about the one target.
func checkTargets(t *testing.T, alerts []drift.Alert, kind drift.Kind, of drift.TargetCount) {
	t.Helper()
	want := []drift.Alert{{
		Kind: kind, Run: runID, Time: start, Severity: posture.High, Total: of.Count, Target: &of.Target, Severities: of.Severities, Targets: []drift.TargetCount{of},
	}}
	if diff := cmp.Diff(want, alerts, cmpopts.IgnoreFields(drift.Alert{}, "Key", "Group")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
