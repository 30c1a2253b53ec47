package drift

import (
	"cmp"
	"slices"
	"time"

	"posture/internal/posture"
)

// When so much changes in one run that it is one alert.
const (
	MassLimit   = 200 // more findings than these
	MassPercent = 20  // or more of a rule's findings than this share,
	MassLeast   = 10  // if they are at least this many
	MassRules   = 3   // rules that each get such an alert; what is of more is one
	MassAlerts  = 50  // alerts that end others; what would be more is one
	CommonShare = 80  // a mass change names what this share of it, in percent, has in common
)

// Grouping is what a Collector needs to know of a run.
type Grouping struct {
	Run   posture.RunID
	Time  time.Time                // the run's slot
	Rules map[string]posture.Rule  // the run's rules by id
	Days  map[posture.Severity]int // days until a fail of the severity is due; without an entry it never is
	Floor float64                  // percentage of coverage under which a run is degraded

	Warnings []string // what of the configuration is without effect, in a line each

	// Before is what people were last notified of that could not be read. Nil:
	// that is not tracked, and each run alerts.
	Before *Health
}

// Collector turns the changes and summaries of a run's targets into alerts.
// Its memory grows with the number of alerts, each with up to Shown resources,
// not with that of changes. It is not safe for concurrent use.
type Collector struct {
	Grouping
	changes *Changes
	targets map[string]posture.Target
	judged  map[string]int // findings by rule
	first   firstRuns
	flips   ruleFlips
	health  health
	gone    []TargetCount // out of scope since this run
	back    []TargetCount // in scope again

	// Health is what is to be remembered once the alerts are made.
	Health  Health
	tracked bool
}

// NewCollector returns a collector for one run.
func NewCollector(g Grouping) *Collector {
	c := &Collector{
		Grouping: g, changes: NewChanges(), targets: map[string]posture.Target{}, judged: map[string]int{},
		first: newFirstRuns(), flips: newRuleFlips(), health: newHealth(),
	}
	if g.Before != nil {
		c.Health, c.tracked = *g.Before, true
	}
	return c
}

// Target takes what one comparison found out of a target: its summary and its
// changes, which are not to be used any more. It is called once for each target,
// and only when the comparison came to its end.
func (c *Collector) Target(s Summary, changes *Changes) {
	c.changes.merge(changes)
	s.Target.Regions = nil
	c.targets[s.Target.String()] = s.Target
	for _, t := range s.Rules {
		c.judged[t.Rule] += t.Judged()
	}
	c.first.add(s, c.Rules)
	c.flips.add(s)
	c.health.add(s)
}

// Alerts returns the alerts of the run, the most urgent first. It is called
// once, after the last target.
func (c *Collector) Alerts() []Alert {
	alerts := c.laterAlerts()
	for _, class := range []*class{&c.changes.news, &c.changes.expired} {
		alerts = slices.Concat(alerts, c.massAlerts(class, laterKey{}), c.groupAlerts(class))
	}
	alerts = slices.Concat(alerts, c.targetsAlert(TargetGone, c.gone), c.targetsAlert(TargetBack, c.back), c.firstAlert(), c.flipsAlert(), c.healthAlert())
	slices.SortFunc(alerts, compareAlerts)
	return alerts
}

// massAlerts takes the masses out of one sort of change and returns their alerts.
func (c *Collector) massAlerts(class *class, key laterKey) []Alert {
	var alerts []Alert
	for rule, b := range class.masses(c.judged) {
		group := groupOf(class.kind, "", rule, c.Run)
		if key.earlier != (earlier{}) {
			group = hash("end", string(key.kind), rule, c.Run.String(), key.earlier.run.String(), string(key.earlier.kind)).String()
		}
		alerts = append(alerts, c.massAlert(class.kind, group, b))
	}
	return alerts
}

// groupAlerts returns the alerts of what is left of one sort of change.
func (c *Collector) groupAlerts(class *class) []Alert {
	var alerts []Alert
	for key, b := range class.groups {
		alerts = append(alerts, c.groupAlert(key, b))
	}
	return alerts
}

// laterAlerts returns the alerts that continue or end earlier ones. What is left
// of too many is one.
func (c *Collector) laterAlerts() []Alert {
	var alerts []Alert
	for key, class := range c.changes.later {
		alerts = append(alerts, c.massAlerts(class, key)...)
	}
	if b := c.changes.loose(); b != nil {
		alerts = append(alerts, c.massAlert(MassClosed, groupOf(MassClosed, "", "", c.Run), b))
	}
	for _, class := range c.changes.later {
		alerts = append(alerts, c.groupAlerts(class)...)
	}
	return alerts
}

// urgency is the order in which people should hear of things. Of what is on one
// line the most severe comes first, and what is equally severe as it is listed.
var urgency = [][]Kind{
	{MassChange, Regressed, Appeared, ExemptionExpired, MassExpired},
	{Unstable, MassUnstable},
	{TargetGone}, {TargetBack}, {ScannerProblem}, {Baseline}, {RulesChanged},
	{Resolved, Deleted, Closed, MassClosed},
}

// urgencyOf returns the place of a kind among the urgencies, and in its own.
func urgencyOf(kind Kind) (class, place int) {
	for class, kinds := range urgency {
		if place := slices.Index(kinds, kind); place >= 0 {
			return class, place
		}
	}
	return len(urgency), 0
}

// compareAlerts orders alerts by urgency and severity.
func compareAlerts(a, b Alert) int {
	classA, placeA := urgencyOf(a.Kind)
	classB, placeB := urgencyOf(b.Kind)
	return cmp.Or(
		cmp.Compare(classA, classB), compareSeverities(a.Severity, b.Severity),
		cmp.Compare(placeA, placeB), cmp.Compare(a.Group, b.Group),
	)
}

// alert returns an alert with what all kinds have.
func (c *Collector) alert(kind Kind, group string, set digest) Alert {
	return Alert{
		Key: hash("alert", group, set.String()).String(), Group: group,
		Kind: kind, Run: c.Run, Time: c.Time,
	}
}

// groupAlert returns the alert of one rule and target.
func (c *Collector) groupAlert(key groupKey, b *bundle) Alert {
	a := c.alert(key.kind, key.group(c.Run), b.set)
	target, rule := c.target(key.target), posture.Rule{ID: key.rule}
	if known, ok := c.Rules[key.rule]; ok {
		rule = known
	}
	a.Target, a.Rule, a.Reason = &target, &rule, key.reason
	c.describe(&a, b)
	return a
}

// massAlert returns the alert of all that was folded together.
func (c *Collector) massAlert(kind Kind, group string, b *bundle) Alert {
	a := c.alert(kind, group, b.set)
	a.Changes, a.Common = b.kinds, b.common()
	a.Rules, a.MoreRules = c.ruleCounts(b.rules), max(0, len(b.rules)-Shown)
	if rule, known := c.Rules[a.Rules[0].Rule]; known && len(b.rules) == 1 {
		a.Rule = &rule
	}
	a.Targets, a.MoreTargets = c.targetCounts(b.targets), max(0, len(b.targets)-Shown)
	c.describe(&a, b)
	return a
}

// describe fills in what is known of the findings of an alert.
func (c *Collector) describe(a *Alert, b *bundle) {
	a.Severity, a.Total, a.Thread = b.severity, b.total, b.thread
	a.Resources, a.MoreResources = b.resources, b.total-len(b.resources)
	for i := range a.Resources {
		a.Resources[i].Actual = posture.Excerpt(a.Resources[i].Actual, evidenceValues, evidenceBytes)
	}
	for _, owner := range b.owners.top(Shown) {
		a.Owners = append(a.Owners, owner.value)
	}
	slices.Sort(a.Owners)
	if days, ok := c.Days[b.severity]; ok && !ending(a.Kind) && a.Kind != MassClosed && a.Kind != MassUnstable {
		a.Due = c.Time.AddDate(0, 0, days)
	}
}

// compareRuleCounts puts the most severe rules first, of these those that were
// counted most.
func compareRuleCounts(x, y RuleCount) int {
	return cmp.Or(compareSeverities(x.Severity, y.Severity), cmp.Compare(y.Count, x.Count))
}

// ruleCounts returns the worst rules.
func (c *Collector) ruleCounts(rules counter) []RuleCount {
	var list []RuleCount
	for _, top := range rules.top(len(rules)) {
		rule := c.Rules[top.value]
		list = append(list, RuleCount{
			Rule: top.value, Title: rule.Title, Severity: rule.Severity, Count: top.n, Of: c.judged[top.value],
		})
	}
	slices.SortStableFunc(list, compareRuleCounts)
	return list[:min(len(list), Shown)]
}

// targetCounts returns the targets that were counted most.
func (c *Collector) targetCounts(targets counter) []TargetCount {
	var list []TargetCount
	for _, top := range targets.top(Shown) {
		list = append(list, TargetCount{Target: c.target(top.value), Count: top.n})
	}
	return list
}

// target returns a target by what Target.String says of it.
func (c *Collector) target(name string) posture.Target { return c.targets[name] }
