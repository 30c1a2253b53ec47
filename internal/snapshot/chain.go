package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"posture/internal/store"
)

// chainEnd returns the last link of the chain; its sequence is 0 when there
// is none. A link that latest.json knows but that is gone keeps its place, so
// that its number is not given away again.
func chainEnd(ctx context.Context, s store.Store) (link, error) {
	latest, err := LoadLatest(ctx, s)
	last := link{Link: latest.Head}
	if latest.Link() == latest.Head {
		last.manifest.Run = latest.Run
	}
	if errors.Is(err, store.ErrNotFound) {
		last.Sequence, err = listedEnd(ctx, s)
	}
	if err != nil {
		return link{}, err
	}
	for sequence := max(last.Sequence, 1); ; sequence++ {
		next, err := loadLink(ctx, s, sequence)
		if errors.Is(err, store.ErrNotFound) {
			if sequence == last.Sequence {
				continue
			}
			return last, nil
		}
		if err != nil {
			return link{}, err
		}
		last = next
	}
}

// listedEnd returns the greatest sequence number of the chain, or 0.
func listedEnd(ctx context.Context, s store.Store) (int, error) {
	end := 0
	for entry, err := range s.List(ctx, chainPrefix) {
		if err != nil {
			return 0, fmt.Errorf("list the chain: %w", err)
		}
		if sequence, ok := chainSequence(entry.Key); ok {
			end = max(end, sequence)
		}
	}
	return end, nil
}

// loadLink reads one link of the chain.
func loadLink(ctx context.Context, s store.Store, sequence int) (link, error) {
	key := chainKey(sequence)
	body, _, err := store.Read(ctx, s, key, maxJSON)
	if err != nil {
		return link{}, err
	}
	found := link{Link: Link{Sequence: sequence, Manifest: sum(body)}, body: body}
	if err := json.Unmarshal(body, &found.manifest); err != nil || found.manifest.Run == "" {
		return found, fmt.Errorf("%s: %w: it is no manifest", key, ErrCorrupt)
	}
	return found, nil
}
