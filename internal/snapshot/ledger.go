package snapshot

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// Entry is one run as the ledger shows it.
type Entry struct {
	Run      posture.RunID `json:"run"`
	Slot     time.Time     `json:"slot"`
	Outcome  Outcome       `json:"outcome"`            // Unfinished until it is closed
	Sequence int           `json:"sequence,omitempty"` // 0 until it is closed
	Closed   time.Time     `json:"closed,omitzero"`
	Totals   Totals        `json:"coverage"`
	Missing  int           `json:"missing,omitempty"` // targets without a part
}

// Ledger returns the runs whose slots are at from or later and before to, in
// the order of their ids. It knows only of runs that were opened.
func Ledger(ctx context.Context, s store.Store, from, to time.Time) ([]Entry, error) {
	var entries []Entry
	for id, err := range Runs(ctx, s, from, to) {
		if err != nil {
			return nil, err
		}
		entry := Entry{Run: id, Slot: id.Slot(), Outcome: Unfinished}
		manifest, err := LoadManifest(ctx, s, id)
		if err == nil {
			entry.Outcome, entry.Sequence, entry.Closed = manifest.Outcome, manifest.Sequence, manifest.Closed
			entry.Totals, entry.Missing = manifest.Totals, len(manifest.Missing)
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// manyDays is from how many days on one listing of all runs is cheaper than
// one for each day.
const manyDays = 100

// Runs yields the ids of the runs, closed or not, whose slots are at from or
// later and before to, in their order. A zero time is no bound.
func Runs(ctx context.Context, s store.Store, from, to time.Time) iter.Seq2[posture.RunID, error] {
	return func(yield func(posture.RunID, error) bool) {
		last := posture.RunID("")
		for _, prefix := range prefixes(from, to) {
			for entry, err := range s.List(ctx, prefix) {
				if err != nil {
					yield("", fmt.Errorf("list runs: %w", err))
					return
				}
				id, ok := runOf(entry.Key)
				if !ok || id == last || !within(id, from, to) {
					continue
				}
				if last = id; !yield(id, nil) {
					return
				}
			}
		}
	}
}

// prefixes is where the runs between two times are.
func prefixes(from, to time.Time) []string {
	if from.IsZero() || to.IsZero() || to.Sub(from) > manyDays*24*time.Hour {
		return []string{runsPrefix}
	}
	var prefixes []string
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(to); day = day.AddDate(0, 0, 1) {
		prefixes = append(prefixes, dayPrefix(day))
	}
	return prefixes
}

// within reports whether a run's slot lies between two times.
func within(id posture.RunID, from, to time.Time) bool {
	slot := id.Slot()
	return !slot.Before(from) && (to.IsZero() || slot.Before(to))
}

// Closed yields the manifests of the closed runs, the last one closed first.
// It passes over links that are gone: Verify reports them.
func Closed(ctx context.Context, s store.Store) iter.Seq2[Manifest, error] {
	return func(yield func(Manifest, error) bool) {
		last, err := chainEnd(ctx, s)
		for sequence := last.Sequence; sequence > 0 && err == nil; sequence-- {
			var at link
			at, err = loadLink(ctx, s, sequence)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			} else if err == nil && !yield(at.manifest, nil) {
				return
			}
		}
		if err != nil {
			yield(Manifest{}, fmt.Errorf("read the chain: %w", err))
		}
	}
}

// Before returns the manifest of the newest closed run of the same scope
// whose slot is before that of a run, or store.ErrNotFound. Runs that were
// closed out of order are told apart by their slots.
func Before(ctx context.Context, s store.Store, id posture.RunID) (Manifest, error) {
	return newest(ctx, s, func(run posture.RunID) bool {
		return run.Scope() == id.Scope() && run < id
	})
}

// Newest returns the manifest of the newest closed run of a scope, or of any
// if scope is empty; or store.ErrNotFound.
func Newest(ctx context.Context, s store.Store, scope string) (Manifest, error) {
	return newest(ctx, s, func(run posture.RunID) bool {
		return scope == "" || run.Scope() == scope
	})
}

// newest returns the closed run with the greatest id among those wanted. No
// run closes before its slot: once the chain is back at what was closed
// before the best one's slot, no better one is left.
func newest(ctx context.Context, s store.Store, want func(run posture.RunID) bool) (Manifest, error) {
	var best Manifest
	for manifest, err := range Closed(ctx, s) {
		if err != nil {
			return Manifest{}, err
		}
		if best.Run != "" && manifest.Closed.Before(best.Run.Slot()) {
			break
		}
		if want(manifest.Run) && manifest.Run > best.Run {
			best = manifest
		}
	}
	if best.Run == "" {
		return Manifest{}, fmt.Errorf("no closed run: %w", store.ErrNotFound)
	}
	return best, nil
}
