package weekly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Options says which page to make, and what is known besides the runs.
type Options struct {
	Week     Week
	Now      time.Time
	Config   config.Config
	Criteria []policy.Criterion
	Tool     string // version of this program
	Rows     int    // how many rows each list of findings holds; 0: 10,000
}

// ErrNotBegun says that a week lies ahead.
var ErrNotBegun = errors.New("it has not begun")

// ErrNoRuns says that a store holds no run of the week, nor of the weeks
// before it that are looked at.
var ErrNoRuns = errors.New("no run was opened")

// Collect makes the page of a week. An error means that the store could not be
// asked; what it answered and is damaged is on the page.
func Collect(ctx context.Context, s store.Store, o Options) (Page, error) {
	page, err := collect(ctx, s, o)
	if err != nil {
		return Page{}, fmt.Errorf("page of week %s: %w", o.Week, err)
	}
	return page, nil
}

func collect(ctx context.Context, s store.Store, o Options) (Page, error) {
	c := &collector{Options: o, store: s, asOf: o.Week.End(), flips: map[string]drift.Tally{}}
	if now := o.Now.UTC(); now.Before(c.asOf) {
		c.asOf = now
	}
	if c.asOf.Before(o.Week.Start()) {
		return Page{}, ErrNotBegun
	}
	courses, err := c.courses(ctx)
	if err != nil {
		return Page{}, err
	}
	if len(courses) == 0 {
		return Page{}, fmt.Errorf("%w in it, nor in the %d weeks before", ErrNoRuns, history)
	}
	if err := c.weeksKept(ctx); err != nil {
		return Page{}, err
	}
	c.total = c.sums(posture.Target{})
	for _, course := range courses {
		if err := c.walk(ctx, course); err != nil {
			return Page{}, err
		}
	}
	chain, err := c.chainEnd(ctx)
	if err != nil {
		return Page{}, err
	}
	return c.page(courses, chain), nil
}

// collector makes one page.
type collector struct {
	Options
	store store.Store
	asOf  time.Time
	total *sums
	kept  []map[string]bool // keys of kept notified states, by how many weeks ago

	refused []Refused
	flips   map[string]drift.Tally

	mu     sync.Mutex
	unread []Unread
}

// note remembers what of the store could not be read, each thing once.
func (c *collector) note(u Unread) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.unread {
		if known == u {
			return
		}
	}
	c.unread = append(c.unread, u)
}

// sums returns what a target is added up to.
func (c *collector) sums(target posture.Target) *sums {
	return newSums(clock{asOf: c.asOf, days: c.Config.Alerts.DueDays}, target, cmp.Or(c.Rows, rowsKept))
}

// chainEnd returns the end of the chain as it is now.
func (c *collector) chainEnd(ctx context.Context) (Chain, error) {
	latest, err := snapshot.LoadLatest(ctx, c.store)
	if damaged(err) {
		return Chain{Unread: true}, nil
	}
	return Chain{Sequence: latest.Head.Sequence, Manifest: latest.Head.Manifest}, err
}

// atOnce is how many targets are read at the same time. Each has one file open
// for every look.
const atOnce = 4

// walk takes all targets of a scope through its looks. They are added up in a
// fixed order, so that the same evidence gives the same page.
func (c *collector) walk(ctx context.Context, of *course) error {
	targets := of.targets()
	for len(targets) > 0 {
		n := min(atOnce, len(targets))
		timelines := make([]*timeline, n)
		group, ctx := errgroup.WithContext(ctx)
		for i, target := range targets[:n] {
			group.Go(func() (err error) {
				timelines[i], err = c.target(ctx, of, target)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for _, done := range timelines {
			c.add(done)
		}
		targets = targets[n:]
	}
	return nil
}

// targets returns the targets of all looks, in order, as the last look that
// has each plans it.
func (c *course) targets() []posture.Target {
	known := map[string]posture.Target{}
	for _, l := range c.looks {
		for name, target := range l.planned {
			known[name] = target
		}
	}
	var all []posture.Target
	for _, name := range sortedKeys(known) {
		all = append(all, known[name])
	}
	return all
}

// target takes one target through the looks. When the findings of a look turn
// out to be damaged it is done again without them.
func (c *collector) target(ctx context.Context, of *course, target posture.Target) (*timeline, error) {
	done := &timeline{week: c.Week}
	for _, l := range of.looks {
		if _, planned := l.planned[target.String()]; !planned && (len(done.stages) == 0 || l.run.Narrowed) {
			continue // not there yet, or not asked for
		}
		st, err := c.stage(ctx, l, target)
		if err != nil {
			return nil, fmt.Errorf("%s in run %s: %w", target, l.run.ID, err)
		}
		done.stages = append(done.stages, st)
	}
	last, current := of.last()
	current = current && done.stages[len(done.stages)-1].look == last
	states, err := c.known(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", target, err)
	}
	for {
		done.sums = c.sums(target)
		done.sums.known = last.rules[target.Provider]
		done.place(states)
		err := done.run(current)
		if err == nil {
			return done, nil
		}
		if damaged(done.lost) {
			c.note(Unread{Target: target.String(), Why: lostSince})
			states, done.lost = nil, nil
			continue
		}
		spoilt := done.spoilt()
		if spoilt == nil {
			return nil, fmt.Errorf("%s: %w", target, err)
		}
		c.spoil(spoilt, spoilt.failed)
	}
}

// spoilt returns the stage whose findings are damaged, nil when none are.
func (tl *timeline) spoilt() *stage {
	for _, st := range tl.stages {
		if damaged(st.failed) {
			return st
		}
	}
	return nil
}

// add adds up a target that was taken through.
func (c *collector) add(done *timeline) {
	for i, st := range done.stages {
		summary := done.summaries[i]
		st.look.standing.add(*st, summary)
		if st.look.week != c.Week {
			continue
		}
		for _, tally := range summary.Rules {
			done.sums.movement.FirstLook += tally.Baseline
			done.sums.movement.ByRules += tally.ToFail
			c.flip(tally)
		}
		if st.look == done.stages[len(done.stages)-1].look {
			c.refuse(st.in.Target, summary)
		}
	}
	c.total.merge(done.sums)
}
