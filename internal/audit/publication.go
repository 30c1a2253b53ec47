package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/drift"
	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// publication is what a run notifies people of. It is stored before it counts, and
// holds all that finishing it takes, so that anybody can.
type publication struct {
	Run      posture.RunID `json:"run"`
	Alerts   []drift.Alert `json:"alerts"`
	Messages []message     `json:"messages,omitempty"`
}

// message says where one of the alerts goes.
type message struct {
	Alert    int      `json:"alert"` // its place among the alerts
	Channel  string   `json:"channel"`
	Fallback string   `json:"fallback,omitempty"`
	Mentions []string `json:"mentions,omitempty"`
}

// publicationLimit bounds a publication. The alerts of a run are far fewer
// than its changes.
const publicationLimit = 64 << 20

// AlertsKey is where the alerts of a run are stored once they are published.
func AlertsKey(run posture.RunID) string { return "alerts/" + run.String() + ".json" }

// publicationKey is where a publication waits until it counts.
func publicationKey(run posture.RunID, attempt string) string {
	return snapshot.NotifiedPrefix + "publications/" + run.String() + "." + attempt + ".json"
}

// LoadAlerts returns the alerts of a run, or store.ErrNotFound when it was
// not published yet.
func LoadAlerts(ctx context.Context, s store.Store, run posture.RunID) ([]drift.Alert, error) {
	p, _, err := loadPublication(ctx, s, AlertsKey(run))
	return p.Alerts, err
}

func loadPublication(ctx context.Context, s store.Store, key string) (publication, []byte, error) {
	body, _, err := store.Read(ctx, s, key, publicationLimit)
	if err != nil {
		return publication{}, nil, err
	}
	var p publication
	if err := json.Unmarshal(body, &p); err != nil {
		return publication{}, nil, fmt.Errorf("read %s: %w", key, snapshot.ErrCorrupt)
	}
	for _, m := range p.Messages {
		if m.Alert < 0 || m.Alert >= len(p.Alerts) {
			return publication{}, nil, fmt.Errorf("read %s: %w", key, snapshot.ErrCorrupt)
		}
	}
	return p, body, nil
}

// commit makes what a run publishes count, all at once, unless somebody else has
// published meanwhile. Then it finishes it.
func (a *Auditor) commit(ctx context.Context, c *comparison, alerts []drift.Alert) error {
	body, err := json.Marshal(publication{Run: c.run.ID, Alerts: alerts, Messages: a.messages(alerts)})
	if err != nil {
		return err
	}
	key := publicationKey(c.run.ID, c.attempt)
	if _, err := a.Store.PutIfAbsent(ctx, key, body); err != nil {
		return err
	}
	next := c.index.with(c.targets, &pending{Run: c.run.ID, Key: key})
	if c.collector.Before != nil {
		next = next.withHealth(c.run.ID.Scope(), c.collector.Health)
	}
	if _, err := next.save(ctx, a.Store); err != nil {
		return err
	}
	ix, err := a.finishPending(ctx)
	if err != nil {
		return err
	}
	a.sweep(ctx, ix, key)
	return nil
}

// finishPending finishes what is pending and returns the index without it.
func (a *Auditor) finishPending(ctx context.Context) (index, error) {
	for range maxRaces {
		ix, err := loadIndex(ctx, a.Store)
		if err != nil || ix.Pending == nil {
			return ix, err
		}
		if err := a.finish(ctx, *ix.Pending); err != nil {
			return index{}, fmt.Errorf("finish publishing run %s: %w", ix.Pending.Run, err)
		}
		if ix, err = ix.with(nil, nil).save(ctx, a.Store); !errors.Is(err, errRaced) {
			return ix, err
		}
	}
	return index{}, errRaced
}

// finish puts the messages of a publication into the outbox and stores its
// alerts for people. All of it may be done twice.
func (a *Auditor) finish(ctx context.Context, p pending) error {
	published, body, err := loadPublication(ctx, a.Store, p.Key)
	if err != nil {
		return err
	}
	box := a.box()
	for _, m := range published.Messages {
		entry := outbox.Entry{Channel: m.Channel, Fallback: m.Fallback, Mentions: m.Mentions, Alert: published.Alerts[m.Alert]}
		if err := box.Add(ctx, entry); err != nil {
			return err
		}
	}
	if _, err := a.Store.PutIfAbsent(ctx, AlertsKey(p.Run), body); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

const (
	sweepMargin = time.Minute // by which the times of two objects may be off
	sweepers    = 8           // objects deleted at once
)

// sweep deletes files of earlier publications, and of attempts that died. What
// is older than the publication that just counted, and is not named by the
// index, never will be. An object that cannot be deleted stays for the next
// sweep.
func (a *Auditor) sweep(ctx context.Context, ix index, publication string) {
	named := map[string]bool{}
	for _, target := range ix.Targets {
		named[target.Key] = true
	}
	if ix.Pending != nil {
		named[ix.Pending.Key] = true
	}
	var unnamed []store.Entry
	var mine time.Time
	for entry, err := range a.Store.List(ctx, snapshot.NotifiedPrefix) {
		if err != nil {
			return
		}
		if entry.Key == publication {
			mine = entry.Modified
		}
		if !named[entry.Key] {
			unnamed = append(unnamed, entry)
		}
	}
	var group errgroup.Group
	group.SetLimit(sweepers)
	for _, entry := range unnamed {
		if entry.Modified.Add(sweepMargin).Before(mine) {
			group.Go(func() error { return a.Store.Delete(ctx, entry.Key) })
		}
	}
	_ = group.Wait() // see above
}
