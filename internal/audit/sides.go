package audit

import (
	"context"
	"iter"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// side is one target of a run that is to be compared with its notified state.
type side struct {
	in       drift.Input
	findings iter.Seq2[posture.Finding, error]
	notified notified.State
	late     bool // this run or a later one was compared already: it changes nothing
	lost     bool // the notified state could not be read
	spoilt   bool // the findings could not be read
}

// sides returns the targets that a run speaks of: those with a part, and those in
// extent without one. All that they depend on is the run, not who publishes.
func (c *comparison) sides(ctx context.Context, parts []snapshot.Part, missing []posture.Target) []*side {
	planned := plannedOf(c.run)
	var sides []*side
	for _, part := range parts {
		in := drift.Input{Target: part.Target, Listed: part.Report.Populations, Failure: part.Failure}
		in.Extent = extent(c.run, planned[part.Target.String()], part)
		sides = append(sides, &side{in: in, findings: snapshot.Findings(ctx, c.auditor.Store, part)})
	}
	for _, target := range missing {
		in := drift.Input{Target: target, Failure: &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadPart", Code: "no part"}}
		in.Extent = extent(c.run, target, snapshot.Part{Target: target, Failure: in.Failure})
		sides = append(sides, &side{in: in, findings: nothing[posture.Finding]})
	}
	for _, s := range sides {
		s.in.Run, s.in.Now, s.in.Narrowed = c.run.ID, c.run.Slot, c.run.Narrowed
		s.in.Rules, s.in.Floors = rulesOf(c.run, s.in.Target.Provider), c.auditor.floors()
		s.in.Accepted = c.accepted(s.in.Target)
	}
	return sides
}

// accepted returns what is accepted not to be read of a target on the day of the
// run.
func (c *comparison) accepted(target posture.Target) func(posture.Cause) *posture.Exemption {
	return func(cause posture.Cause) *posture.Exemption {
		return c.auditor.Config.Exemptions.ExemptCause(target, cause, c.run.Slot)
	}
}

// plannedOf returns the targets of a run by name.
func plannedOf(run snapshot.Run) map[string]posture.Target {
	planned := map[string]posture.Target{}
	for _, target := range run.Targets {
		planned[target.String()] = target
	}
	return planned
}

// rulesOf returns the rules of a run that judge a provider.
func rulesOf(run snapshot.Run, provider posture.Provider) map[string]posture.Rule {
	rules := map[string]posture.Rule{}
	for _, rule := range run.Rules {
		if rule.Provider == provider {
			rules[rule.ID] = rule
		}
	}
	return rules
}

// extent returns what a run's configuration asks to be read of a target. Regions
// that only this run was asked for do not narrow it, and nor does a scan that
// could not find out which regions there are.
func extent(run snapshot.Run, planned posture.Target, part snapshot.Part) drift.Extent {
	scope := drift.Extent{Types: run.Types[part.Target.Provider]}
	switch {
	case len(planned.Regions) > 0 && !run.Narrowed:
		scope.Regions = planned.Regions
	case len(planned.Regions) == 0 && part.Failure == nil:
		scope.Regions = part.Target.Regions
	}
	return scope
}

// floors returns the severities that people are notified of.
func (a *Auditor) floors() drift.Floors {
	floor := a.Config.Alerts.Floor()
	return drift.Floors{Regressed: floor, Appeared: floor}
}

// nothing yields nothing.
func nothing[T any](func(T, error) bool) {}
