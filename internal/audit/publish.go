package audit

import (
	"context"
	"fmt"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/snapshot"
)

// Published is what came of a run.
type Published struct {
	Run      snapshot.Run
	Parts    []snapshot.Part
	Manifest snapshot.Manifest
	Alerts   []drift.Alert
	Delivery outbox.Report
}

// Publish compares a run with what people were told, puts what changed into
// the outbox, closes the run, and delivers what waits. It may be called any
// number of times for the same run, also at once: the same alerts come of it,
// once. ErrBusy means that somebody else is publishing; try again later.
func (a *Auditor) Publish(ctx context.Context, id string) (Published, error) {
	run, err := snapshot.LoadRun(ctx, a.Store, id)
	if err != nil {
		return Published{}, err
	}
	lock, err := a.lock(ctx)
	if err != nil {
		return Published{}, err
	}
	out, err := a.publish(ctx, run, lock)
	lock.release(ctx)
	if err != nil {
		return Published{}, fmt.Errorf("publish run %s: %w", id, err)
	}
	out.Delivery, err = a.Deliver(ctx)
	return out, err
}

// publish does what only one publisher does at a time.
func (a *Auditor) publish(ctx context.Context, run snapshot.Run, lock *lock) (Published, error) {
	parts, missing, err := snapshot.Parts(ctx, a.Store, run)
	if err != nil {
		return Published{}, err
	}
	out := Published{Run: run, Parts: parts}
	sides, err := a.sides(ctx, run, parts, missing)
	if err != nil {
		return Published{}, err
	}
	if out.Alerts, err = a.alerts(ctx, run, sides, lock); err != nil {
		return Published{}, err
	}
	if err := a.enqueue(ctx, out.Alerts, lock); err != nil {
		return Published{}, err
	}
	for _, side := range sides {
		if err := a.remember(ctx, side, lock); err != nil {
			return Published{}, err
		}
	}
	out.Manifest, _, err = snapshot.Close(ctx, a.Store, run, snapshot.Closing{
		Parts: parts, Outcome: a.outcome(snapshot.Cover(run, parts)), Closed: a.Now().UTC(),
	})
	return out, err
}

// outcome judges a run by its coverage.
func (a *Auditor) outcome(c snapshot.Coverage) snapshot.Outcome {
	switch {
	case c.Scanned == 0:
		return snapshot.Failed
	case c.Scanned < c.Targets, c.Share()*100 < a.Config.Alerts.CoverageFloor:
		return snapshot.Degraded
	default:
		return snapshot.Complete
	}
}

// Deliver sends what waits in the outbox and is due. Without a Sender nothing
// is ever put there.
func (a *Auditor) Deliver(ctx context.Context) (outbox.Report, error) {
	if a.Sender == nil {
		return outbox.Report{}, nil
	}
	return outbox.New(a.Store, a.Now, outbox.Sleep).Deliver(ctx, a.Sender)
}
