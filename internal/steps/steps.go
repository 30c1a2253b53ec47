// Package steps is what functions do, whoever calls them: an event in, an
// answer out. Plan opens a run, Scan reads its targets, Publish closes it and
// tells what changed, Run does all three, Watchdog speaks up when runs stop,
// and Weekly keeps the page of a week. Every step may be repeated and run twice
// at once. A function is made by an adapter that opens an Installation and
// hands on event and answer; begin with Installation.Do.
package steps

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
	Slot   time.Time       `json:"slot"`   // plan, run, weekly: the scheduled time
	Opener string          `json:"opener"` // plan: the caller's name, the same when it comes again
	Run    posture.RunID   `json:"run"`    // scan, publish: id of the run; plan: list what of it is left
	Target *posture.Target `json:"target"` // scan: the one to scan; without one, all of the run
	Later  bool            `json:"later"`  // scan of one target: where nothing of it can be read, leave it for a later call
	Week   string          `json:"week"`   // weekly: as in 2026-W47; without one, the week before the slot
}

// Answer says what came of a step, in JSON.
type Answer struct {
	Run      posture.RunID          `json:"run,omitempty"`
	Go       bool                   `json:"go"`                // plan and run: false when another caller has the slot
	List     *Object                `json:"list,omitempty"`    // plan: a JSON array of the targets, for an orchestrator that hands them out
	Targets  int                    `json:"targets,omitempty"` // of the run
	Left     int                    `json:"left,omitempty"`    // of them, those that a next call is to scan
	Done     bool                   `json:"done"`              // scan: nothing is left
	Counts   map[posture.Status]int `json:"counts,omitempty"`  // findings, of the targets scanned
	Calls    int                    `json:"calls,omitempty"`   // that the scan made
	Failure  *posture.Cause         `json:"failure,omitempty"` // scan of one target: why nothing of it could be read
	Outcome  snapshot.Outcome       `json:"outcome,omitempty"`
	Alerts   int                    `json:"alerts,omitempty"`
	Slack    *outbox.Report         `json:"slack,omitempty"`
	Head     *snapshot.Link         `json:"head,omitempty"`     // publish: the end of the chain, which proves all before it: see posture verify --head
	Series   []Series               `json:"series,omitempty"`   // watchdog
	Missed   bool                   `json:"missed,omitempty"`   // watchdog: no run completed for too long
	Warnings []string               `json:"warnings,omitempty"` // what of the configuration is ignored
	Kept     *setup.KeptWeek        `json:"kept,omitempty"`     // weekly: the page

	Metrics []setup.Metrics `json:"-"` // for the platform's own metrics, on which alarms stand
}

// Object is an object of the store, as other services name it.
type Object struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// Series is what the watchdog saw of the runs of one scope.
type Series struct {
	Scope  string        `json:"scope"`
	Last   posture.RunID `json:"last"`   // the newest run that completed
	Hours  float64       `json:"hours"`  // since its slot
	Missed bool          `json:"missed"` // too long
}

// Step is one step of a run.
type Step struct {
	// Check returns an error when the event lacks what the step needs. Nil: it
	// needs nothing.
	Check func(e Event) error
	Do    func(ctx context.Context, s *Site, e Event) (Answer, error)
}

// Plan opens the run of the event's slot. All who ask for one without a name
// are one opener. When the event has a run, it lists the targets of it that have
// no part, to be handed out once more.
func Plan() Step {
	return Step{
		Check: needsRunOrSlot,
		Do: func(ctx context.Context, s *Site, e Event) (Answer, error) {
			if e.Run != "" {
				return left(ctx, s, e)
			}
			return plan(ctx, s, e)
		},
	}
}

// Scan scans the event's target, or all targets of the run that have no part
// yet while there is time; the error is ErrLeft when there was not enough. A
// target whose scan failed counts as left; the others go on.
func Scan() Step { return Step{needsRun, scan} }

// PlanOrScan scans when the event has a run, and plans one otherwise.
func PlanOrScan() Step {
	return Step{
		Check: needsRunOrSlot,
		Do: func(ctx context.Context, s *Site, e Event) (Answer, error) {
			if e.Run != "" {
				return scan(ctx, s, e)
			}
			return plan(ctx, s, e)
		},
	}
}

// Publish closes the event's run and tells what changed.
func Publish() Step { return Step{needsRun, publish} }

// Run does all steps in one call. When its time is up before all targets are
// scanned the error is ErrLeft, and the next call for the same slot goes on:
// the parts that are stored are the cursor.
func Run() Step { return Step{needsSlot, run} }

// Watchdog tells when no run completed for too long, tells how the last week went
// once its page is kept, delivers what waits, and finishes what a publish that died
// left behind. Its answer holds what it saw
// also when telling fails: the alarms on it are the way that does not go
// through Slack.
func Watchdog() Step { return Step{Do: watchdog} }

// Weekly keeps the page of the event's week.
func Weekly() Step { return Step{needsWeek, week} }

// All returns the steps by their names.
func All() map[string]Step {
	return map[string]Step{"plan": Plan(), "scan": Scan(), "publish": Publish(), "run": Run(), "watchdog": Watchdog(), "weekly": Weekly()}
}

func needsSlot(e Event) error {
	if e.Slot.IsZero() {
		return fmt.Errorf("%w: expected slot, the scheduled time of the run", ErrEvent)
	}
	return nil
}

func needsRunOrSlot(e Event) error {
	if e.Run != "" {
		return nil
	}
	return needsSlot(e)
}

func needsRun(e Event) error {
	if e.Run == "" {
		return fmt.Errorf("%w: expected run, the id that plan answered", ErrEvent)
	}
	return nil
}

func needsWeek(e Event) error {
	if e.Slot.IsZero() && e.Week == "" {
		return fmt.Errorf("%w: expected slot, the scheduled time of the page, or week", ErrEvent)
	}
	return nil
}

// ErrEvent says that an event lacks what the step needs.
var ErrEvent = errors.New("the event is incomplete")

// ErrLeft says that time ran out: the same event goes on where it ended.
var ErrLeft = errors.New("targets are left: send the same event again")

func plan(ctx context.Context, s *Site, e Event) (Answer, error) {
	planned, won, err := s.plan(ctx, e)
	said := Answer{Run: planned.ID, Go: won, Targets: len(planned.Targets), Left: len(planned.Targets)}
	if err != nil || s.Locate == nil {
		return said, err
	}
	key, err := s.ListTargets(ctx, planned)
	if err != nil {
		return said, err
	}
	object := s.Locate(key)
	said.List = &object
	return said, nil
}

// left answers with the targets of a run that have no part.
func left(ctx context.Context, s *Site, e Event) (Answer, error) {
	planned, err := snapshot.LoadRun(ctx, s.Store, e.Run)
	if err != nil {
		return Answer{}, fmt.Errorf("list what is left of run %s: %w", e.Run, err)
	}
	key, n, err := s.ListLeft(ctx, planned)
	if err != nil {
		return Answer{}, fmt.Errorf("list what is left of run %s: %w", e.Run, err)
	}
	said := Answer{Run: e.Run, Go: n > 0, Targets: len(planned.Targets), Left: n}
	if s.Locate != nil {
		object := s.Locate(key)
		said.List = &object
	}
	return said, nil
}

func (s *Site) plan(ctx context.Context, e Event) (snapshot.Run, bool, error) {
	if e.Opener == "" {
		e.Opener = "slot " + e.Slot.UTC().Format(time.RFC3339)
	}
	return s.Plan(ctx, e.Slot, s.Scope, e.Opener)
}

func scan(ctx context.Context, s *Site, e Event) (Answer, error) {
	if e.Target != nil && s.Clouds[e.Target.Provider].Slices == nil {
		return s.scanOne(ctx, e)
	}
	planned, err := snapshot.LoadRun(ctx, s.Store, e.Run)
	if err != nil {
		return Answer{}, fmt.Errorf("scan run %s: %w", e.Run, err)
	}
	if e.Target != nil {
		return s.scanAll(ctx, planned, []posture.Target{*e.Target})
	}
	return s.scanAll(ctx, planned, planned.Targets)
}

func (s *Site) scanOne(ctx context.Context, e Event) (Answer, error) {
	said := Answer{Run: e.Run, Go: true, Targets: 1, Left: 1, Counts: map[posture.Status]int{}}
	scan := s.Scan
	if e.Later {
		scan = s.ScanReadable
	}
	part, err := scan(ctx, e.Run, *e.Target)
	var unread *audit.Unread
	switch {
	case errors.As(err, &unread):
		said.Failure = &unread.Cause
		return said, nil
	case err == nil:
		said.add(part)
		said.Done, said.Failure = true, part.Failure
	}
	return said, err
}

func (s *Site) scanAll(ctx context.Context, planned snapshot.Run, targets []posture.Target) (Answer, error) {
	said := Answer{Run: planned.ID, Go: true, Targets: len(targets), Left: len(targets), Counts: map[posture.Status]int{}}
	err := s.ScanAll(ctx, planned, targets, said.add)
	if errors.Is(err, audit.ErrLeft) {
		err = ErrLeft
	}
	said.Done = err == nil
	return said, err
}

// add counts a part that is stored.
func (a *Answer) add(part snapshot.Part) {
	a.Left--
	for status, n := range part.Counts {
		a.Counts[status] += n
	}
	for _, n := range part.Report.Calls {
		a.Calls += n
	}
}

func publish(ctx context.Context, s *Site, e Event) (Answer, error) {
	published, err := s.Publish(ctx, e.Run)
	if err != nil {
		return Answer{}, err
	}
	latest, err := snapshot.LoadLatest(ctx, s.Store)
	if err != nil {
		return Answer{}, err
	}
	return Answer{
		Head: &latest.Head,
		Run:  e.Run, Go: true, Done: true, Outcome: published.Manifest.Outcome, Alerts: len(published.Alerts), Slack: &published.Delivery,
		Targets: len(published.Run.Targets), Warnings: s.Warnings,
		Metrics: []setup.Metrics{setup.RunMetrics(e.Run.Scope(), published), setup.QueueMetrics(published.Delivery)},
	}, nil
}

func watchdog(ctx context.Context, s *Site, _ Event) (Answer, error) {
	telling := setup.TellWeek(ctx, s.Auditor)
	watch, err := s.Watchdog(ctx)
	err = errors.Join(telling, err)
	if len(watch.Series) == 0 {
		return Answer{}, err // it could not see
	}
	said := Answer{
		Go: true, Missed: len(watch.Missing()) > 0, Slack: &watch.Delivery,
		Metrics: []setup.Metrics{setup.WatchMetrics(watch)},
	}
	for _, series := range watch.Series {
		said.Series = append(said.Series, Series{Scope: series.Scope, Last: series.Last, Hours: series.Age.Hours(), Missed: series.Missed != nil})
	}
	return said, err
}

func week(ctx context.Context, s *Site, e Event) (Answer, error) {
	kept, err := setup.Weekly{Store: s.Store, Config: s.Config, Slot: e.Slot, Week: e.Week, Now: s.Now()}.Keep(ctx)
	return Answer{Go: true, Kept: &kept}, err
}
