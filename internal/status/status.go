// Package status says how the runs of a store are doing, from what is stored: the
// last run of each scope and what of it could not be read, the alerts that wait, and
// the end of the chain. It reads no findings. Begin with Load.
package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Status is how the runs of a store are doing.
type Status struct {
	Since  time.Time      `json:"since"` // how far it looks back
	Scopes []Scope        `json:"scopes"`
	Alerts Alerts         `json:"alerts"`
	Head   *snapshot.Link `json:"head"` // the end of the chain; null before the first run was closed
}

// Scope is how the runs of one scope are doing.
type Scope struct {
	Scope string                   `json:"scope"` // as in the ids of its runs
	Runs  map[snapshot.Outcome]int `json:"runs"`  // since then, by outcome
	Last  *Run                     `json:"last"`  // the newest that was closed; null for none
	Late  bool                     `json:"late"`  // none completed for drift.MissedPeriods periods
}

// Run is a closed run.
type Run struct {
	Run      posture.RunID    `json:"run"`
	Outcome  snapshot.Outcome `json:"outcome"`
	Slot     time.Time        `json:"slot"`
	Closed   time.Time        `json:"closed"`
	Totals   snapshot.Totals  `json:"coverage"`
	Calls    int              `json:"calls"`    // API calls, retries not counted
	Seconds  int              `json:"seconds"`  // from the first scan's begin to the last one's end
	Failures []Failure        `json:"failures"` // targets of which nothing could be read
	Unread   []Unread         `json:"unread"`   // why listings are not whole, the most frequent first
}

// Failure is a target of which nothing could be read.
type Failure struct {
	Target posture.Target `json:"target"`
	Cause  *posture.Cause `json:"cause"` // null: its scan ended without a word
}

// Unread is why listings are not whole.
type Unread struct {
	Cause    posture.Cause `json:"cause"`
	Listings int           `json:"listings"`
}

// Alerts are those that Slack has not accepted yet.
type Alerts struct {
	Waiting int        `json:"waiting"`
	Held    int        `json:"held"`    // of them, those that Slack refused for something to be mended
	Damaged int        `json:"damaged"` // of them, those that cannot be read
	Oldest  *time.Time `json:"oldest"`  // when the oldest was raised; null for none
	Because string     `json:"because"` // why that one waits, as Slack or the network said; "" where nobody tried yet
}

// Load reads how the runs are doing whose slots are at since or later. The period is
// the time between two runs of a scope.
func Load(ctx context.Context, s store.Store, since, now time.Time, period time.Duration) (Status, error) {
	status := Status{Since: since, Scopes: []Scope{}}
	entries, err := snapshot.Ledger(ctx, s, since, time.Time{})
	if err != nil {
		return Status{}, err
	}
	for _, scope := range scopesOf(entries) {
		found, err := scopeOf(ctx, s, scope, entries)
		if err != nil {
			return Status{}, err
		}
		found.Late = found.late(entries, now, period)
		status.Scopes = append(status.Scopes, found)
	}
	if status.Alerts, err = alerts(ctx, s, now); err != nil {
		return Status{}, err
	}
	latest, err := snapshot.LoadLatest(ctx, s)
	switch {
	case err == nil:
		status.Head = &latest.Head
	case !errors.Is(err, store.ErrNotFound):
		return Status{}, err
	}
	return status, nil
}

func scopesOf(entries []snapshot.Entry) []string {
	scopes := map[string]bool{}
	for _, e := range entries {
		scopes[e.Run.Scope()] = true
	}
	return slices.Sorted(maps.Keys(scopes))
}

// scopeOf looks at the runs of a scope, and into the newest one that was closed.
func scopeOf(ctx context.Context, s store.Store, name string, entries []snapshot.Entry) (Scope, error) {
	found := Scope{Scope: name, Runs: map[snapshot.Outcome]int{}}
	var newest snapshot.Entry
	for _, e := range entries {
		if e.Run.Scope() != name {
			continue
		}
		found.Runs[e.Outcome]++
		if e.Sequence > 0 {
			newest = e
		}
	}
	if newest.Run == "" {
		return found, nil
	}
	last, err := runOf(ctx, s, newest)
	found.Last = &last
	return found, err
}

// late reports whether no run completed for too long.
func (s Scope) late(entries []snapshot.Entry, now time.Time, period time.Duration) bool {
	return !slices.ContainsFunc(entries, func(e snapshot.Entry) bool {
		completed := e.Outcome == snapshot.Complete || e.Outcome == snapshot.Degraded
		return completed && e.Run.Scope() == s.Scope && now.Sub(e.Slot) < drift.MissedPeriods*period
	})
}

// runOf sums up the parts of a run.
func runOf(ctx context.Context, s store.Store, e snapshot.Entry) (Run, error) {
	r := Run{Run: e.Run, Outcome: e.Outcome, Slot: e.Slot, Closed: e.Closed, Totals: e.Totals, Failures: []Failure{}, Unread: []Unread{}}
	opened, err := snapshot.LoadRun(ctx, s, e.Run)
	if err != nil {
		return r, fmt.Errorf("run %s: %w", e.Run, err)
	}
	parts, missing, err := snapshot.Parts(ctx, s, opened)
	if err != nil {
		return r, err
	}
	var began, ended time.Time
	causes := map[posture.Cause]int{}
	for _, part := range parts {
		if began.IsZero() || part.Started.Before(began) {
			began = part.Started
		}
		if part.Finished.After(ended) {
			ended = part.Finished
		}
		for _, n := range part.Report.Calls {
			r.Calls += n
		}
		r.note(part, causes)
	}
	for _, target := range missing {
		r.Failures = append(r.Failures, Failure{Target: target})
	}
	r.Seconds = int(ended.Sub(began).Seconds())
	for cause, n := range causes {
		r.Unread = append(r.Unread, Unread{cause, n})
	}
	slices.SortFunc(r.Unread, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(b.Listings, a.Listings), cmp.Compare(a.Cause.String(), b.Cause.String()))
	})
	return r, nil
}

// note notes what of a part could not be read.
func (r *Run) note(part snapshot.Part, causes map[posture.Cause]int) {
	if part.Failure != nil {
		r.Failures = append(r.Failures, Failure{Target: part.Target, Cause: part.Failure})
		return
	}
	for _, p := range part.Report.Populations {
		if p.Cause != nil {
			causes[*p.Cause]++
		}
	}
}

// alerts counts what waits.
func alerts(ctx context.Context, s store.Store, now time.Time) (Alerts, error) {
	entries, err := outbox.New(s, func() time.Time { return now }, outbox.Sleep).Waiting(ctx)
	if err != nil {
		return Alerts{}, err
	}
	found := Alerts{Waiting: len(entries)}
	for _, e := range entries {
		switch e.State {
		case outbox.Held:
			found.Held++
		case outbox.Damaged:
			found.Damaged++
		}
		if created := e.Created; found.Oldest == nil || created.Before(*found.Oldest) {
			found.Oldest, found.Because = &created, e.LastError
		}
	}
	return found, nil
}
