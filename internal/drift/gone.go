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

// Gone takes a target that the run is the first not to have in scope, and
// reports whether people are notified of it: one without failing findings is
// nothing to hear of.
func (c *Collector) Gone(g Gone) bool {
	total := totalOf(g.Severities)
	if total > 0 {
		c.gone = append(c.gone, TargetCount{
			Target: g.Target, Count: total, Severities: g.Severities, Listed: g.Listed, Reconfigured: g.Reconfigured,
		})
	}
	return total > 0
}

// Back takes a target that people were told is gone, and that was read again: by
// its summary and its changes, which Target has not taken yet.
func (c *Collector) Back(s Summary, changes *Changes) {
	s.Target.Regions = nil
	b := TargetCount{Target: s.Target, Severities: map[posture.Severity]int{}, Began: changes.began}
	for _, t := range s.Rules {
		b.Count += t.Fail
		b.Began += t.ToFail + t.Baseline
		b.Unread += t.Unknown + t.Carried
		if t.Fail > 0 {
			b.Severities[c.Rules[t.Rule].Severity] += t.Fail
		}
	}
	c.back = append(c.back, b)
}

// targetsAlert returns the alert of a kind about whole targets, if there are
// any, the worst first.
func (c *Collector) targetsAlert(kind Kind, targets []TargetCount) []Alert {
	if len(targets) == 0 {
		return nil
	}
	slices.SortFunc(targets, func(x, y TargetCount) int {
		return cmp.Or(compareSeverities(worstOf(x.Severities), worstOf(y.Severities)), cmp.Compare(y.Count, x.Count), cmp.Compare(x.Target.String(), y.Target.String()))
	})
	var set digest
	severities := map[posture.Severity]int{}
	for _, t := range targets {
		set.add(t.Target.String(), fmt.Sprint(t.Count))
		for severity, n := range t.Severities {
			severities[severity] += n
		}
	}
	a := c.alert(kind, groupOf(kind, "", "", c.Run), set)
	a.Total, a.Severity, a.Severities = totalOf(severities), worstOf(severities), severities
	if len(targets) == 1 {
		a.Target = &targets[0].Target
	}
	a.MoreTargets = max(0, len(targets)-Shown)
	a.Targets = targets[:len(targets)-a.MoreTargets]
	return []Alert{a}
}

// totalOf returns how many findings there are of all severities.
func totalOf(severities map[posture.Severity]int) int {
	total := 0
	for _, n := range severities {
		total += n
	}
	return total
}

// worstOf returns the most severe of them, "" where there are none.
func worstOf(severities map[posture.Severity]int) posture.Severity {
	var worst posture.Severity
	for severity := range severities {
		worst = severest(worst, severity)
	}
	return worst
}
