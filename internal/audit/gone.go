package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// goneKept is how long the notified state of a target that is gone is kept:
// as long as AWS lets a closed account be opened again. Google Cloud keeps
// deleted projects for 30 days.
const goneKept = 90 * 24 * time.Hour

// leave takes note of the targets that people were notified about and that are
// no longer in scope. Only a run over all that is configured can tell.
func (c *comparison) leave(ctx context.Context) error {
	if c.run.Narrowed {
		return nil
	}
	planned := plannedOf(c.run)
	var left []known
	for name, was := range c.index.Targets {
		judged := len(rulesOf(c.run, was.Target.Provider)) > 0
		if _, ok := planned[name]; !ok && judged && was.Run < c.run.ID {
			left = append(left, was)
		}
	}
	slices.SortFunc(left, func(a, b known) int { return compareTargets(a.Target, b.Target) })
	for _, was := range left {
		if err := c.left(ctx, was); err != nil {
			return fmt.Errorf("compare %s: %w", was.Target, err)
		}
	}
	return nil
}

// left does so for one target. What people were notified of stays as it is, so
// that the target goes on from there when it comes back, until it is kept for
// too long.
func (c *comparison) left(ctx context.Context, was known) error {
	name, next := was.Target.String(), was
	next.Run = c.run.ID
	switch {
	case was.Gone.IsZero():
		next.Gone = c.run.Slot
		gone, err := c.failing(ctx, was)
		if damaged(err) {
			return c.leftUnknown(ctx, was)
		}
		if err != nil {
			return err
		}
		next.Alerted = c.collector.Gone(gone)
	case c.run.Slot.Sub(was.Gone) >= goneKept:
		next = known{}
	}
	c.targets[name] = next
	return nil
}

// back returns what the index notes of a target, which has findings again,
// having been gone: nothing once it was read by a run over the whole scope,
// which is the moment at which people hear that it is back. Until then it stays
// one that is gone, and is not reported gone again. One whose notified state is
// lost is a first scan.
func (c *comparison) back(was known, s *side, found *compared) known {
	if !was.Gone.IsZero() && (c.run.Narrowed || found.summary.Failure != nil) {
		return known{Gone: was.Gone, Alerted: was.Alerted}
	}
	if was.Alerted && !s.lost {
		c.collector.Back(found.summary, found.changes)
	}
	return known{}
}

// failing returns what is known to fail of a target that is gone.
func (c *comparison) failing(ctx context.Context, was known) (drift.Gone, error) {
	gone := drift.Gone{Target: was.Target, Severities: map[posture.Severity]int{}}
	before, err := snapshot.LoadRun(ctx, c.auditor.Store, was.Run)
	if err != nil && !damaged(err) {
		return gone, err
	}
	if err == nil {
		gone.Listed, gone.Reconfigured = before.Slot, before.ConfigDigest != c.run.ConfigDigest
	}
	t, err := notified.Load(ctx, c.auditor.Store, was.Key)
	if err != nil {
		return gone, err
	}
	rules := rulesOf(c.run, was.Target.Provider)
	for line, err := range t.Lines {
		if err != nil {
			return gone, err
		}
		if rule, ok := rules[line.Rule]; ok && line.Status == posture.Fail && !line.Exemption.Live() {
			gone.Severities[rule.Severity]++
		}
	}
	return gone, nil
}

// leftUnknown handles a target that is gone and whose notified state is lost:
// nobody knows what fails there. The loss is reported, and nothing remains.
func (c *comparison) leftUnknown(ctx context.Context, was known) error {
	if err := c.lose(ctx, &side{}); err != nil {
		return err
	}
	c.targets[was.Target.String()] = known{}
	c.collector.Target(drift.Summary{Target: was.Target, Problems: []drift.Problem{lost}}, drift.NewChanges())
	return nil
}
