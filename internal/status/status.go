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
	Scopes []Series       `json:"scopes"`
	Alerts Alerts         `json:"alerts"`
	Head   *snapshot.Link `json:"head"` // the end of the chain; null before the first run was closed
}

// Series is how the runs of one scope are doing. Runs that a person narrowed are not
// among them, as for the watchdog, unless there are no others; those are never late.
type Series struct {
	Scope   string                   `json:"scope"`   // as in the ids of its runs
	Runs    map[snapshot.Outcome]int `json:"runs"`    // since then, by outcome
	Last    *Run                     `json:"last"`    // the newest that was closed; null for none
	Late    bool                     `json:"late"`    // none completed within the last drift.MissedPeriods periods
	Damaged []posture.RunID          `json:"damaged"` // runs whose record cannot be read

	newest run // that was closed
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
	Failures []Failure        `json:"failures"` // targets that could not be scanned
	Unread   []Unread         `json:"unread"`   // why listings are not whole, the most frequent first
}

// Failure is a target that could not be scanned.
type Failure struct {
	Target posture.Target `json:"target"`
	Cause  *posture.Cause `json:"cause"` // null: its scan stopped without storing a result
}

// Unread is why listings are not whole.
type Unread struct {
	Cause    posture.Cause `json:"cause"`
	Listings int           `json:"listings"`
}

// Alerts are those that Slack has not accepted yet, without the digests that hold
// several of them.
type Alerts struct {
	Waiting int        `json:"waiting"`
	Held    int        `json:"held"`    // of them, those that Slack refused for a reason that someone must fix
	Damaged int        `json:"damaged"` // of them, those that cannot be read
	Oldest  *time.Time `json:"oldest"`  // when the oldest was raised; null for none
	Because string     `json:"because"` // why that one waits, as Slack or the network said; "" where nobody tried yet
}

// month is how far back a scope is looked for at least.
const month = 31 * 24 * time.Hour

// Load reads how the runs are doing whose slots are at since or later. A scope without
// any is there too if it had one within a month. The period is the time between two
// runs of a scope.
func Load(ctx context.Context, s store.Store, since, now time.Time, period time.Duration) (Status, error) {
	status := Status{Since: since, Scopes: []Series{}}
	from := since
	if now.Add(-month).Before(from) {
		from = now.Add(-month)
	}
	all := map[string][]run{}
	for id, err := range snapshot.Runs(ctx, s, from, time.Time{}) {
		if err != nil {
			return Status{}, err
		}
		loaded, err := load(ctx, s, id)
		if err != nil {
			return Status{}, err
		}
		all[id.Scope()] = append(all[id.Scope()], loaded)
	}
	for _, scope := range slices.Sorted(maps.Keys(all)) {
		found := seriesOf(scope, all[scope], since, now.Add(-drift.MissedPeriods*period))
		if err := found.look(ctx, s); err != nil {
			return Status{}, err
		}
		status.Scopes = append(status.Scopes, found)
	}
	var err error
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

// run is a run as it is stored.
type run struct {
	id       posture.RunID
	opened   snapshot.Run
	manifest snapshot.Manifest
	damaged  bool // it cannot be read
}

// load reads a run and its manifest, which says Unfinished where there is none.
func load(ctx context.Context, s store.Store, id posture.RunID) (run, error) {
	opened, err := snapshot.LoadRun(ctx, s, id)
	var manifest snapshot.Manifest
	if err == nil {
		manifest, err = snapshot.LoadManifest(ctx, s, id)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		manifest, err = snapshot.Manifest{Outcome: snapshot.Unfinished}, nil
	case errors.Is(err, snapshot.ErrCorrupt):
		return run{id: id, damaged: true}, nil
	}
	if err != nil {
		return run{}, fmt.Errorf("run %s: %w", id, err)
	}
	return run{id: id, opened: opened, manifest: manifest}, nil
}

// seriesOf counts the runs of a scope since a time. They are late when none completed
// whose slot is after recent.
func seriesOf(name string, runs []run, since, recent time.Time) Series {
	found := Series{Scope: name, Runs: map[snapshot.Outcome]int{}, Damaged: []posture.RunID{}}
	whole := slices.ContainsFunc(runs, func(r run) bool { return !r.damaged && !r.opened.Narrowed })
	found.Late = whole
	for _, r := range runs {
		switch {
		case r.damaged:
			found.Damaged = append(found.Damaged, r.id)
			continue
		case whole && r.opened.Narrowed:
			continue
		}
		if !r.id.Slot().Before(since) {
			found.Runs[r.manifest.Outcome]++
		}
		if r.manifest.Sequence > 0 {
			found.newest = r
		}
		completed := r.manifest.Outcome == snapshot.Complete || r.manifest.Outcome == snapshot.Degraded
		if completed && r.id.Slot().After(recent) {
			found.Late = false
		}
	}
	return found
}

// look looks into the newest run that was closed.
func (s *Series) look(ctx context.Context, kept store.Store) error {
	if s.newest.id == "" {
		return nil
	}
	last, err := runOf(ctx, kept, s.newest.opened, s.newest.manifest)
	s.Last = &last
	return err
}

// runOf sums up the parts of a run.
func runOf(ctx context.Context, s store.Store, opened snapshot.Run, m snapshot.Manifest) (Run, error) {
	r := Run{Run: m.Run, Outcome: m.Outcome, Slot: opened.Slot, Closed: m.Closed, Totals: m.Totals, Failures: []Failure{}, Unread: []Unread{}}
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
	held := map[string]bool{} // digests that Slack refused, with all that they hold
	for _, e := range entries {
		for _, member := range e.Members {
			held[member.Key] = e.State == outbox.Held
		}
	}
	found := Alerts{}
	for _, e := range entries {
		if len(e.Members) > 0 {
			continue
		}
		found.Waiting++
		switch {
		case e.State == outbox.Damaged:
			found.Damaged++
		case e.State == outbox.Held, held[e.Key]:
			found.Held++
		}
		if created := e.Created; found.Oldest == nil || created.Before(*found.Oldest) {
			found.Oldest, found.Because = &created, e.LastError
		}
	}
	return found, nil
}
