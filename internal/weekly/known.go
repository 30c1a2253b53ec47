package weekly

import (
	"context"
	"errors"
	"iter"

	"posture/internal/drift"
	"posture/internal/notified"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// known is what all runs up to one made known of a target: since when each
// finding fails, whatever the weeks that this page looks at.
type known struct {
	notified.State
	at int // the stage before which it is put in; the number of stages: after all of them
}

// weeksKept finds for which targets the notified state of a week is kept, for
// the page's week and the weeks before.
func (c *collector) weeksKept(ctx context.Context) error {
	c.kept = make([]map[string]bool, history+2)
	for n := range c.kept {
		c.kept[n] = map[string]bool{}
		for entry, err := range c.store.List(ctx, snapshot.WeekPrefix(c.Week.Before(n).Start())) {
			if err != nil {
				return err
			}
			c.kept[n][entry.Key] = true
		}
	}
	return nil
}

// known returns what is known of a target as the week began and as it ended,
// where it was kept. Weeks of earlier versions were not: then a finding fails
// since these weeks "or earlier".
func (c *collector) known(ctx context.Context, target posture.Target) ([]known, error) {
	var all []known
	for n := history + 1; n >= 0; n-- {
		key := snapshot.WeekKey(target, c.Week.Before(n).Start())
		if !c.kept[n][key] {
			continue
		}
		state, err := notified.Load(ctx, c.store, key)
		if damaged(err) {
			c.note(Unread{Target: target.String(), Why: lostSince})
			continue
		}
		if err != nil {
			return nil, err
		}
		if n > 0 {
			all = nil // only the last one before the week counts
		}
		all = append(all, known{State: state})
	}
	return all, nil
}

// lostSince says what is wrong with what should be known.
const lostSince = "since when findings fail could not be read"

// place puts in what is known where it belongs: before the first stage of a
// later run. Of two in one place the later one counts.
func (tl *timeline) place(all []known) {
	tl.known = nil
	for _, k := range all {
		for k.at < len(tl.stages) && tl.stages[k.at].in.Run <= k.Base.Run {
			k.at++
		}
		if n := len(tl.known); n > 0 && tl.known[n-1].at == k.at {
			tl.known = tl.known[:n-1]
		}
		tl.known = append(tl.known, k)
	}
}

// knownAt returns what is known before a stage, if anything is put in there.
// Of a target that was taken out of scope nothing is known any more.
func (tl *timeline) knownAt(i int) (known, bool) {
	for _, k := range tl.known {
		if k.at == i && (i == 0 || !tl.stages[i-1].in.Extent.Removed) {
			return k, true
		}
	}
	return known{}, false
}

// with returns what the stages before i leave, and what is known instead where
// something is.
func (tl *timeline) with(i int, left iter.Seq2[drift.Notified, error]) iter.Seq2[drift.Notified, error] {
	k, ok := tl.knownAt(i)
	if !ok {
		return left
	}
	later := i == 0 || k.Base.Run > tl.stages[i-1].in.Run
	return func(yield func(drift.Notified, error) bool) {
		if err := merged(left, tl.noting(k.Lines), later, yield); err != nil && !errors.Is(err, errStopped) {
			yield(drift.Notified{}, err)
		}
	}
}

// noting passes on what is known, and notes the error that it ends with.
func (tl *timeline) noting(lines iter.Seq2[drift.Notified, error]) iter.Seq2[drift.Notified, error] {
	return func(yield func(drift.Notified, error) bool) {
		for line, err := range lines {
			if err != nil {
				tl.lost = err
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

// merged yields the lines that two streams have, by fingerprint. What is known
// of a later run than the stages counts alone. What is known of the same run
// tells of its findings since when they are what they are.
func merged(left, knows iter.Seq2[drift.Notified, error], later bool, yield func(drift.Notified, error) bool) error {
	next, stop := iter.Pull2(knows)
	defer stop()
	k, err, ok := next()
	pass := func(until string) error {
		for ok && err == nil && (until == "" || k.Fingerprint < until) {
			if !yield(k, nil) {
				return errStopped
			}
			k, err, ok = next()
		}
		return err
	}
	for line, leftErr := range left {
		if leftErr != nil {
			return leftErr
		}
		if err := pass(line.Fingerprint); err != nil {
			return err
		}
		both := ok && k.Fingerprint == line.Fingerprint
		newer := later || !line.Unread.Since.IsZero() // a run that is not among the stages read it since
		switch {
		case both && (newer || k.Status == line.Status):
			line = k
		case !both && newer:
			continue // such a run found it gone
		}
		if !yield(line, nil) {
			return errStopped
		}
		if both {
			k, err, ok = next()
		}
	}
	return pass("")
}
