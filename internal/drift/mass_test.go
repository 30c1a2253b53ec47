package drift_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/drift"
	"posture/internal/posture"
)

// ended returns the ends of changes, in the next run.
func ended(changes []drift.Change) []drift.Change {
	ends := slices.Clone(changes)
	for i := range ends {
		ends[i].Earlier = drift.Mention{Run: runID, Kind: ends[i].Kind}
		ends[i].Kind, ends[i].Run = drift.Resolved, "20261123T010000Z-aws"
	}
	return ends
}

// TestMassesAndTheRest: a mass is what has something in common, and what has not
// keeps an alert of its own; when both end, each end names the alert that told
// it, and none that another finding's end names too.
func TestMassesAndTheRest(t *testing.T) {
	rules := map[string]posture.Rule{}
	var tallies []drift.Tally
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		rules[id] = rule(id, "1")
		tallies = append(tallies, drift.Tally{Rule: id, Pass: 5000})
	}
	run := func(run posture.RunID, changes []drift.Change) []drift.Alert {
		g := grouping()
		g.Rules, g.Run = rules, run
		c := drift.NewCollector(g)
		c.Target(judged(1, tallies...), gather(changes...))
		for account := 2; account < 60; account++ {
			c.Target(judged(account), drift.NewChanges())
		}
		return c.Alerts()
	}
	spread := func(n int, rule string) []drift.Change { // one each on so many targets
		var list []drift.Change
		for account := range n {
			list = append(list, change(drift.Regressed, rule, account+1, account))
		}
		return list
	}
	for name, row := range map[string]struct {
		changes []drift.Change
		want    []string // alerts, then the alerts of the ends by which they thread
	}{
		"one rule": {several(300, drift.Regressed, "a", 1), []string{"mass-change 300 of a", "ended 300"}},
		"one rule, and another finding": {
			slices.Concat(several(300, drift.Regressed, "a", 1), several(1, drift.Regressed, "b", 1)),
			[]string{"mass-change 300 of a", "regressed 1 of b", "ended 1", "ended 300"},
		},
		"two rules": {
			slices.Concat(several(300, drift.Regressed, "a", 1), several(300, drift.Regressed, "b", 2), several(3, drift.Appeared, "c", 1)),
			[]string{"mass-change 300 of a", "mass-change 300 of b", "appeared 3 of c", "ended 3", "ended 300", "ended 300"},
		},
		"two kinds of one rule": {
			slices.Concat(several(150, drift.Regressed, "a", 1), several(150, drift.Appeared, "a", 2)),
			[]string{"mass-change 300 of a", "ended 300"},
		},
		"four rules": {
			slices.Concat(several(300, drift.Regressed, "a", 1), several(300, drift.Regressed, "b", 1), several(300, drift.Regressed, "c", 1), several(300, drift.Regressed, "d", 1), several(3, drift.Regressed, "e", 1)),
			[]string{"mass-change 1203", "ended 1203"},
		},
		"one account": {
			slices.Concat(several(150, drift.Regressed, "a", 1), several(150, drift.Regressed, "b", 1), several(3, drift.Regressed, "c", 2)),
			[]string{"mass-change 300", "regressed 3 of c", "ended 150", "ended 150", "ended 3"},
		},
		"nothing in common": {
			slices.Concat(several(150, drift.Regressed, "a", 1), several(150, drift.Regressed, "b", 2)),
			[]string{"mass-change 300", "ended 150", "ended 150"},
		},
		"few on many targets": {spread(50, "a"), append(slices.Repeat([]string{"regressed 1 of a"}, 50), slices.Repeat([]string{"ended 1"}, 50)...)},
	} {
		t.Run(name, func(t *testing.T) {
			alerts := run(runID, row.changes)
			groups := map[string]int{}
			var got []string
			for _, a := range alerts {
				groups[a.Group] = a.Total
				line := fmt.Sprintf("%s %d", a.Kind, a.Total)
				if a.Rule != nil {
					line += " of " + a.Rule.ID
				}
				got = append(got, line)
			}
			for _, end := range run("20261123T010000Z-aws", ended(row.changes)) {
				told := slices.IndexFunc(end.Thread, func(group string) bool { return groups[group] > 0 })
				if told < 0 {
					t.Errorf("%s %d answers nothing", end.Kind, end.Total)
					continue
				}
				groups[end.Thread[told]] -= end.Total
				got = append(got, fmt.Sprintf("ended %d", end.Total))
			}
			for _, left := range groups {
				if left != 0 {
					t.Errorf("%d findings of an alert were ended elsewhere", left)
				}
			}
			slices.Sort(got)
			slices.Sort(row.want)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTooManyEnds: what would be more ends than people read is one, and what
// keeps failing now and then is none of them.
func TestTooManyEnds(t *testing.T) {
	var changes []drift.Change
	for i := range drift.MassAlerts + 1 {
		c := change(drift.Resolved, "a", 1, i)
		c.Earlier = drift.Mention{Run: posture.RunID(fmt.Sprintf("202610%02dT%02d0000Z-aws", 1+i/24, i%24)), Kind: drift.Regressed}
		changes = append(changes, c)
	}
	flipping := change(drift.Unstable, "b", 1, 1)
	flipping.Earlier = changes[0].Earlier
	want := []string{"UNSTABLE: b on account 1, 1 findings, 1 shown, 0 more"}
	for n, ends := range map[int][]string{
		drift.MassAlerts - 1: slices.Repeat([]string{"RESOLVED: a on account 1, 1 findings, 1 shown, 0 more"}, drift.MassAlerts-1),
		drift.MassAlerts + 1: {"MASS CLOSED: many, 51 findings, 10 shown, 41 more"},
	} {
		got := outline(collect(append(slices.Clone(changes[:n]), flipping), judged(1)))
		if diff := cmp.Diff(append(slices.Clone(want), ends...), got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestTooManyGroups: what is of more rules and targets than are told apart is one
// alert, whoever gathered it.
func TestTooManyGroups(t *testing.T) {
	var changes []drift.Change
	for i := range 2001 {
		changes = append(changes, change(drift.Regressed, "a", i, i))
	}
	c := drift.NewCollector(grouping())
	c.Target(judged(1), gather(changes[:1000]...))
	c.Target(judged(2), gather(changes[1000:]...))
	for _, got := range [][]drift.Alert{collect(changes, judged(1)), c.Alerts()} {
		if diff := cmp.Diff([]string{"MASS CHANGE: many, 2001 findings, 10 shown, 1991 more"}, outline(got)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestMassEdges holds from where on what changed, or ended, is one alert.
func TestMassEdges(t *testing.T) {
	each := func(rule string, from, to int) []drift.Change { // one on each account
		var list []drift.Change
		for account := from; account < to; account++ {
			list = append(list, change(drift.Regressed, rule, account, account))
		}
		return list
	}
	one := func(n int) []string { return slices.Repeat([]string{"regressed 1"}, n) }
	const most = 2000 // groups that are told apart
	for name, row := range map[string]struct {
		judged  int // of each rule
		changes []drift.Change
		want    []string
	}{
		"as many as are no mass":      {5000, several(200, drift.Regressed, "a", 1), []string{"regressed 200"}},
		"one more":                    {5000, several(201, drift.Regressed, "a", 1), []string{"mass-change 201"}},
		"as many ends as are no mass": {5000, ended(several(200, drift.Regressed, "a", 1)), []string{"resolved 200"}},
		"one end more":                {5000, ended(several(201, drift.Regressed, "a", 1)), []string{"mass-closed 201"}},
		"three rules": {
			5000, slices.Concat(several(300, drift.Regressed, "a", 1), several(300, drift.Regressed, "b", 1), several(300, drift.Regressed, "c", 1)),
			[]string{"mass-change 300", "mass-change 300", "mass-change 300"},
		},
		"large parts of four rules, few together": {
			100, slices.Concat(several(49, drift.Regressed, "a", 1), several(49, drift.Regressed, "b", 1), several(49, drift.Regressed, "c", 1), several(49, drift.Regressed, "d", 1), several(4, drift.Regressed, "e", 1)),
			[]string{"mass-change 196", "regressed 4"},
		},
		"one account has just enough of all": {
			5000, slices.Concat(several(100, drift.Regressed, "a", 1), several(100, drift.Regressed, "b", 1), several(50, drift.Regressed, "c", 2)),
			[]string{"mass-change 200", "regressed 50"},
		},
		"the others are just few enough": {
			5000, slices.Concat(several(200, drift.Regressed, "a", 1), several(200, drift.Regressed, "b", 1), several(200, drift.Regressed, "c", 1), several(200, drift.Regressed, "d", 1), several(200, drift.Regressed, "e", 2)),
			[]string{"mass-change 800", "regressed 200"},
		},
		"as many groups as are told apart": {1 << 20, slices.Concat(each("a", 0, most-10), each("b", 0, 10)), append(one(10), "mass-change 1990")},
		"one group more":                   {1 << 20, slices.Concat(each("a", 0, most-9), each("b", 0, 10)), []string{"mass-change 2001"}},
	} {
		g := grouping()
		g.Rules = map[string]posture.Rule{}
		var tallies []drift.Tally
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			g.Rules[id] = rule(id, "1")
			tallies = append(tallies, drift.Tally{Rule: id, Pass: row.judged})
		}
		c := drift.NewCollector(g)
		c.Target(judged(1, tallies...), gather(row.changes...))
		var got []string
		for _, a := range c.Alerts() {
			got = append(got, fmt.Sprintf("%s %d", a.Kind, a.Total))
		}
		slices.Sort(got)
		slices.Sort(row.want)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
