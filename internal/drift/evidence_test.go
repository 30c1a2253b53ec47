package drift_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

// TestEvidenceIsBounded holds that an alert does not grow with what a rule
// has read.
func TestEvidenceIsBounded(t *testing.T) {
	c := change(drift.Regressed, "a", 1, 1)
	c.Resource.Actual = []posture.Value{{Path: "resource.policy", Value: strings.Repeat("x", 2000)}, {Path: "resource.ok", Value: true}}
	for i := range 20 {
		c.Resource.Actual = append(c.Resource.Actual, posture.Value{Path: fmt.Sprint("resource.f", i), Value: i})
	}
	alerts := collect([]drift.Change{c}, judged(1, drift.Tally{Rule: "a", Pass: 50}))
	want := []posture.Value{{Path: "resource.policy", Value: "(too long to show)"}, {Path: "resource.ok", Value: true}}
	for i := range 8 {
		want = append(want, posture.Value{Path: fmt.Sprint("resource.f", i), Value: i})
	}
	if diff := cmp.Diff(want, alerts[0].Resources[0].Actual); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestDegraded holds which runs are degraded.
func TestDegraded(t *testing.T) {
	for name, c := range map[string]struct {
		coverage drift.Coverage
		unread   int
		want     bool
	}{
		"all read":           {drift.Coverage{Read: 10, Total: 10, Floor: 95}, 0, false},
		"at the floor":       {drift.Coverage{Read: 95, Total: 100, Floor: 95}, 0, false},
		"under the floor":    {drift.Coverage{Read: 94, Total: 100, Floor: 95}, 0, true},
		"a target is unread": {drift.Coverage{Read: 99, Total: 100, Floor: 95}, 1, true},
		"nothing to read":    {drift.Coverage{Floor: 95}, 0, false},
	} {
		if got := c.coverage.Degraded(c.unread); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDegradedAlert holds which alerts are about a degraded run.
func TestDegradedAlert(t *testing.T) {
	full, low := &drift.Coverage{Read: 10, Total: 10, Floor: 95}, &drift.Coverage{Read: 9, Total: 10, Floor: 95}
	target := []drift.TargetCount{{}}
	for name, c := range map[string]struct {
		alert drift.Alert
		want  bool
	}{
		"all read":           {drift.Alert{Kind: drift.ScannerProblem, Coverage: full}, false},
		"too little read":    {drift.Alert{Kind: drift.ScannerProblem, Coverage: low}, true},
		"a target is unread": {drift.Alert{Kind: drift.ScannerProblem, Coverage: full, Targets: target}, true},
		"two are, one shown": {drift.Alert{Kind: drift.ScannerProblem, Coverage: full, Targets: target, MoreTargets: 1}, true},
		"no coverage":        {drift.Alert{Kind: drift.ScannerProblem, Targets: target}, false},
		"a first look":       {drift.Alert{Kind: drift.Baseline, Coverage: low, Targets: target}, false},
	} {
		if got := c.alert.Degraded(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
