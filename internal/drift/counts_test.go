package drift_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

// findingIn returns a finding of a rule on a bucket in a region.
func findingIn(rule, name, region string, status posture.Status) posture.Finding {
	return posture.Finding{
		Fingerprint: rule + "/" + name, Rule: rule, Provider: posture.AWS, Account: target.Account, Region: region,
		Type: bucketType, Resource: "arn:" + name, Name: name, Status: status,
	}
}

// inputOf returns the input of the n-th run of a target with one rule.
func inputOf(n int, digest string) drift.Input {
	return drift.Input{
		Target: target, Run: runID, Now: start.Add(time.Duration(n) * 24 * time.Hour),
		Rules:  map[string]posture.Rule{"a": rule("a", digest)},
		Listed: []posture.Population{{Type: bucketType, Region: "eu-west-1", Complete: true}},
	}
}

// TestChangedRuleCounts: a rule that judges otherwise than before counts what
// it flips, to each side.
func TestChangedRuleCounts(t *testing.T) {
	var m memory
	of := func(statuses ...posture.Status) (all []posture.Finding) {
		for i, status := range statuses {
			all = append(all, findingIn("a", string(rune('p'+i)), "eu-west-1", status))
		}
		return all
	}
	if _, _, err := m.compare(inputOf(1, "1"), of(posture.Fail, posture.Fail, posture.Pass, posture.Pass)); err != nil {
		t.Fatal(err)
	}
	_, sum, err := m.compare(inputOf(2, "2"), of(posture.Pass, posture.Pass, posture.Fail, posture.Pass))
	if err != nil {
		t.Fatal(err)
	}
	if got := sum.Rules[0]; got.ToFail != 1 || got.ToPass != 2 {
		t.Errorf("%d flipped to fail and %d to pass, want 1 and 2", got.ToFail, got.ToPass)
	}
}

// TestNoRegionsAreAllRegions: where no regions are named, none is out of scope:
// what is in one that was not listed stays as it was.
func TestNoRegionsAreAllRegions(t *testing.T) {
	for _, test := range []struct{ regions, want []string }{{nil, nil}, {[]string{"us-east-1"}, []string{"closed"}}} {
		var m memory
		for n, status := range []posture.Status{posture.Pass, posture.Fail} {
			if _, _, err := m.compare(inputOf(n, "1"), []posture.Finding{findingIn("a", "b", "eu-west-1", status)}); err != nil {
				t.Fatal(err)
			}
		}
		in := inputOf(3, "1")
		in.Extent.Regions, in.Listed[0].Region = test.regions, "us-east-1"
		changes, _, err := m.compare(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, change := range changes {
			got = append(got, string(change.Kind))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("regions %v: %s", test.regions, diff)
		}
	}
}

// TestFailedTargetCounts: of a target that could not be read the alert says how
// many of its findings were not, and a first run of nothing has no coverage.
func TestFailedTargetCounts(t *testing.T) {
	c := drift.NewCollector(grouping())
	c.Target(drift.Summary{Target: target, Failure: &denied, Rules: []drift.Tally{{Rule: "a", Pass: 1, Carried: 3, Unknown: 2}}}, drift.NewChanges())
	alerts := c.Alerts()
	if len(alerts) != 1 || len(alerts[0].Targets) != 1 || alerts[0].Targets[0].Count != 5 {
		t.Errorf("%+v, want 5 findings of the target that were not read", alerts)
	}
	c = drift.NewCollector(grouping())
	c.Target(drift.Summary{Target: target, First: true, Base: drift.Base{Rules: map[string]string{"a": "1"}}}, drift.NewChanges())
	alerts = c.Alerts()
	if len(alerts) != 1 || alerts[0].Kind != drift.Baseline {
		t.Fatalf("%+v, want one alert of the first run", alerts)
	}
	if diff := cmp.Diff((*drift.Coverage)(nil), alerts[0].Coverage); diff != "" {
		t.Error(diff)
	}
}
