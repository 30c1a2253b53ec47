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

// TestRegionsAreNamed: to name the regions of a target that were all read
// brings none into scope.
func TestRegionsAreNamed(t *testing.T) {
	s, m := sample{at: start}, &memory{}
	in, findings := s.run("p")
	in.Extent.Regions, in.Listed[0].Region = nil, posture.Global
	if _, _, err := m.compare(in, findings); err != nil {
		t.Fatal(err)
	}
	if len(m.base.Regions) > 0 {
		t.Fatalf("it remembers the regions %v", m.base.Regions)
	}
	s.at = s.at.Add(time.Hour)
	in, findings = s.run("p")
	another := finding("told", "eu-west-1", "another", posture.Fail)
	changes, sum, err := m.compare(in, values(map[string]posture.Finding{"1": findings[0], another.Fingerprint: another}))
	if err != nil || len(changes) != 1 || changes[0].Kind != drift.Appeared || sum.Rules[1].Baseline != 0 {
		t.Errorf("got %+v, %+v, %v", changes, sum.Rules[1], err)
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
