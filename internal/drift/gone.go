package drift

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"posture/internal/posture"
)

// Gone is a target that is in scope no longer: it is not checked any more, and
// nobody has said that what failed there is fixed.
type Gone struct {
	Target       posture.Target           // without its regions
	Severities   map[posture.Severity]int // its failing findings that are not exempted, as last read
	Listed       time.Time                // slot of the last run that had it in scope; zero: not known
	Reconfigured bool                     // the configuration has changed since that run
}

// total returns how many findings fail there.
func (g Gone) total() int {
	total := 0
	for _, n := range g.Severities {
		total += n
	}
	return total
}

// worst returns the most severe of them.
func (g Gone) worst() posture.Severity {
	var worst posture.Severity
	for severity := range g.Severities {
		worst = severest(worst, severity)
	}
	return worst
}

// Gone takes a target that the run is the first not to have in scope. One
// without failing findings is nothing to be notified of.
func (c *Collector) Gone(g Gone) {
	if g.total() > 0 {
		c.gone = append(c.gone, g)
	}
}

// goneAlert returns the alert of all targets that are gone, if there are any.
func (c *Collector) goneAlert() []Alert {
	if len(c.gone) == 0 {
		return nil
	}
	slices.SortFunc(c.gone, func(x, y Gone) int {
		return cmp.Or(compareSeverities(x.worst(), y.worst()), cmp.Compare(y.total(), x.total()), cmp.Compare(x.Target.String(), y.Target.String()))
	})
	var set digest
	severities := map[posture.Severity]int{}
	var targets []TargetCount
	for _, g := range c.gone {
		set.add(g.Target.String(), fmt.Sprint(g.total()))
		for severity, n := range g.Severities {
			severities[severity] += n
		}
		targets = append(targets, TargetCount{
			Target: g.Target, Count: g.total(), Severities: g.Severities, Listed: g.Listed, Reconfigured: g.Reconfigured,
		})
	}
	a := c.alert(TargetGone, groupOf(TargetGone, "", "", c.Run), set)
	all := Gone{Severities: severities}
	a.Total, a.Severity, a.Severities = all.total(), all.worst(), severities
	if len(targets) == 1 {
		a.Target = &targets[0].Target
	}
	a.MoreTargets = max(0, len(targets)-Shown)
	a.Targets = targets[:len(targets)-a.MoreTargets]
	return []Alert{a}
}
