package weekly

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// stage is one target in one look.
type stage struct {
	look      *look
	in        drift.Input
	findings  iter.Seq2[posture.Finding, error]
	resources int
	failed    error // with which the findings ended
}

// timeline is one target through all looks: what one comparison of a batch
// remembers of a finding goes on to the next at once, so that nothing is kept of
// findings but one for each look; between batches it is kept compressed.
type timeline struct {
	stages    []*stage
	known     []known // put in between the stages
	lost      error   // with which what is known ended
	week      Week
	summaries []drift.Summary
	sums      *sums
	aside     aside
	pending   map[string][]drift.Change // of the week, by findings that the last stage did not reach yet
	found     posture.Finding           // the last stage's own, at which the comparison is
}

// errStopped ends a comparison whose reader has stopped.
var errStopped = errors.New("stopped")

// nothing yields nothing.
func nothing[T any](func(T, error) bool) {}

// run reads the findings of all stages once, and counts them. After an error
// nothing that it counted may be used.
func (tl *timeline) run(current bool) error {
	tl.link()
	tl.summaries, tl.pending, tl.aside = make([]drift.Summary, len(tl.stages)), map[string][]drift.Change{}, aside{}
	var told iter.Seq2[drift.Notified, error] = nothing[drift.Notified]
	for i := range tl.stages {
		told = tl.compare(i, tl.with(i, told))
		if (i+1)%batch == 0 && i+1 < len(tl.stages) {
			var err error
			if told, err = tl.finish(told); err != nil {
				return err
			}
		}
	}
	stop, err := tl.aside.begin()
	defer stop()
	if err != nil {
		return err
	}
	for line, err := range tl.with(len(tl.stages), told) {
		if err == nil {
			err = tl.countUntil(&line)
		}
		if err != nil {
			return err
		}
		tl.sums.notified(line, tl.finding(line, current))
	}
	return tl.countUntil(nil)
}

// finding returns what the last run of the week found of a line's finding, nil
// where it has none or could not read it.
func (tl *timeline) finding(line drift.Notified, current bool) *posture.Finding {
	if !current || !line.Unread.Since.IsZero() || tl.found.Fingerprint != line.Fingerprint {
		return nil
	}
	return &tl.found
}

// countUntil counts the changes of the findings up to a line, with what became of
// them. Those without a line are gone. Without a line it counts all that is
// left.
func (tl *timeline) countUntil(line *drift.Notified) error {
	if err := tl.recall(line); err != nil {
		return err
	}
	for _, fingerprint := range tl.upTo(line) {
		var end *drift.Notified
		if line != nil && fingerprint == line.Fingerprint {
			end = line
		}
		for _, change := range tl.pending[fingerprint] {
			tl.sums.change(change, end)
		}
		delete(tl.pending, fingerprint)
	}
	return nil
}

// upTo returns the findings up to a line whose changes wait, in order; without a
// line all of them.
func (tl *timeline) upTo(line *drift.Notified) []string {
	waiting := sortedKeys(tl.pending)
	if line == nil {
		return waiting
	}
	end, found := slices.BinarySearch(waiting, line.Fingerprint)
	if found {
		end++
	}
	return waiting[:end]
}

// compare returns what one stage leaves to the next.
func (tl *timeline) compare(i int, told iter.Seq2[drift.Notified, error]) iter.Seq2[drift.Notified, error] {
	return func(yield func(drift.Notified, error) bool) {
		st := tl.stages[i]
		summary, err := drift.Compare(told, tl.noted(i), st.in, drift.Out{
			Change: func(change drift.Change) error {
				if of := change.Resource.Fingerprint; st.look.week == tl.week {
					tl.pending[of] = append(tl.pending[of], change)
				}
				return nil
			},
			Notified: func(line drift.Notified) error {
				if !yield(line, nil) {
					return errStopped
				}
				return nil
			},
		})
		if tl.summaries[i] = summary; err != nil && !errors.Is(err, errStopped) {
			yield(drift.Notified{}, err)
		}
	}
}

// noted yields the findings of a stage, and notes where the last one is.
func (tl *timeline) noted(i int) iter.Seq2[posture.Finding, error] {
	findings := tl.stages[i].known()
	if i < len(tl.stages)-1 {
		return findings
	}
	return func(yield func(posture.Finding, error) bool) {
		for finding, err := range findings {
			if tl.found = finding; !yield(finding, err) {
				return
			}
		}
	}
}

// known yields the findings and notes the error that they end with. A finding
// of a rule that the run does not have was not written by a scan.
func (s *stage) known() iter.Seq2[posture.Finding, error] {
	return func(yield func(posture.Finding, error) bool) {
		for finding, err := range s.findings {
			if _, ok := s.in.Rules[finding.Rule]; err == nil && !ok {
				err = fmt.Errorf("findings of %s in run %s: %w: a finding of a rule that the run does not have", s.in.Target, s.in.Run, snapshot.ErrCorrupt)
			}
			if err != nil {
				s.failed = err
			}
			if !yield(finding, err) || err != nil {
				return
			}
		}
	}
}

// link gives every stage what the one before it leaves of the target as a
// whole.
func (tl *timeline) link() {
	var base drift.Base
	for i, st := range tl.stages {
		if k, ok := tl.knownAt(i); ok {
			base = k.Base
		}
		st.in.Before, st.failed = base, nil
		base = after(st.in)
	}
}

// after returns what a comparison remembers of a target, supposing that what
// was listed was judged. It is known before the findings are read.
func after(in drift.Input) drift.Base {
	next := drift.Base{Run: in.Run, Rules: map[string]string{}}
	if in.Extent.Removed {
		return drift.Base{}
	}
	for id, rule := range in.Rules {
		listed := func(p posture.Population) bool { return p.Type == rule.Type && (p.Complete || p.Count > 0) }
		before, known := in.Before.Rules[id]
		switch {
		case !covers(in.Extent, rule.Type):
		case slices.ContainsFunc(in.Listed, listed):
			next.Rules[id] = rule.Digest
		case known:
			next.Rules[id] = before
		}
	}
	for _, region := range in.Extent.Regions {
		read := func(p posture.Population) bool { return p.Region == region && p.Complete }
		if slices.ContainsFunc(in.Listed, read) || slices.Contains(in.Before.Regions, region) {
			next.Regions = append(next.Regions, region)
		}
	}
	if len(in.Listed) == 0 || len(next.Regions) == 0 {
		next.Regions = in.Before.Regions
	}
	return next
}

// stage reads what a look has of a target. What it should have and has not is
// noted, and counts as not read.
func (c *collector) stage(ctx context.Context, l *look, target posture.Target) (*stage, error) {
	floor := c.Config.Alerts.Floor()
	st := &stage{look: l, findings: nothing[posture.Finding], in: drift.Input{
		Target: target, Run: l.run.ID, Now: l.run.Slot, Rules: l.rules[target.Provider], Narrowed: l.run.Narrowed,
		Floors: drift.Floors{Regressed: floor, Appeared: floor},
		Accepted: func(cause posture.Cause) *posture.Exemption {
			return c.Config.Exemptions.ExemptCause(target, cause, l.run.Slot)
		},
	}}
	planned, ok := l.planned[target.String()]
	if !ok {
		st.in.Extent.Removed = true
		return st, nil
	}
	st.in.Extent.Types = l.run.Types[target.Provider]
	if !l.run.Narrowed {
		st.in.Extent.Regions = planned.Regions
	}
	gone := func(t posture.Target) bool { return t.String() == target.String() }
	if slices.ContainsFunc(l.manifest.Missing, gone) {
		st.in.Failure = &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadPart", Code: "no part"}
		return st, nil
	}
	part, err := snapshot.LoadPart(ctx, c.store, l.run.ID, target)
	if err == nil && !l.holds(part.File) {
		err = fmt.Errorf("%s: %w: it is not the file that the manifest names", part.File.Key, snapshot.ErrCorrupt)
	}
	if damaged(err) {
		c.spoil(st, err)
		return st, nil
	}
	if err != nil {
		return nil, err
	}
	st.in.Listed, st.in.Failure, st.resources = part.Report.Populations, part.Failure, part.Resources.Lines
	if len(planned.Regions) == 0 && part.Failure == nil {
		st.in.Extent.Regions = part.Target.Regions
	}
	st.findings = snapshot.Findings(ctx, c.store, part)
	return st, nil
}

// spoil makes a stage count as not read.
func (c *collector) spoil(st *stage, err error) {
	c.note(Unread{Run: st.in.Run, Target: st.in.Target.String(), Why: reason(err)})
	st.in.Failure = &posture.Cause{Reason: posture.Damaged, Operation: "posture:ReadPart", Code: "stored part damaged"}
	st.in.Listed, st.findings, st.resources = nil, nothing[posture.Finding], 0
}
