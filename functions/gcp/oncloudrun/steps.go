package oncloudrun

import (
	"context"
	"errors"
	"fmt"
	"time"

	"posture/internal/audit"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/snapshot"
)

// Event is what a function is asked for, in JSON. Each step takes what it
// needs of it.
type Event struct {
	Slot   time.Time       `json:"slot"`   // plan, run, weekly: when it was due; the trigger's own time where it has none
	Opener string          `json:"opener"` // plan: the caller's name, the same when it comes again
	Run    string          `json:"run"`    // scan, publish: id of the run
	Target *posture.Target `json:"target"` // scan: the one to scan; without one, all of the run
	Week   string          `json:"week"`   // weekly: as in 2026-W47; without one, the week before the slot
}

// Answer says what came of a step, in JSON.
type Answer struct {
	Run      string                 `json:"run,omitempty"`
	Go       bool                   `json:"go"`                // plan and run: false when another caller has the slot
	Targets  int                    `json:"targets,omitempty"` // of the run
	Left     int                    `json:"left,omitempty"`    // of them, those that a next invocation is to scan
	Counts   map[posture.Status]int `json:"counts,omitempty"`  // findings, of the targets scanned
	Calls    int                    `json:"calls,omitempty"`   // that the scan made
	Outcome  snapshot.Outcome       `json:"outcome,omitempty"`
	Alerts   int                    `json:"alerts,omitempty"`
	Slack    *outbox.Report         `json:"slack,omitempty"`
	Last     string                 `json:"last,omitempty"`     // watchdog: the newest run that completed
	Missed   bool                   `json:"missed,omitempty"`   // watchdog: no run completed for too long
	Warnings []string               `json:"warnings,omitempty"` // publish and run: what of the configuration is without effect
	Kept     *setup.KeptWeek        `json:"kept,omitempty"`     // weekly: the page
	measures setup.Measures
}

// Step does one step of a run. It may be repeated and run twice at once, as an
// auditor's steps may.
type Step func(ctx context.Context, e Event) (Answer, error)

// Steps returns the steps by their names.
func Steps() map[string]Step {
	return map[string]Step{
		"plan": on(plan), "scan": on(scan), "publish": on(publish), "run": on(run), "watchdog": on(watchdog), "weekly": on(week),
	}
}

var (
	errIncomplete = errors.New("the event is incomplete")
	// errContinue says that time ran out: the same event takes up where it ended.
	errContinue = errors.New("targets are left: send the same event again")
)

// on does a step with what the environment names.
func on(do func(context.Context, *site, Event) (Answer, error)) Step {
	return func(ctx context.Context, e Event) (Answer, error) {
		s, err := open(ctx)
		if err != nil {
			return Answer{}, err
		}
		defer s.close()
		return do(ctx, s, e)
	}
}

func plan(ctx context.Context, s *site, e Event) (Answer, error) {
	planned, won, err := s.plan(ctx, e)
	return Answer{Run: planned.ID, Go: won, Targets: len(planned.Targets)}, err
}

// plan opens the run of the slot. All who ask for one without a name are one
// opener.
func (s *site) plan(ctx context.Context, e Event) (snapshot.Run, bool, error) {
	if e.Slot.IsZero() {
		return snapshot.Run{}, false, fmt.Errorf("%w: expected slot, the time at which the run was due", errIncomplete)
	}
	if e.Opener == "" {
		e.Opener = "slot " + e.Slot.UTC().Format(time.RFC3339)
	}
	return s.Plan(ctx, e.Slot, scope, e.Opener)
}

// scan scans one target, or all of the run that have no part yet.
func scan(ctx context.Context, s *site, e Event) (Answer, error) {
	if e.Run == "" {
		return Answer{}, fmt.Errorf("%w: expected run, the id that plan answered", errIncomplete)
	}
	planned, err := snapshot.LoadRun(ctx, s.Store, e.Run)
	if err != nil {
		return Answer{}, err
	}
	if e.Target != nil {
		return s.scanAll(ctx, planned, []posture.Target{*e.Target})
	}
	return s.scanAll(ctx, planned, planned.Targets)
}

func publish(ctx context.Context, s *site, e Event) (Answer, error) {
	if e.Run == "" {
		return Answer{}, fmt.Errorf("%w: expected run, the id that plan answered", errIncomplete)
	}
	published, err := s.Publish(ctx, e.Run)
	if err != nil {
		return Answer{}, err
	}
	return Answer{
		Run: e.Run, Outcome: published.Manifest.Outcome, Alerts: len(published.Alerts), Slack: &published.Delivery,
		Targets: len(published.Run.Targets), measures: setup.OfRun(published).With(setup.OfQueue(published.Delivery)),
		Warnings: s.Warnings,
	}, nil
}

// How long after its slot a run is taken up again before it is published with
// what is there: one that time ran out for, and one that failed. Both are less
// than what the retries in infra/gcp last, so that one of them publishes.
const (
	patience        = 2 * time.Hour
	patienceFailing = 20 * time.Minute
)

// publishTime is what a run keeps of its time for being published.
const publishTime = 2 * time.Minute

// run does all steps in one invocation. When its time is up before all targets
// are scanned, the next one for the same slot goes on: the parts that are
// stored are the cursor.
func run(ctx context.Context, s *site, e Event) (Answer, error) {
	planned, won, err := s.plan(ctx, e)
	if err != nil || !won {
		return Answer{Run: planned.ID, Targets: len(planned.Targets)}, err
	}
	scanned, err := s.scanBefore(ctx, publishTime, planned)
	if err != nil && s.Now().Sub(e.Slot) < patienceWith(err) {
		return scanned, err
	}
	published, err := publish(ctx, s, Event{Run: planned.ID})
	published.Go, published.Left, published.Counts, published.Calls = true, scanned.Left, scanned.Counts, scanned.Calls
	return published, err
}

func patienceWith(err error) time.Duration {
	if errors.Is(err, errContinue) {
		return patience
	}
	return patienceFailing
}

// scanBefore scans all targets of a run, and ends that much before the time is
// up.
func (s *site) scanBefore(ctx context.Context, before time.Duration, planned snapshot.Run) (Answer, error) {
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-before))
		defer cancel()
	}
	return s.scanAll(ctx, planned, planned.Targets)
}

func watchdog(ctx context.Context, s *site, _ Event) (Answer, error) {
	watch, err := s.Watchdog(ctx)
	if len(watch.Series) == 0 {
		return Answer{}, err // it could not see
	}
	said := Answer{Go: true, Missed: len(watch.Missing()) > 0, Slack: &watch.Delivery, measures: setup.OfWatch(watch)}
	for _, series := range watch.Series {
		said.Last = series.Last // of the one scope
	}
	return said, err
}

// scanAll scans the targets while there is time, and returns errContinue when
// there was not enough. That of which the scan failed counts as left; the
// others go on.
func (s *site) scanAll(ctx context.Context, planned snapshot.Run, targets []posture.Target) (Answer, error) {
	said := Answer{Run: planned.ID, Go: true, Targets: len(targets), Left: len(targets), Counts: map[posture.Status]int{}}
	err := s.ScanAll(ctx, planned, targets, said.add)
	if errors.Is(err, audit.ErrLeft) {
		err = errContinue
	}
	return said, err
}

// add counts a part that is stored.
func (a *Answer) add(part snapshot.Part) {
	a.Left--
	for status, n := range part.Counts {
		a.Counts[status] += n
	}
	for _, n := range part.Coverage.Calls {
		a.Calls += n
	}
}
