package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// comparison is one attempt at comparing a run with what people were told, as
// one version of the index has it. It stores files, none of which counts until
// the index names it.
type comparison struct {
	auditor   *Auditor
	run       snapshot.Run
	index     index
	attempt   string
	collector *drift.Collector
	coverage  drift.Coverage
	targets   map[string]known // to replace those of the index
}

// compare compares all that a run has.
func (a *Auditor) compare(ctx context.Context, ix index, run snapshot.Run, parts []snapshot.Part, missing []posture.Target) (*comparison, error) {
	rules := map[string]posture.Rule{}
	for _, rule := range run.Rules {
		rules[rule.ID] = rule
	}
	floor := a.Config.Alerts.CoverageFloor
	c := &comparison{
		auditor: a, run: run, index: ix, attempt: a.Attempt(),
		coverage: drift.Coverage{Floor: floor}, targets: map[string]known{},
		collector: drift.NewCollector(drift.Grouping{
			Run: run.ID, Time: run.Slot, Rules: rules, Days: a.Config.Alerts.DueDays, Floor: floor, Warnings: a.Warnings,
		}),
	}
	for _, s := range c.sides(ctx, parts, missing) {
		if err := c.side(ctx, s); err != nil {
			return nil, fmt.Errorf("compare %s: %w", s.in.Target, err)
		}
	}
	return c, nil
}

// side compares one target. A run that comes after a later one is only
// measured: what it found is older than what people know.
func (c *comparison) side(ctx context.Context, s *side) error {
	name := s.in.Target.String()
	known := c.index.Targets[name]
	s.told, s.late = untold(), known.Run >= c.run.ID
	if known.Key != "" {
		if err := c.open(ctx, s, known.Key); err != nil {
			return err
		}
	}
	if err := c.look(ctx, s); err != nil {
		return err
	}
	c.coverage = c.coverage.Plus(s.summary.Coverage())
	if s.late {
		return nil
	}
	if err := c.tell(ctx, s); err != nil {
		return err
	}
	c.collector.Target(s.summary)
	return nil
}

// open reads what people were told of a side.
func (c *comparison) open(ctx context.Context, s *side, key string) error {
	var err error
	if s.told, err = loadTold(ctx, c.auditor.Store, key); damaged(err) {
		return c.lose(ctx, s)
	}
	s.in.Before = s.told.base
	return err
}

// damaged reports whether a stored object is gone or makes no sense, which no
// repetition fixes.
func damaged(err error) bool {
	return errors.Is(err, snapshot.ErrCorrupt) || errors.Is(err, store.ErrNotFound)
}

// lose handles a file that is not what the index says: what people were told
// of the target is not known. The run is then its first one, which one summary
// tells, and the loss is told beside it. A file that is gone because somebody
// else has published meanwhile is not lost.
func (c *comparison) lose(ctx context.Context, s *side) error {
	now, err := loadIndex(ctx, c.auditor.Store)
	if err != nil {
		return err
	}
	if now.Sequence != c.index.Sequence {
		return errRaced
	}
	s.told, s.in.Before, s.lost = untold(), drift.Base{}, true
	return nil
}

// lost is what the alert about the scanner says of such a file.
var lost = drift.Problem{Cause: posture.Cause{Reason: posture.Failed, Operation: "posture:ReadTold", Code: "Corrupt"}}

// look compares a side without telling anybody, which yields the summary and
// shows whether both streams can be read to their ends. Findings that cannot
// make the target one of which nothing was read.
func (c *comparison) look(ctx context.Context, s *side) error {
	var toldErr, foundErr error
	summary, err := drift.Compare(noted(s.told.lines, &toldErr), noted(s.findings, &foundErr), s.in, drift.Out{
		Change: discard[drift.Change], Notified: discard[drift.Notified],
	})
	switch {
	case err == nil:
		if s.summary = summary; s.lost {
			s.summary.Problems = append(s.summary.Problems, lost)
		}
		return nil
	case toldErr != nil && damaged(toldErr):
		if err := c.lose(ctx, s); err != nil {
			return err
		}
	case toldErr != nil || foundErr != nil && !damaged(foundErr) || s.spoilt:
		return err
	default:
		s.in.Failure = &posture.Cause{Reason: posture.Failed, Code: "corrupt findings"}
		s.in.Listed, s.findings, s.spoilt = nil, nothing[posture.Finding], true
	}
	return c.look(ctx, s)
}

// noted passes a stream on and notes the error that it ends with.
func noted[T any](stream iter.Seq2[T, error], kept *error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for value, err := range stream {
			if err != nil {
				*kept = err
			}
			if !yield(value, err) {
				return
			}
		}
	}
}

// discard takes what nobody wants.
func discard[T any](T) error { return nil }

// tell collects what changed on a side, and stores what people are told of it
// from now on. Of a target that is out of scope nothing remains.
func (c *comparison) tell(ctx context.Context, s *side) error {
	name := s.in.Target.String()
	if s.in.Extent.Removed {
		c.targets[name] = known{}
		_, err := drift.Compare(s.told.lines, s.findings, s.in, drift.Out{Change: c.collector.Change, Notified: discard[drift.Notified]})
		return err
	}
	target := s.in.Target
	target.Regions = nil
	key := snapshot.ToldKey(target, c.run.ID, c.attempt)
	c.targets[name] = known{Target: target, Run: c.run.ID, Key: key}
	return saveTold(ctx, c.auditor.Store, key, s, c.collector.Change)
}
