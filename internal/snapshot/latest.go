package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// Latest is state/latest.json: the newest run that was closed and the end of
// the chain. The two differ when an older run was closed late. Neither ever
// moves back.
type Latest struct {
	Run      posture.RunID `json:"run"`
	Sequence int           `json:"sequence"`
	Manifest string        `json:"manifest"` // hex sha256
	Closed   time.Time     `json:"closed"`
	Head     Link          `json:"head"` // the end of the chain
}

// Link is a place in the chain.
type Link struct {
	Sequence int    `json:"sequence"`
	Manifest string `json:"manifest"` // hex sha256
}

// Link returns the place of the newest run in the chain.
func (l Latest) Link() Link { return Link{Sequence: l.Sequence, Manifest: l.Manifest} }

// LoadLatest reads state/latest.json, or returns store.ErrNotFound when no
// run was ever closed.
func LoadLatest(ctx context.Context, s store.Store) (Latest, error) {
	latest, _, err := loadLatest(ctx, s)
	return latest, err
}

func loadLatest(ctx context.Context, s store.Store) (latest Latest, version string, err error) {
	body, version, err := store.Read(ctx, s, latestKey, maxJSON)
	if err != nil {
		return Latest{}, "", fmt.Errorf("latest run: %w", err)
	}
	if err := json.Unmarshal(body, &latest); err != nil || latest.Run == "" || latest.Head.Sequence < 1 {
		return Latest{}, "", fmt.Errorf("%s: %w: not the JSON that was expected", latestKey, ErrCorrupt)
	}
	return latest, version, nil
}

// with returns what is later: l or a link of the chain.
func (l Latest) with(end link) Latest {
	if end.manifest.Run > l.Run {
		l.Run, l.Sequence, l.Manifest, l.Closed = end.manifest.Run, end.Sequence, end.Manifest, end.manifest.Closed
	}
	if end.Sequence > l.Head.Sequence {
		l.Head = end.Link
	}
	return l
}

// maxRaces is how often a replacement is tried again after another writer was
// faster. Each of these losses is someone else's progress.
const maxRaces = 100

// advance moves state/latest.json forward to a link, if it is behind.
func advance(ctx context.Context, s store.Store, end link) error {
	var err error
	for range maxRaces {
		var raced bool
		if raced, err = tryAdvance(ctx, s, end); !raced {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("move %s to run %s: %w", latestKey, end.manifest.Run, err)
	}
	return nil
}

// tryAdvance does so once, and reports whether another writer was faster.
func tryAdvance(ctx context.Context, s store.Store, end link) (raced bool, err error) {
	latest, version, err := loadLatest(ctx, s)
	absent := errors.Is(err, store.ErrNotFound)
	if err != nil && !absent {
		return false, err
	}
	next := latest.with(end)
	if next == latest {
		return false, nil
	}
	body, err := json.Marshal(next)
	if err != nil {
		return false, err
	}
	if absent {
		_, err = s.PutIfAbsent(ctx, latestKey, body)
	} else {
		_, err = s.PutIfMatch(ctx, latestKey, version, body)
	}
	return errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrConflict), err
}
