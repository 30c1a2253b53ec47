package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/tally"
)

// Published is what came of a run.
type Published struct {
	Run      snapshot.Run
	Parts    []snapshot.Part
	Manifest snapshot.Manifest
	Alerts   []drift.Alert
	Delivery outbox.Report
	// Found is what the run found, as it was counted while it was compared. Nil:
	// it was published before.
	Found *tally.Tally
}

// ErrBusy says that so many others publish that none was let in.
var ErrBusy = errors.New("other runs are being published: try again")

// maxRaces is how often a publication begins again because somebody else has
// published meanwhile. Each of these losses is someone else's progress.
const maxRaces = 10

// Publish closes a run with the parts that are there, compares it with what
// people were notified of, puts what changed into the outbox, and delivers what waits
// there. It may be called any number of times for the same run and for others,
// also at once, and may die at any point: every change is published by one run,
// and a run whose call came back, or comes back when it is made again, was published.
//
// Parts that are missing leave the notified state of their targets as it is, marked as not
// read; a part that comes later is not the run's. A run that is published
// after a later one changes nothing about the targets that the later one had.
func (a *Auditor) Publish(ctx context.Context, id posture.RunID) (Published, error) {
	run, err := snapshot.LoadRun(ctx, a.Store, id)
	if err != nil {
		return Published{}, err
	}
	var out Published
	for range maxRaces {
		if out, err = a.publish(ctx, run); !errors.Is(err, errRaced) {
			break
		}
	}
	if errors.Is(err, errRaced) {
		err = ErrBusy
	}
	if err != nil {
		return Published{}, fmt.Errorf("publish run %s: %w", id, err)
	}
	out.Delivery, err = a.Deliver(ctx)
	return out, err
}

// publish does so once. The order of its steps matters: the run is closed
// before it counts, so that everyone who publishes it has the same parts; and
// what another began to publish is finished first.
func (a *Auditor) publish(ctx context.Context, run snapshot.Run) (Published, error) {
	ix, err := a.finishPending(ctx)
	if err != nil {
		return Published{}, err
	}
	parts, missing, err := snapshot.Parts(ctx, a.Store, run)
	if err != nil {
		return Published{}, err
	}
	out := Published{Run: run, Parts: parts}
	if out.Alerts, err = LoadAlerts(ctx, a.Store, run.ID); err == nil {
		out.Manifest, err = snapshot.LoadManifest(ctx, a.Store, run.ID)
		return out, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return Published{}, err
	}
	c, err := a.compare(ctx, ix, run, parts, missing)
	if err != nil {
		return Published{}, err
	}
	out.Manifest, _, err = snapshot.Close(ctx, a.Store, run, snapshot.Closing{
		Parts: parts, Outcome: outcome(snapshot.Sum(run, parts), c.coverage, c.unreadable),
		Read: c.coverage.Read, Total: c.coverage.Total, Closed: a.Now().UTC(),
	})
	if err != nil {
		return Published{}, err
	}
	if !consistsOf(out.Manifest, parts) {
		return Published{}, errRaced
	}
	out.Found = c.found
	alerts := c.collector.Alerts()
	a.attribute(ctx, alerts)
	for i := range alerts {
		if a.RunLink != nil {
			alerts[i].Link = a.RunLink(run.ID)
		}
	}
	if err := a.commit(ctx, c, alerts); err != nil {
		return Published{}, err
	}
	out.Alerts, err = LoadAlerts(ctx, a.Store, run.ID)
	return out, err
}

// outcome judges a run by its coverage and by its targets that were not read, of
// which so many are accepted. It is the same judgement that the alert about what
// could not be read passes on.
func outcome(run snapshot.Totals, read drift.Coverage, accepted int) snapshot.Outcome {
	switch {
	case run.Scanned == 0, read.Read == 0 && read.Total > 0:
		return snapshot.Failed
	case read.Degraded(run.Targets - run.Scanned - accepted):
		return snapshot.Degraded
	default:
		return snapshot.Complete
	}
}

// consistsOf reports whether a run was closed with these parts.
func consistsOf(m snapshot.Manifest, parts []snapshot.Part) bool {
	for _, part := range parts {
		if !slices.Contains(m.Files, part.File) {
			return false
		}
	}
	return len(m.Files) == 2+3*len(parts) // run.json and its rules; part.json and its two files
}

// Deliver sends what waits in the outbox and is ready, and does nothing without
// a Sender.
func (a *Auditor) Deliver(ctx context.Context) (outbox.Report, error) {
	if a.Sender == nil {
		return outbox.Report{}, nil
	}
	return a.box().Deliver(ctx, a.Sender)
}
