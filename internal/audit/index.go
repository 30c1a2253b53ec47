package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"posture/internal/drift"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// indexKey is where the index is.
const indexKey = "state/told.json"

// index is state/told.json: which file holds the notified state of each
// target. It is the one object that a publication replaces, and thereby the
// moment at which it happens: before, nothing of it counts; after, all of it
// does, and whoever comes next finishes what is pending. Of two who publish at
// once one replaces it first, and the other begins again with what is then
// known. So neither a lock nor a clock decides what is sent, and a process
// that wakes up after hours changes nothing.
type index struct {
	Sequence int                     `json:"sequence"`          // of replacements, so that no two versions are equal
	Targets  map[string]known        `json:"targets"`           // by Target.String
	Health   map[string]drift.Health `json:"health,omitempty"`  // by scope of the runs: what could not be read
	Pending  *pending                `json:"pending,omitempty"` // a publication whose messages may not all be in the queue

	version string // empty: there is no index yet
}

// known is what is known of one target.
type known struct {
	Target  posture.Target `json:"target"`         // without its regions
	Run     posture.RunID  `json:"run"`            // the latest that was compared
	Key     string         `json:"key"`            // of its notified state
	Gone    time.Time      `json:"gone,omitzero"`  // slot of the first run that no longer had it in scope; zero: it is in scope
	Alerted bool           `json:"told,omitempty"` // of one that is gone: people were notified of that
}

// pending is a publication to be finished.
type pending struct {
	Run posture.RunID `json:"run"`
	Key string        `json:"key"` // of the publication
}

// errRaced says that somebody else published meanwhile.
var errRaced = errors.New("somebody else published meanwhile")

// indexLimit bounds the index. Ten thousand targets take a tenth of it.
const indexLimit = 32 << 20

// loadIndex reads the index, which is empty before the first publication.
func loadIndex(ctx context.Context, s store.Store) (index, error) {
	ix := index{Targets: map[string]known{}}
	body, version, err := store.Read(ctx, s, indexKey, indexLimit)
	if errors.Is(err, store.ErrNotFound) {
		return ix, nil
	}
	if err != nil {
		return ix, err
	}
	if err := json.Unmarshal(body, &ix); err != nil || ix.Targets == nil {
		return ix, fmt.Errorf("%s: %w: restore an earlier version of it", indexKey, snapshot.ErrCorrupt)
	}
	ix.version = version
	return ix, nil
}

// with returns an index to replace this one.
func (ix index) with(targets map[string]known, next *pending) index {
	all := maps.Clone(ix.Targets)
	for name, target := range targets {
		all[name] = target
		if target.Key == "" {
			delete(all, name)
		}
	}
	return index{Sequence: ix.Sequence + 1, Targets: all, Health: ix.Health, Pending: next, version: ix.version}
}

// healthOf returns what people were last notified of that could not be read in
// runs of the same scope, nil where the run has no say in it: it looks at a
// part only, or a later one was looked at.
func (ix index) healthOf(run snapshot.Run) *drift.Health {
	before := ix.Health[run.ID.Scope()]
	if run.Narrowed || before.Run >= run.ID {
		return nil
	}
	return &before
}

// withHealth returns the index with what a run made of that.
func (ix index) withHealth(scope string, next drift.Health) index {
	if ix.Health = maps.Clone(ix.Health); ix.Health == nil {
		ix.Health = map[string]drift.Health{}
	}
	ix.Health[scope] = next
	return ix
}

// save replaces the version that the index was made from, or returns errRaced.
func (ix index) save(ctx context.Context, s store.Store) (index, error) {
	body, err := json.Marshal(ix)
	if err != nil {
		return index{}, err
	}
	if ix.version == "" {
		ix.version, err = s.PutIfAbsent(ctx, indexKey, body)
	} else {
		ix.version, err = s.PutIfMatch(ctx, indexKey, ix.version, body)
	}
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrConflict) {
		return index{}, errRaced
	}
	return ix, err
}
