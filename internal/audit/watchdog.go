package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Watch is what the watchdog saw.
type Watch struct {
	Series   []Series // the expected ones, by their scopes
	Delivery outbox.Report
}

// Series is how the runs of one scope are doing.
type Series struct {
	Scope string        // as in their ids; empty: runs of any
	Last  posture.RunID // the newest run that completed; empty: none
	Age   time.Duration // since its slot, or since the store is watched for it
	// Missed says since when no run has completed, when that is too long. Its
	// caller is to raise an alarm by other means than Slack.
	Missed *drift.Missed
}

// Missing returns the series without a completed run for too long.
func (w Watch) Missing() []Series {
	return slices.DeleteFunc(slices.Clone(w.Series), func(s Series) bool { return s.Missed == nil })
}

// Age returns how long the series that is furthest behind is without a run.
func (w Watch) Age() time.Duration {
	age := time.Duration(0)
	for _, s := range w.Series {
		age = max(age, s.Age)
	}
	return age
}

// Watchdog looks for each of the expected scopes whether a run of it completed
// within drift.MissedPeriods periods. If not, it alerts, once in each
// such time. A run that read nothing, or that was narrowed, does
// not count. It also does what must not wait for the next run: it finishes a
// publication whose process died, and delivers what waits. What it saw is
// returned also with an error, unless it could not see: then there is no
// series in it.
func (a *Auditor) Watchdog(ctx context.Context) (Watch, error) {
	series, err := a.watch(ctx)
	if err != nil {
		return Watch{}, fmt.Errorf("look for the last run: %w", err)
	}
	watch := Watch{Series: series}
	_, settling := a.finishPending(ctx)
	var queueing error
	for _, s := range watch.Missing() {
		queueing = errors.Join(queueing, a.queueMissed(ctx, *s.Missed))
	}
	var delivering error
	watch.Delivery, delivering = a.Deliver(ctx)
	return watch, errors.Join(settling, queueing, delivering)
}

// watch finds the last run that completed of each scope.
func (a *Auditor) watch(ctx context.Context) ([]Series, error) {
	now, period := a.Now().UTC(), a.Config.Every()
	found, err := a.completed(ctx, now.Add(-drift.MissedPeriods*period))
	if err != nil {
		return nil, err
	}
	var series []Series
	for _, f := range found {
		missed := drift.Missed{Scope: f.scope, Run: f.run, Since: f.slot, Period: period}
		if missed.Run == "" {
			if missed.Since, err = a.watchedSince(ctx, f.scope, now); err != nil {
				return nil, err
			}
		}
		s := Series{Scope: f.scope, Last: missed.Run, Age: now.Sub(missed.Since)}
		if missed.Windows(now) > 0 {
			s.Missed = &missed
		}
		series = append(series, s)
	}
	return series, nil
}

// search looks for the newest run of a scope that completed.
type search struct {
	scope string
	run   posture.RunID
	slot  time.Time
	done  bool
}

// completed goes back along the chain until the search is over for every
// expected scope.
func (a *Auditor) completed(ctx context.Context, recent time.Time) ([]search, error) {
	searches := []search{{}}
	if len(a.Expected) > 0 {
		searches = nil
	}
	for _, scope := range a.Expected {
		searches = append(searches, search{scope: scope})
	}
	for manifest, err := range snapshot.Closed(ctx, a.Store) {
		if err != nil {
			return nil, err
		}
		for i := range searches {
			if err := searches[i].see(ctx, a.Store, manifest, recent); err != nil {
				return nil, err
			}
		}
		if !slices.ContainsFunc(searches, func(s search) bool { return !s.done }) {
			break
		}
	}
	return searches, nil
}

// see takes a run of the chain into account. No run closes before its slot:
// once the chain is back at what was closed before the best one's slot, no
// better one is left. One that is recent is as good as any better one.
func (s *search) see(ctx context.Context, kept store.Store, manifest snapshot.Manifest, recent time.Time) error {
	s.done = s.done || s.run != "" && manifest.Closed.Before(s.slot)
	other := s.scope != "" && manifest.Run.Scope() != s.scope
	if s.done || other || manifest.Outcome == snapshot.Failed || manifest.Run <= s.run {
		return nil
	}
	opened, err := snapshot.LoadRun(ctx, kept, manifest.Run)
	if err != nil {
		if damaged(err) {
			return nil
		}
		return err
	}
	if !opened.Narrowed {
		s.run, s.slot = manifest.Run, opened.Slot
	}
	s.done = s.slot.After(recent)
	return nil
}

// watchKey is where the time is kept at which the store was first watched for
// runs of a scope, and had none.
func watchKey(scope string) string { return "state/watchdog/" + cmp.Or(scope, "any") + ".json" }

// watchedSince returns when the store was first watched for a scope.
func (a *Auditor) watchedSince(ctx context.Context, scope string, now time.Time) (time.Time, error) {
	body, err := json.Marshal(now)
	if err != nil {
		return time.Time{}, err
	}
	key := watchKey(scope)
	if _, err = a.Store.PutIfAbsent(ctx, key, body); !errors.Is(err, store.ErrExists) {
		return now, err
	}
	if body, _, err = store.Read(ctx, a.Store, key, 1<<10); err != nil {
		return time.Time{}, err
	}
	var since time.Time
	if err := json.Unmarshal(body, &since); err != nil {
		return time.Time{}, fmt.Errorf("%s: %w: delete it", key, snapshot.ErrCorrupt)
	}
	return since, nil
}

// queueMissed puts the alert about a missed run into the queue, unless it was there
// before.
func (a *Auditor) queueMissed(ctx context.Context, missed drift.Missed) error {
	alert, full := drift.MissedAlert(missed, a.Now())
	if !full {
		return nil
	}
	box := a.box()
	for _, m := range a.messages([]drift.Alert{alert}) {
		if err := box.Add(ctx, outbox.Entry{Channel: m.Channel, Fallback: m.Fallback, Alert: alert}); err != nil {
			return err
		}
	}
	return nil
}
