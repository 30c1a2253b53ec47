package drift_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

const runID = "20261122T010000Z-aws"

// grouping returns what a collector of the tests knows.
func grouping() drift.Grouping {
	return drift.Grouping{
		Run: runID, Time: start, Floor: 95,
		Rules: map[string]posture.Rule{"a": rule("a", "1"), "b": rule("b", "1")},
		Days:  map[posture.Severity]int{posture.High: 7},
	}
}

// change returns a change that is told.
func change(kind drift.Kind, rule string, account, n int) drift.Change {
	id := fmt.Sprintf("bucket-%03d", n)
	to := posture.Target{Provider: posture.AWS, Account: fmt.Sprintf("%012d", account)}
	return drift.Change{
		Kind: kind, Run: runID, Time: start, Rule: rule, Severity: posture.High, Target: to,
		Resource: drift.Resource{
			Fingerprint: posture.Fingerprint(rule, posture.AWS, to.Account, "eu-west-1", id), Rule: rule, Severity: posture.High,
			Account: to.Account, Region: "eu-west-1", Type: bucketType, ID: id, Name: id, FirstFail: start, LastFail: start,
		},
	}
}

// judged returns the summary of a target whose rules judged so many findings.
func judged(account int, tallies ...drift.Tally) drift.Summary {
	to := posture.Target{Provider: posture.AWS, Account: fmt.Sprintf("%012d", account), Name: fmt.Sprintf("account %d", account)}
	return drift.Summary{Target: to, Base: drift.Base{Run: runID, Rules: map[string]string{"a": "1"}}, Rules: tallies}
}

// collect returns the alerts of changes and summaries.
func collect(changes []drift.Change, summaries ...drift.Summary) []drift.Alert {
	c := drift.NewCollector(grouping())
	c.Target(drift.Summary{}, gather(changes...))
	for _, s := range summaries {
		c.Target(s, drift.NewChanges())
	}
	return c.Alerts()
}

// gather returns changes as one comparison gathers them.
func gather(changes ...drift.Change) *drift.Changes {
	gathered := drift.NewChanges()
	for _, change := range changes {
		_ = gathered.Add(change) // never fails
	}
	return gathered
}

// several returns changes of one rule on one target.
func several(n int, kind drift.Kind, rule string, account int) []drift.Change {
	var list []drift.Change
	for i := range n {
		list = append(list, change(kind, rule, account, i))
	}
	return list
}

// outline returns the alerts without what the test does not look at.
func outline(alerts []drift.Alert) []string {
	list := []string{}
	for _, a := range alerts {
		about := "many"
		if a.Rule != nil && a.Target != nil {
			about = a.Rule.ID + " on " + a.Target.Name
		}
		list = append(list, fmt.Sprintf("%s: %s, %d findings, %d shown, %d more", a.Kind.Word(), about, a.Total, len(a.Resources), a.MoreResources))
	}
	return list
}

func TestCollectorGroups(t *testing.T) {
	silent := change(drift.Regressed, "a", 1, 7)
	silent.Silent = drift.BelowFloor
	for _, row := range []struct {
		name      string
		changes   []drift.Change
		summaries []drift.Summary
		want      []string
	}{
		{"nothing", nil, []drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 3})}, []string{}},
		{"silent", []drift.Change{silent}, []drift.Summary{judged(1)}, []string{}},
		{"one rule and target", several(25, drift.Regressed, "a", 1), []drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 200, Fail: 25})},
			[]string{"REGRESSED: a on account 1, 25 findings, 10 shown, 15 more"}},
		{"kinds apart", slices.Concat(several(2, drift.Appeared, "a", 1), several(3, drift.Resolved, "a", 1)[2:], several(5, drift.ExemptionExpired, "a", 1)[4:]),
			[]drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 200})}, []string{
				"APPEARED: a on account 1, 2 findings, 2 shown, 0 more",
				"EXEMPTION EXPIRED: a on account 1, 1 findings, 1 shown, 0 more",
				"RESOLVED: a on account 1, 1 findings, 1 shown, 0 more",
			}},
		{"200 are many alerts", slices.Concat(several(100, drift.Regressed, "a", 1), several(100, drift.Appeared, "b", 2)),
			[]drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 900}), judged(2, drift.Tally{Rule: "b", Pass: 900})}, []string{
				"REGRESSED: a on account 1, 100 findings, 10 shown, 90 more",
				"APPEARED: b on account 2, 100 findings, 10 shown, 90 more",
			}},
		{"201 are one alert", slices.Concat(several(100, drift.Regressed, "a", 1), several(101, drift.Appeared, "b", 2)),
			[]drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 900}), judged(2, drift.Tally{Rule: "b", Pass: 900})}, []string{
				"MASS CHANGE: many, 201 findings, 10 shown, 191 more",
			}},
		{"a fifth of a rule", several(10, drift.Regressed, "a", 1), []drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 40, Fail: 10})},
			[]string{"REGRESSED: a on account 1, 10 findings, 10 shown, 0 more"}},
		{"more than a fifth of a rule, over targets", slices.Concat(several(5, drift.Regressed, "a", 1), several(6, drift.Regressed, "a", 2), several(1, drift.Regressed, "b", 2)),
			[]drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 20, Fail: 5}), judged(2, drift.Tally{Rule: "a", Pass: 20, Fail: 6}, drift.Tally{Rule: "b", Fail: 1})}, []string{
				"MASS CHANGE: many, 11 findings, 10 shown, 1 more",
				"REGRESSED: b on account 2, 1 findings, 1 shown, 0 more",
			}},
		{"all of a small rule", several(9, drift.Regressed, "a", 1), []drift.Summary{judged(1, drift.Tally{Rule: "a", Fail: 9})},
			[]string{"REGRESSED: a on account 1, 9 findings, 9 shown, 0 more"}},
		{"many ends do not hide news", slices.Concat(several(300, drift.Resolved, "a", 1), several(1, drift.Regressed, "b", 1)),
			[]drift.Summary{judged(1, drift.Tally{Rule: "a", Pass: 900}, drift.Tally{Rule: "b", Pass: 900})}, []string{
				"REGRESSED: b on account 1, 1 findings, 1 shown, 0 more",
				"MASS CLOSED: many, 300 findings, 10 shown, 290 more",
			}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, outline(collect(row.changes, row.summaries...))); diff != "" {
				t.Errorf("alerts: (-want +got)\n%s", diff)
			}
		})
	}
}

func TestCollectorAlert(t *testing.T) {
	changes := []drift.Change{change(drift.Regressed, "a", 1, 2), change(drift.Regressed, "a", 1, 1)}
	changes[0].Resource.Owner, changes[1].Resource.Owner = "web", "data"
	alerts := collect(changes, judged(1, drift.Tally{Rule: "a", Pass: 200}))
	to, about := judged(1).Target, rule("a", "1")
	want := []drift.Alert{{
		Kind: drift.Regressed, Run: runID, Time: start, Severity: posture.High, Due: start.AddDate(0, 0, 7),
		Target: &to, Rule: &about, Total: 2, Resources: []drift.Resource{changes[1].Resource, changes[0].Resource},
		Owners: []string{"data", "web"},
	}}
	want[0].Key, want[0].Group = alerts[0].Key, alerts[0].Group
	if diff := cmp.Diff(want, alerts); diff != "" {
		t.Errorf("alerts: (-want +got)\n%s", diff)
	}
	body, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	var stored []drift.Alert
	if err := json.Unmarshal(body, &stored); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(alerts, stored); diff != "" {
		t.Errorf("alerts after storing: (-want +got)\n%s", diff)
	}
}

// TestCollectorMass holds all that a mass of several rules says.
func TestCollectorMass(t *testing.T) {
	var changes []drift.Change
	for account := range 3 {
		changes = append(changes, several(60, drift.Regressed, "a", account)...)
	}
	changes = append(changes, several(100, drift.Appeared, "b", 0)...)
	for i := range changes {
		changes[i].Resource.Owner = []string{"web", "data"}[i%2]
	}
	var summaries []drift.Summary
	for account := range 3 {
		summaries = append(summaries, judged(account, drift.Tally{Rule: "a", Pass: 600, Fail: 60}, drift.Tally{Rule: "b", Pass: 900, Fail: 100}))
	}
	got := collect(changes, summaries...)
	want := drift.Alert{
		Kind: drift.MassChange, Run: runID, Time: start, Severity: posture.High, Due: start.AddDate(0, 0, 7), Total: 280,
		Owners: []string{"data", "web"}, Changes: map[drift.Kind]int{drift.Regressed: 180, drift.Appeared: 100},
		Common: []drift.Share{
			{Of: "region", Value: "eu-west-1", Count: 280}, {Of: "type", Value: bucketType, Count: 280},
		},
		Rules: []drift.RuleCount{
			{Rule: "a", Title: "Title of a", Severity: posture.High, Count: 180, Of: 1980},
			{Rule: "b", Title: "Title of b", Severity: posture.High, Count: 100, Of: 3000},
		},
		Targets: []drift.TargetCount{
			{Target: summaries[0].Target, Count: 160}, {Target: summaries[1].Target, Count: 60}, {Target: summaries[2].Target, Count: 60},
		},
		MoreResources: 270,
	}
	want.Key, want.Group, want.Resources = got[0].Key, got[0].Group, got[0].Resources
	if diff := cmp.Diff([]drift.Alert{want}, got); diff != "" {
		t.Errorf("alerts: (-want +got)\n%s", diff)
	}
}

// TestCollectorMassOfOneRule: a mass of one rule names it, any other none.
func TestCollectorMassOfOneRule(t *testing.T) {
	summary := judged(1, drift.Tally{Rule: "a", Pass: 900}, drift.Tally{Rule: "b", Pass: 900})
	for name, row := range map[string]struct {
		changes []drift.Change
		want    string
	}{
		"one rule":           {several(300, drift.Regressed, "a", 1), "a"},
		"two rules":          {slices.Concat(several(101, drift.Regressed, "a", 1), several(100, drift.Regressed, "b", 1)), ""},
		"no rule of the run": {several(300, drift.Closed, "removed", 1), ""},
	} {
		got := ""
		for _, a := range collect(row.changes, summary) {
			if a.Rule != nil {
				got += a.Rule.ID
			}
		}
		if got != row.want {
			t.Errorf("%s: the rule %q, want %q", name, got, row.want)
		}
	}
}

// TestRulesWorstFirst: a critical rule with one finding comes before a low one
// with a thousand, in each alert that has a list of rules, and is not left out.
func TestRulesWorstFirst(t *testing.T) {
	grouping := grouping()
	grouping.Rules = map[string]posture.Rule{}
	var tallies, flipped []drift.Tally
	var changes []drift.Change
	for i := range 12 {
		id := fmt.Sprintf("low-%02d", i)
		grouping.Rules[id] = posture.Rule{ID: id, Severity: posture.Low}
		tallies = append(tallies, drift.Tally{Rule: id, Fail: 100, Baseline: 100})
		flipped = append(flipped, drift.Tally{Rule: id, Fail: 100, ToFail: 100})
		changes = append(changes, several(30, drift.Regressed, id, 1)...)
	}
	grouping.Rules["worst"] = posture.Rule{ID: "worst", Severity: posture.Critical}
	tallies = append(tallies, drift.Tally{Rule: "worst", Fail: 1, Baseline: 1})
	flipped = append(flipped, drift.Tally{Rule: "worst", Fail: 1, ToFail: 1})
	changes = append(changes, several(1, drift.Regressed, "worst", 1)...)
	c := drift.NewCollector(grouping)
	c.Target(judged(1, tallies...), gather(changes...))
	c.Target(judged(2, flipped...), drift.NewChanges())
	alerts := c.Alerts()
	if len(alerts) != 3 {
		t.Fatal(outline(alerts))
	}
	for _, a := range alerts {
		if len(a.Rules) != drift.Shown || a.MoreRules != 3 || a.Rules[0].Rule != "worst" {
			t.Errorf("%s: %d rules and %d more, the first %s", a.Kind, len(a.Rules), a.MoreRules, a.Rules[0].Rule)
		}
	}
}

func TestCollectorOrderDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{3, 60, 300} {
		changes := slices.Concat(several(n, drift.Regressed, "a", 1), several(n/3, drift.Appeared, "b", 2), several(n, drift.Resolved, "b", 1))
		one, two := judged(1, drift.Tally{Rule: "a", Pass: 900}), judged(2, drift.Tally{Rule: "b", Pass: 900})
		want := collect(changes, one, two)
		random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		if diff := cmp.Diff(want, collect(changes, two, one)); diff != "" {
			t.Errorf("%d changes, shuffled: (-want +got)\n%s", n, diff)
		}
	}
}

// TestCollectorTargets: it makes no difference which target's comparison has
// gathered a change, not even where so many come together only in the run.
func TestCollectorTargets(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{2, 30, 90, 150, 400} {
		changes := slices.Concat(several(n, drift.Regressed, "a", 1), several(n, drift.Appeared, "b", 2), several(n, drift.ExemptionExpired, "a", 2), several(n, drift.Resolved, "b", 1))
		random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		one, two := judged(1, drift.Tally{Rule: "a", Pass: 1900}), judged(2, drift.Tally{Rule: "b", Pass: 1900})
		want := collect(changes, one, two)
		cut, silent := random.IntN(len(changes)), changes[0]
		silent.Silent = drift.Exempted
		c := drift.NewCollector(grouping())
		c.Target(one, gather(append([]drift.Change{silent}, changes[:cut]...)...))
		c.Target(two, gather(changes[cut:]...))
		c.Target(drift.Summary{}, drift.NewChanges())
		if diff := cmp.Diff(want, c.Alerts()); diff != "" {
			t.Errorf("%d changes, %d of them by the first: (-want +got)\n%s", len(changes), cut, diff)
		}
	}
}

func TestCollectorKeys(t *testing.T) {
	summary := judged(1, drift.Tally{Rule: "a", Pass: 900})
	two, three := collect(several(2, drift.Regressed, "a", 1), summary)[0], collect(several(3, drift.Regressed, "a", 1), summary)[0]
	other := collect(several(2, drift.Appeared, "a", 1), summary)[0]
	got := []bool{two.Key == three.Key, two.Group == three.Group, two.Key == other.Key, two.Group == other.Group, len(two.Key) == 64}
	if diff := cmp.Diff([]bool{false, true, false, false, true}, got); diff != "" {
		t.Errorf("same key, same group, same key of another kind, same group, length: (-want +got)\n%s", diff)
	}
}

// TestCollectorWarnings: what the configuration says in vain is told with what
// could not be read, and by itself when all was read.
func TestCollectorWarnings(t *testing.T) {
	var many []string
	for i := range drift.Shown + 2 {
		many = append(many, fmt.Sprint("warning ", i))
	}
	collected := func(warnings []string) []drift.Alert {
		c := drift.NewCollector(drift.Grouping{Run: runID, Time: start, Floor: 95, Warnings: warnings})
		c.Target(judged(1, drift.Tally{Rule: "a", Pass: 9}), drift.NewChanges())
		return c.Alerts()
	}
	if got := collected(nil); len(got) > 0 {
		t.Errorf("without warnings: %+v", got)
	}
	got, other := collected(many), collected(many[:1])
	want := []drift.Alert{{
		Key: got[0].Key, Group: got[0].Group, Kind: drift.ScannerProblem, Run: runID, Time: start,
		Warnings: many[:drift.Shown], MoreWarnings: 2, Coverage: &drift.Coverage{Read: 9, Total: 9, Floor: 95},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if other[0].Key == got[0].Key || other[0].Degraded() {
		t.Errorf("other warnings, the same alert: %+v", other)
	}
}

func TestCollectorSummaries(t *testing.T) {
	nothing := posture.Cause{Reason: posture.Denied, Operation: "sts:AssumeRole", Code: "AccessDenied"}
	first := judged(1, drift.Tally{Rule: "a", Pass: 6, Fail: 3, Exempted: 1, Unknown: 2, Baseline: 3}, drift.Tally{Rule: "b", Pass: 1})
	first.First, first.Problems = true, []drift.Problem{{Cause: denied, Count: 2}}
	flipped := judged(2, drift.Tally{Rule: "a", Pass: 8, Fail: 2, ToFail: 2, ToPass: 1}, drift.Tally{Rule: "b", New: true, Fail: 4, ToFail: 4})
	flipped.Problems = []drift.Problem{{Cause: denied, Count: 1}}
	missing := judged(3, drift.Tally{Rule: "a", Carried: 9})
	missing.Failure = &nothing
	got := collect(nil, first, flipped, missing)
	a := func(n drift.RuleCount) drift.RuleCount {
		n.Rule, n.Title, n.Severity, n.Of = "a", "Title of a", posture.High, 22
		return n
	}
	want := []drift.Alert{
		{
			Kind: drift.ScannerProblem, Total: 11, Coverage: &drift.Coverage{Read: 25, Total: 36, Floor: 95},
			Problems: []drift.Problem{{Cause: denied, Count: 3, Accounts: []string{"000000000001", "000000000002"}}},
			Targets:  []drift.TargetCount{{Target: missing.Target, Count: 9, Cause: &nothing}},
		},
		{
			Kind: drift.Baseline, Severity: posture.High, Total: 3,
			Statuses:   map[string]int{"pass": 7, "fail": 3, "exempted": 1, "unknown": 2},
			Severities: map[posture.Severity]int{posture.High: 3}, Categories: map[posture.Category]int{posture.Backup: 3},
			Rules:    []drift.RuleCount{a(drift.RuleCount{Count: 3})},
			Targets:  []drift.TargetCount{{Target: first.Target, Count: 3}},
			Coverage: &drift.Coverage{Read: 11, Total: 13, Floor: 95},
		},
		{
			Kind: drift.RulesChanged, Severity: posture.High, Total: 7,
			Rules: []drift.RuleCount{
				{Rule: "b", Title: "Title of b", Severity: posture.High, Count: 4, Of: 5, New: true, ToFail: 4},
				a(drift.RuleCount{Count: 3, ToFail: 2, ToPass: 1}),
			},
			Targets: []drift.TargetCount{{Target: flipped.Target, Count: 7}},
		},
	}
	for i := range want {
		want[i].Run, want[i].Time, want[i].Key, want[i].Group = runID, start, got[i].Key, got[i].Group
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alerts: (-want +got)\n%s", diff)
	}
}

func TestCoveragePercent(t *testing.T) {
	var got []float64
	for _, c := range []drift.Coverage{{}, {Read: 1, Total: 3}, {Read: 9999, Total: 10000}, {Read: 5, Total: 5}} {
		got = append(got, c.Percent())
	}
	if diff := cmp.Diff([]float64{100, 33.3, 99.9, 100}, got); diff != "" {
		t.Errorf("percent: (-want +got)\n%s", diff)
	}
}

// TestThreads follows alerts from the message that something fails to the one
// that it is over.
func TestThreads(t *testing.T) {
	for _, row := range []struct {
		name    string
		buckets int
		story   string
		starts  int // run whose first alert starts the thread
		want    string
	}{
		{"regressed", 1, "p f p", 1, "RESOLVED"},
		{"appeared", 1, "x f p", 1, "RESOLVED"},
		{"baseline", 1, "f p", 0, "RESOLVED"},
		{"rule changed", 1, "p f* p", 1, "RESOLVED"},
		{"deleted", 1, "p f x", 1, "DELETED"},
		{"rule removed", 1, "p f R", 1, "CLOSED"},
		{"expired", 1, "p e E p", 2, "RESOLVED"},
		{"unstable", 1, "p f p f p", 3, "UNSTABLE"},
		{"mass by share", 40, "p f p", 1, "RESOLVED"},
		{"mass by number", 201, "p f p", 1, "MASS CLOSED"},
		{"mass by number, all gone", 201, "p f x", 1, "MASS CLOSED"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, m := sample{at: start}, &memory{}
			var runs [][]drift.Alert
			for _, token := range strings.Fields(row.story) {
				in, findings := s.run(token)
				c := drift.NewCollector(drift.Grouping{Run: in.Run, Time: in.Now, Rules: in.Rules})
				changes, sum, err := m.compare(in, copies(findings, row.buckets))
				if err != nil {
					t.Fatal(err)
				}
				c.Target(sum, gather(changes...))
				runs = append(runs, c.Alerts())
				s.at = s.at.Add(time.Hour)
			}
			last := runs[len(runs)-1]
			if len(last) != 1 || last[0].Kind.Word() != row.want || !slices.Contains(last[0].Thread, runs[row.starts][0].Group) {
				t.Errorf("got %v with thread %v, want %s in the thread of %v", outline(last), last, row.want, outline(runs[row.starts]))
			}
		})
	}
}

// copies returns the same finding on so many buckets.
func copies(findings []posture.Finding, n int) []posture.Finding {
	all := map[string]posture.Finding{}
	for _, f := range findings {
		for i := range n {
			c := finding(f.Rule, f.Region, fmt.Sprintf("bucket-%d", i), f.Status)
			c.Exemption, c.Unknown = f.Exemption, f.Unknown
			all[c.Fingerprint] = c
		}
	}
	return values(all)
}
