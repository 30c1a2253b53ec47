package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

// TestGoneCells: what is gone has a line of its own among the changes.
func TestGoneCells(t *testing.T) {
	t.Parallel()
	target := posture.Target{Provider: posture.AWS, Account: "444455556666", Name: "shop"}
	one := drift.Alert{Kind: drift.TargetGone, Severity: posture.High, Total: 12, Target: &target, Targets: []drift.TargetCount{{Target: target, Count: 12}}}
	two := drift.Alert{
		Kind: drift.TargetGone, Severity: posture.High, Total: 5, MoreTargets: 1,
		Targets: []drift.TargetCount{{Target: target, Count: 2, Reconfigured: true}, {Target: target, Count: 2}},
	}
	back := one
	back.Kind = drift.TargetBack
	for _, row := range []struct {
		alert drift.Alert
		want  []string
	}{
		{one, []string{"target-gone", "high", "12", "aws/444455556666", "failing findings of what is no longer listed"}},
		{two, []string{"target-gone", "high", "5", "3 targets", "failing findings of what left the scope when posture.yaml changed, failing findings of what is no longer listed"}},
		{back, []string{"target-back", "high", "12", "aws/444455556666", "failing findings of what is listed again"}},
	} {
		if diff := cmp.Diff(row.want, alertCells(row.alert)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
