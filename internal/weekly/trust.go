package weekly

import (
	"fmt"
	"slices"

	"posture/internal/drift"
)

// trust fills in what a reader must know before any count: which runs there
// were, and what they read. It says why that is not enough to go by, when it is
// not.
func (c *collector) trust(p *Page, courses []*course) {
	var read drift.Coverage
	for _, course := range courses {
		l, current := course.last()
		if current {
			course.Last = c.latest(l)
			read = read.Plus(l.standing.coverage)
			p.Resources += l.standing.resources
			p.Listings, p.Listed = p.Listings+l.standing.listings, p.Listed+l.standing.listed
		}
		p.Series = append(p.Series, course.Series)
		p.NotEnough = append(p.NotEnough, c.lacks(course, l, current)...)
	}
	p.Coverage = c.coverage(read)
	if p.Coverage.Low() && read.Total > 0 {
		p.NotEnough = slices.Insert(p.NotEnough, 0, fmt.Sprintf("%.1f%% of findings could be checked, under the floor of %g%%", p.Coverage.Percent, p.Coverage.Floor))
	}
	if n := p.Findings.Now.Total(); n == 0 && len(p.NotEnough) == 0 {
		p.NotEnough = append(p.NotEnough, "nothing was judged")
	}
}

func (c *collector) coverage(of drift.Coverage) Coverage {
	of.Floor = c.Config.Alerts.CoverageFloor
	return Coverage{Coverage: of, Percent: percent(of.Read, of.Total)}
}

func (c *collector) latest(l *look) *Last {
	return &Last{
		Run: l.run.ID, Slot: l.run.Slot, Outcome: l.manifest.Outcome, Sequence: l.manifest.Sequence, Tool: l.run.Tool, Build: l.run.Build,
		Config: l.run.ConfigDigest, Rules: l.run.RulesFile.SHA256, Targets: l.manifest.Totals.Targets, Scanned: l.manifest.Totals.Scanned,
		Coverage: c.coverage(l.standing.coverage),
	}
}

// lacks says why the runs of a scope are not enough to go by.
func (c *collector) lacks(of *course, l *look, current bool) []string {
	if !current {
		return []string{fmt.Sprintf("no run of %s in the week was finished and read anything", of.Name)}
	}
	var why []string
	targets := c.coverage(drift.Coverage{Read: l.manifest.Totals.Scanned, Total: l.manifest.Totals.Targets, Accepted: l.standing.accepted})
	if targets.Low() {
		why = append(why, fmt.Sprintf("the last run of %s scanned %d of %d targets", of.Name, targets.Read, targets.Total-targets.Accepted))
	}
	if age := c.asOf.Sub(l.run.Slot); age > drift.MissedPeriods*c.Config.Every() {
		why = append(why, fmt.Sprintf("the last run of %s in the week is of %s UTC", of.Name, l.run.Slot.UTC().Format(minute)))
	}
	return why
}
