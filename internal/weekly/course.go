package weekly

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// history is how many weeks before the page's are looked at.
const history = 12

// look is one run that the page is made of.
type look struct {
	run      snapshot.Run
	manifest snapshot.Manifest
	week     Week
	rules    map[posture.Provider]map[string]posture.Rule
	planned  map[string]posture.Target // by Target.String
	files    map[string]snapshot.File  // of the manifest, by key
	standing *standing
}

// course is the runs of one scope, in the order of their slots.
type course struct {
	Series
	week  Week
	looks []*look
}

// last returns the look that tells how things stand, and whether it is of the
// page's week. It returns nil when there is none at all.
func (c *course) last() (l *look, current bool) {
	if len(c.looks) == 0 {
		return nil, false
	}
	l = c.looks[len(c.looks)-1]
	return l, l.week == c.week
}

// before returns the last look before the week, nil when there is none.
func (c *course) before() *look {
	for _, l := range slices.Backward(c.looks) {
		if l.week != c.week {
			return l
		}
	}
	return nil
}

// of returns the last look of a week, nil when there is none.
func (c *course) of(week Week) *look {
	for _, l := range slices.Backward(c.looks) {
		if l.week == week {
			return l
		}
	}
	return nil
}

// courses finds the runs of all scopes.
func (c *collector) courses(ctx context.Context) ([]*course, error) {
	ids := map[string][]posture.RunID{}
	for id, err := range snapshot.Runs(ctx, c.store, c.Week.Before(history).Start(), c.Week.End()) {
		if err != nil {
			return nil, err
		}
		ids[id.Scope()] = append(ids[id.Scope()], id)
	}
	var all []*course
	for _, scope := range sortedKeys(ids) {
		found, err := c.course(ctx, scope, ids[scope])
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

// course reads the runs of one scope. Those that flags narrowed tell only when
// there are no others.
func (c *collector) course(ctx context.Context, scope string, ids []posture.RunID) (*course, error) {
	found, err := c.courseOf(ctx, Series{Name: scope}, ids)
	if err != nil || len(found.looks) > 0 {
		return found, err
	}
	narrowed, err := c.courseOf(ctx, Series{Name: scope, OnlyNarrowed: true}, ids)
	if err != nil || len(narrowed.looks) > 0 {
		return narrowed, err
	}
	return found, nil
}

func (c *collector) courseOf(ctx context.Context, series Series, ids []posture.RunID) (*course, error) {
	found := &course{Series: series, week: c.Week}
	weeks := map[Week][]posture.RunID{}
	for i, id := range ids {
		if i == 0 {
			found.First = id.Slot()
		}
		week := Of(id.Slot())
		weeks[week] = append(weeks[week], id)
	}
	for n := history; n > 0; n-- {
		if err := c.lastOf(ctx, found, weeks[c.Week.Before(n)]); err != nil {
			return nil, err
		}
	}
	return found, c.current(ctx, found, weeks[c.Week])
}

// lastOf adds the last run of an earlier week that tells anything.
func (c *collector) lastOf(ctx context.Context, to *course, ids []posture.RunID) error {
	for _, id := range slices.Backward(ids) {
		found, outcome, err := c.look(ctx, id)
		if err != nil {
			return err
		}
		if to.tells(found, outcome) {
			to.looks = append(to.looks, found)
			return nil
		}
	}
	return nil
}

// current counts the runs of the page's week, and adds those that tell
// anything.
func (c *collector) current(ctx context.Context, to *course, ids []posture.RunID) error {
	var done []time.Time
	var all []*look
	for _, id := range ids {
		found, outcome, err := c.look(ctx, id)
		if err != nil {
			return err
		}
		to.count(found, outcome)
		if !to.tells(found, outcome) {
			continue
		}
		done, all = append(done, found.run.Slot), append(all, found)
	}
	if before := to.before(); before != nil {
		to.Previous, to.LastWeek = before.run.ID, before.week == c.Week.Before(1)
	}
	to.Compared = len(all)
	to.looks = append(to.looks, all...)
	to.expect(c.asOf, c.Config.Every(), done)
	return nil
}

// unreadable is the outcome of a run whose record is damaged.
const unreadable snapshot.Outcome = "unreadable"

// tells reports whether a run says how things stood.
func (s *Series) tells(l *look, outcome snapshot.Outcome) bool {
	return l != nil && (s.OnlyNarrowed || !l.run.Narrowed) && (outcome == snapshot.Complete || outcome == snapshot.Degraded)
}

// count notes how a run of the week ended.
func (s *Series) count(l *look, outcome snapshot.Outcome) {
	switch {
	case outcome == unreadable:
		s.Unreadable++
	case l != nil && l.run.Narrowed && !s.OnlyNarrowed:
		s.Narrowed++
	case outcome == snapshot.Complete:
		s.Complete++
	case outcome == snapshot.Degraded:
		s.Degraded++
	case outcome == snapshot.Failed:
		s.Failed++
	default:
		s.Unfinished++
	}
}

// expect counts the periods of the week for which a run was scheduled, and those in
// which none was done. What is not over yet, and what was over before the
// first run, is left out.
func (c *course) expect(asOf time.Time, period time.Duration, done []time.Time) {
	for at := c.week.Start(); at.Before(c.week.End()); at = at.Add(period) {
		end := at.Add(period)
		has := slices.ContainsFunc(done, func(slot time.Time) bool { return !slot.Before(at) && slot.Before(end) })
		if !has && (end.After(asOf) || !c.First.Before(end)) {
			continue
		}
		c.Expected++
		if !has {
			c.Missed++
		}
	}
}

// look reads a run, which is nil unless it was finished. What is damaged is
// noted.
func (c *collector) look(ctx context.Context, id posture.RunID) (*look, snapshot.Outcome, error) {
	manifest, err := snapshot.LoadManifest(ctx, c.store, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, snapshot.Unfinished, nil
	}
	var run snapshot.Run
	if err == nil {
		run, err = snapshot.LoadRun(ctx, c.store, id)
	}
	l := newLook(run, manifest)
	if err == nil && !l.holds(run.File, run.RulesFile) {
		err = fmt.Errorf("%w: run.json or the rules are not those that were stored", snapshot.ErrCorrupt)
	}
	if damaged(err) {
		c.note(Unread{Run: id, Why: reason(err)})
		return nil, unreadable, nil
	}
	return l, manifest.Outcome, err
}

func newLook(run snapshot.Run, manifest snapshot.Manifest) *look {
	l := &look{
		run: run, manifest: manifest, week: Of(run.Slot), rules: map[posture.Provider]map[string]posture.Rule{},
		planned: map[string]posture.Target{}, files: map[string]snapshot.File{}, standing: newStanding(),
	}
	for _, rule := range run.Rules {
		if l.rules[rule.Provider] == nil {
			l.rules[rule.Provider] = map[string]posture.Rule{}
		}
		l.rules[rule.Provider][rule.ID] = rule
	}
	for _, target := range run.Targets {
		l.planned[target.String()] = target
	}
	for _, file := range manifest.Files {
		l.files[file.Key] = file
	}
	return l
}

// holds reports whether the files are those that the manifest names.
func (l *look) holds(files ...snapshot.File) bool {
	return !slices.ContainsFunc(files, func(f snapshot.File) bool { return l.files[f.Key] != f })
}

// damaged reports whether a stored object is gone or makes no sense, which no
// repetition fixes.
func damaged(err error) bool {
	return errors.Is(err, snapshot.ErrCorrupt) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrTooLarge)
}

// reason says in one word or two what is wrong with what is damaged.
func reason(err error) string {
	if errors.Is(err, store.ErrNotFound) {
		return "gone"
	}
	return "changed since it was written"
}
