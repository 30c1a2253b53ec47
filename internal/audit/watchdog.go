package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// watchKey is where the time is kept at which the store was first watched.
const watchKey = "state/watchdog.json"

// Watch is what the watchdog saw.
type Watch struct {
	// Missed says since when no run has completed, when that is too long. Its
	// caller is to raise an alarm by other means than Slack.
	Missed   *drift.Missed
	Last     string        // the newest run that completed; empty: none
	Age      time.Duration // since its slot, or since the store is watched
	Delivery outbox.Report
}

// Watchdog looks whether a run completed within drift.MissedPeriods periods.
// If not, it tells people so, once in each such time. A run of which nothing
// could be read, or that was narrowed, does not count. It also does what must
// not wait for the next run: it finishes a publication whose process died, and
// delivers what waits. What it saw is returned also with an error, unless it
// could not see.
func (a *Auditor) Watchdog(ctx context.Context) (Watch, error) {
	watch, err := a.watch(ctx)
	if err != nil {
		return Watch{}, fmt.Errorf("look for the last run: %w", err)
	}
	_, settling := a.settle(ctx)
	bark := a.bark(ctx, watch.Missed)
	var delivering error
	watch.Delivery, delivering = a.Deliver(ctx)
	return watch, errors.Join(settling, bark, delivering)
}

// watch finds the last run that completed.
func (a *Auditor) watch(ctx context.Context) (Watch, error) {
	now, period := a.Now().UTC(), a.Config.Every()
	missed := drift.Missed{Period: period}
	var err error
	if missed.Run, missed.Since, err = a.completed(ctx, now.Add(-drift.MissedPeriods*period)); err != nil {
		return Watch{}, err
	}
	if missed.Run == "" {
		if missed.Since, err = a.watchedSince(ctx, now); err != nil {
			return Watch{}, err
		}
	}
	watch := Watch{Last: missed.Run, Age: now.Sub(missed.Since)}
	if missed.Windows(now) > 0 {
		watch.Missed = &missed
	}
	return watch, nil
}

// completed returns the newest run that completed, and its slot. No run closes
// before its slot: once the chain is back at what was closed before the best
// one's slot, no better one is left.
func (a *Auditor) completed(ctx context.Context, recent time.Time) (run string, slot time.Time, err error) {
	for manifest, err := range snapshot.Closed(ctx, a.Store) {
		if err != nil {
			return "", time.Time{}, err
		}
		if run != "" && manifest.Closed.Before(slot) {
			break
		}
		if manifest.Outcome == snapshot.Failed || manifest.Run <= run {
			continue
		}
		opened, err := snapshot.LoadRun(ctx, a.Store, manifest.Run)
		if err != nil && !damaged(err) {
			return "", time.Time{}, err
		}
		if err == nil && !opened.Narrowed {
			run, slot = manifest.Run, opened.Slot
		}
		if slot.After(recent) {
			break // as good as any better one
		}
	}
	return run, slot, nil
}

// watchedSince returns when the store was first watched.
func (a *Auditor) watchedSince(ctx context.Context, now time.Time) (time.Time, error) {
	body, err := json.Marshal(now)
	if err != nil {
		return time.Time{}, err
	}
	if _, err = a.Store.PutIfAbsent(ctx, watchKey, body); !errors.Is(err, store.ErrExists) {
		return now, err
	}
	if body, _, err = store.Read(ctx, a.Store, watchKey, 1<<10); err != nil {
		return time.Time{}, err
	}
	var since time.Time
	if err := json.Unmarshal(body, &since); err != nil {
		return time.Time{}, fmt.Errorf("%s: %w: delete it", watchKey, snapshot.ErrCorrupt)
	}
	return since, nil
}

// bark puts the alert about a missed run into the queue, unless it was there
// before.
func (a *Auditor) bark(ctx context.Context, missed *drift.Missed) error {
	if missed == nil {
		return nil
	}
	alert, due := drift.MissedAlert(*missed, a.Now())
	if !due {
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
