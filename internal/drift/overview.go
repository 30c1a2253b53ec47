package drift

import (
	"fmt"
	"slices"

	"posture/internal/posture"
)

// firstRuns adds up what first runs found.
type firstRuns struct {
	any        bool
	total      int
	set        digest
	statuses   map[string]int
	severities map[posture.Severity]int
	categories map[posture.Category]int
	rules      counter
	targets    counter
	coverage   Coverage
	critical   []Resource // the first ones, at most CriticalsNamed
}

// newFirstRuns returns an empty sum.
func newFirstRuns() firstRuns {
	return firstRuns{
		statuses: map[string]int{}, severities: map[posture.Severity]int{}, categories: map[posture.Category]int{},
		rules: counter{}, targets: counter{},
	}
}

// add takes a target's summary, if it has to do with a first run.
func (f *firstRuns) add(s Summary, rules map[string]posture.Rule) {
	for _, r := range s.Criticals {
		f.critical = among(f.critical, r, CriticalsNamed)
	}
	read := s.First && len(s.Base.Rules) > 0
	if read {
		f.addTarget(s)
	}
	for _, t := range s.Rules {
		if t.Baseline == 0 {
			continue
		}
		f.any = true
		f.total += t.Baseline
		f.set.add(s.Target.String(), t.Rule, fmt.Sprint(t.Baseline))
		f.severities[rules[t.Rule].Severity] += t.Baseline
		f.categories[rules[t.Rule].Category] += t.Baseline
		f.rules.add(t.Rule, t.Baseline)
		f.targets.add(s.Target.String(), t.Baseline)
	}
}

// addTarget takes a target that is new as a whole.
func (f *firstRuns) addTarget(s Summary) {
	f.any = true
	f.set.add(s.Target.String())
	f.targets.add(s.Target.String(), 0)
	for _, t := range s.Rules {
		f.statuses["pass"] += t.Pass
		f.statuses["fail"] += t.Fail
		f.statuses["exempted"] += t.Exempted
		f.statuses["unknown"] += t.Unknown
	}
	f.coverage = f.coverage.Plus(s.Coverage())
}

// firstAlert returns the alert of all first runs, if there was one.
func (c *Collector) firstAlert() []Alert {
	f := &c.first
	if !f.any {
		return nil
	}
	a := c.alert(Baseline, groupOf(Baseline, "", "", c.Run), f.set)
	a.Total, a.Statuses, a.Severities, a.Categories = f.total, f.statuses, f.severities, f.categories
	for severity := range f.severities {
		a.Severity = severest(a.Severity, severity)
	}
	a.Resources, a.MoreResources = f.critical, f.severities[posture.Critical]-len(f.critical)
	for i, r := range a.Resources {
		a.Resources[i].Actual = posture.Excerpt(r.Actual, evidenceValues, evidenceBytes)
	}
	a.Rules, a.MoreRules = c.ruleCounts(f.rules), max(0, len(f.rules)-Shown)
	a.Targets, a.MoreTargets = c.targetCounts(f.targets), max(0, len(f.targets)-Shown)
	if f.coverage.Total > 0 {
		coverage := f.coverage
		coverage.Floor = c.Floor
		a.Coverage = &coverage
	}
	return []Alert{a}
}

// ruleFlips adds up what new and changed rules flipped.
type ruleFlips struct {
	total   int
	set     digest
	rules   map[string]RuleCount
	targets counter
}

// newRuleFlips returns an empty sum.
func newRuleFlips() ruleFlips { return ruleFlips{rules: map[string]RuleCount{}, targets: counter{}} }

// add takes a target's summary.
func (r *ruleFlips) add(s Summary) {
	for _, t := range s.Rules {
		n := t.ToFail + t.ToPass
		if n == 0 {
			continue
		}
		r.total += n
		r.set.add(s.Target.String(), t.Rule, fmt.Sprint(t.ToFail), fmt.Sprint(t.ToPass))
		r.targets.add(s.Target.String(), n)
		sum := r.rules[t.Rule]
		sum.Rule, sum.New, sum.Count = t.Rule, sum.New || t.New, sum.Count+n
		sum.ToFail, sum.ToPass = sum.ToFail+t.ToFail, sum.ToPass+t.ToPass
		r.rules[t.Rule] = sum
	}
}

// flipsAlert returns the alert of all that rules flipped, if there was
// anything.
func (c *Collector) flipsAlert() []Alert {
	r := &c.flips
	if r.total == 0 {
		return nil
	}
	a := c.alert(RulesChanged, groupOf(RulesChanged, "", "", c.Run), r.set)
	a.Total = r.total
	for _, sum := range sorted(r.rules) {
		sum.Title, sum.Severity = c.Rules[sum.Rule].Title, c.Rules[sum.Rule].Severity
		sum.Of = c.judged[sum.Rule]
		a.Severity = severest(a.Severity, sum.Severity)
		a.Rules = append(a.Rules, sum)
	}
	slices.SortStableFunc(a.Rules, compareRuleCounts)
	a.MoreRules = max(0, len(a.Rules)-Shown)
	a.Rules = a.Rules[:len(a.Rules)-a.MoreRules]
	a.Targets, a.MoreTargets = c.targetCounts(r.targets), max(0, len(r.targets)-Shown)
	return []Alert{a}
}
