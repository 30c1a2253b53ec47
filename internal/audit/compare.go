package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/tally"
)

// comparison is one attempt at comparing a run with the notified state, as
// one version of the index has it. It stores files that do not count until
// the index names it.
type comparison struct {
	auditor    *Auditor
	run        snapshot.Run
	index      index
	attempt    string
	collector  *drift.Collector
	coverage   drift.Coverage
	unreadable int // targets that are not read, and somebody accepted it
	found      *tally.Tally
	targets    map[string]known // to replace those of the index
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
		coverage: drift.Coverage{Floor: floor}, targets: map[string]known{}, found: tally.New(a.Worst),
		collector: drift.NewCollector(drift.Grouping{
			Run: run.ID, Time: run.Slot, Rules: rules, Days: a.Config.Alerts.DueDays, Floor: floor, Warnings: a.Warnings,
			Before: ix.healthOf(run),
		}),
	}
	for _, s := range c.sides(ctx, parts, missing) {
		if err := c.side(ctx, s); err != nil {
			return nil, fmt.Errorf("compare %s: %w", s.in.Target, err)
		}
	}
	if err := c.leave(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// side compares one target. A run that comes after a later one is only
// measured: what it found is older than what people know.
func (c *comparison) side(ctx context.Context, s *side) error {
	name := s.in.Target.String()
	known := c.index.Targets[name]
	s.notified, s.late = notified.None(), known.Run >= c.run.ID
	if known.Key != "" {
		if err := c.open(ctx, s, known.Key); err != nil {
			return err
		}
	}
	found, err := c.look(ctx, s)
	if err != nil {
		return err
	}
	c.coverage = c.coverage.Plus(found.summary.Coverage())
	if found.summary.Accepted.Live() {
		c.unreadable++
	}
	c.found.Merge(found.tally)
	if s.late {
		return nil
	}
	next := c.back(known, s, found)
	if err := c.keep(ctx, s, found, next); err != nil {
		return err
	}
	c.collector.Target(found.summary, found.changes)
	return nil
}

// open reads the notified state of a side.
func (c *comparison) open(ctx context.Context, s *side, key string) error {
	var err error
	if s.notified, err = notified.Load(ctx, c.auditor.Store, key); damaged(err) {
		return c.lose(ctx, s)
	}
	s.in.Before = s.notified.Base
	return err
}

// damaged reports whether a stored object is gone or makes no sense, which no
// repetition fixes.
func damaged(err error) bool {
	return errors.Is(err, snapshot.ErrCorrupt) || errors.Is(err, store.ErrNotFound)
}

// lose handles a file that is not what the index says: the notified state
// of the target is not known. The run is then its first one, reported as one
// summary, and the loss is reported beside it. A file that is gone because somebody
// else has published meanwhile is not lost.
func (c *comparison) lose(ctx context.Context, s *side) error {
	now, err := loadIndex(ctx, c.auditor.Store)
	if err != nil {
		return err
	}
	if now.Sequence != c.index.Sequence {
		return errRaced
	}
	s.notified, s.in.Before, s.lost = notified.None(), drift.Base{}, true
	return nil
}

// lost is what the alert about the scanner says of such a file.
var lost = drift.Problem{Cause: posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadTold", Code: "Corrupt"}}

// compared is what one reading of a side found out. It counts only when both
// streams came to their ends.
type compared struct {
	summary drift.Summary
	changes *drift.Changes
	tally   *tally.Tally
	lines   *snapshot.SortedWriter[notified.Line] // what people are notified of from now on; nil: nothing is kept
	count   int                                   // of those
	full    error                                 // why a line could not be written
}

// newCompared prepares one reading. Of a target that a later run was compared
// for no lines are kept.
func (c *comparison) newCompared(s *side) (*compared, error) {
	found := &compared{changes: drift.NewChanges(), tally: tally.New(c.auditor.Worst)}
	if s.late {
		return found, nil
	}
	var err error
	found.lines, err = notified.File(c.notifiedKey(s)).Writer()
	return found, err
}

// add takes one line of what people are notified of from now on.
func (found *compared) add(n drift.Notified) error {
	if found.lines == nil {
		return nil
	}
	found.count++
	found.full = found.lines.Add(notified.Line{Notified: n})
	return found.full
}

// look compares a side, in one reading of both streams. Findings that cannot be
// read make the target one that was not read at all.
func (c *comparison) look(ctx context.Context, s *side) (*compared, error) {
	found, err := c.newCompared(s)
	if err != nil {
		return nil, err
	}
	var beforeErr, foundErr error
	found.summary, err = drift.Compare(noted(s.notified.Lines, &beforeErr), noted(c.counted(s.findings, found.tally), &foundErr), s.in, drift.Out{
		Change: found.changes.Add, Notified: found.add,
	})
	switch {
	case err == nil:
		if s.lost {
			found.summary.Problems = append(found.summary.Problems, lost)
		}
		return found, nil
	case beforeErr != nil && damaged(beforeErr):
		if err := c.lose(ctx, s); err != nil {
			return nil, err
		}
	case found.full != nil || beforeErr != nil || foundErr != nil && !damaged(foundErr) || s.spoilt:
		return nil, err
	default:
		s.in.Failure = &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadFindings", Code: "corrupt findings"}
		s.in.Listed, s.findings, s.spoilt = nil, nothing[posture.Finding], true
	}
	return c.look(ctx, s)
}

// counted passes findings on and counts them.
func (c *comparison) counted(findings iter.Seq2[posture.Finding, error], to *tally.Tally) iter.Seq2[posture.Finding, error] {
	return func(yield func(posture.Finding, error) bool) {
		for finding, err := range findings {
			if err == nil {
				to.Add(finding, c.collector.Rules[finding.Rule].Severity)
			}
			if !yield(finding, err) {
				return
			}
		}
	}
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

// keep stores what people are notified of from now on.
func (c *comparison) keep(ctx context.Context, s *side, found *compared, next known) error {
	next.Target, next.Run, next.Key = s.in.Target, c.run.ID, c.notifiedKey(s)
	next.Target.Regions = nil
	if err := c.keepWeek(ctx, c.index.Targets[next.Target.String()]); err != nil {
		return err
	}
	c.targets[next.Target.String()] = next
	return found.lines.Put(ctx, c.auditor.Store, notified.Line{Base: &found.summary.Base, Lines: found.count})
}

// weekLimit bounds what is copied for a week, which is as much as a publication
// holds of a target anyway.
const weekLimit = 256 << 20

// keepWeek stores a copy of the notified state as a week left it, when a run of
// a later week is about to replace it: the weekly page says from it since when
// a finding fails. One that is lost or too large is left out.
func (c *comparison) keepWeek(ctx context.Context, was known) error {
	key := snapshot.WeekKey(was.Target, was.Run.Slot())
	if was.Key == "" || key == snapshot.WeekKey(was.Target, c.run.Slot) {
		return nil
	}
	body, _, err := store.Read(ctx, c.auditor.Store, was.Key, weekLimit)
	if damaged(err) || errors.Is(err, store.ErrTooLarge) {
		return nil
	}
	if err == nil {
		_, err = c.auditor.Store.PutIfAbsent(ctx, key, body)
	}
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// notifiedKey is where this attempt stores what people are notified of.
func (c *comparison) notifiedKey(s *side) string {
	return snapshot.NotifiedKey(s.in.Target, c.run.ID, c.attempt)
}
