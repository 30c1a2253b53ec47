package snapshot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

// Closing is what its closer says of a run.
type Closing struct {
	Parts   []Part // as Parts returned them: what the run consists of
	Outcome Outcome
	Read    int // see Totals
	Total   int
	Closed  time.Time
}

// link is a place in the chain with the manifest that is there.
type link struct {
	Link
	manifest Manifest
	body     []byte // nil when the object is gone and only latest.json knows of it
}

// Close closes a run: it adds the run's manifest to the chain, stores it
// beside the run, and moves state/latest.json forward. A run that is closed
// already keeps its manifest, which is returned with won false. That says
// nothing of what the other closer did after closing. Any number of closers
// may run at once and die at any point; what one of them began, the next call
// of Close finishes, whichever run it is for.
func Close(ctx context.Context, s store.Store, run Run, closing Closing) (manifest Manifest, won bool, err error) {
	for range maxRaces {
		manifest, won, err = tryClose(ctx, s, run, closing)
		if !errors.Is(err, store.ErrExists) {
			break
		}
	}
	if err != nil {
		return Manifest{}, false, fmt.Errorf("close run %s: %w", run.ID, err)
	}
	return manifest, won, nil
}

// tryClose returns store.ErrExists when another run took the place in the
// chain. The order of its steps is what keeps a run from being added twice:
// once the chain's last link is finished, every run of the chain has its
// manifest; a run without one is in no link up to there; and only the next
// place is claimed.
func tryClose(ctx context.Context, s store.Store, run Run, closing Closing) (Manifest, bool, error) {
	last, err := chainEnd(ctx, s)
	if err != nil {
		return Manifest{}, false, err
	}
	if err := finish(ctx, s, last); err != nil {
		return Manifest{}, false, err
	}
	manifest, err := LoadManifest(ctx, s, run.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return manifest, false, err
	}
	next, err := newLink(run, closing, last)
	if err != nil {
		return Manifest{}, false, err
	}
	if _, err := s.PutIfAbsent(ctx, chainKey(next.Sequence), next.body); err != nil {
		return Manifest{}, false, err
	}
	return next.manifest, true, finish(ctx, s, next)
}

// finish does what follows the claim of a link.
func finish(ctx context.Context, s store.Store, end link) error {
	if end.body == nil {
		return nil
	}
	_, err := s.PutIfAbsent(ctx, manifestKey(end.manifest.Run), end.body)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return advance(ctx, s, end)
}

// newLink makes the link that follows last.
func newLink(run Run, closing Closing, last link) (link, error) {
	manifest := Manifest{
		Run: run.ID, Sequence: last.Sequence + 1, Previous: last.Manifest, PreviousRun: last.manifest.Run,
		Closed: closing.Closed.UTC(), Outcome: closing.Outcome, Totals: Sum(run, closing.Parts),
		Files: []File{run.File, run.RulesFile}, Missing: missing(run, closing.Parts),
	}
	manifest.Totals.Read, manifest.Totals.Total = closing.Read, closing.Total
	for _, part := range closing.Parts {
		manifest.Files = append(manifest.Files, part.File, part.Findings, part.Resources)
	}
	slices.SortFunc(manifest.Files, func(a, b File) int { return cmp.Compare(a.Key, b.Key) })
	for _, file := range manifest.Files {
		if of, ok := runOf(file.Key); !ok || of != run.ID {
			return link{}, fmt.Errorf("file %.200q is not of this run: the run or a part was not loaded from the store", file.Key)
		}
	}
	body, err := json.Marshal(manifest)
	return link{Link: Link{Sequence: manifest.Sequence, Manifest: sum(body)}, manifest: manifest, body: body}, err
}

// missing returns the targets that have no part.
func missing(run Run, parts []Part) []posture.Target {
	have := map[string]bool{}
	for _, part := range parts {
		have[part.Target.String()] = true
	}
	var missing []posture.Target
	for _, target := range run.Targets {
		if !have[target.String()] {
			missing = append(missing, target)
		}
	}
	return missing
}

// LoadManifest reads the manifest of a closed run, or returns
// store.ErrNotFound.
func LoadManifest(ctx context.Context, s store.Store, id posture.RunID) (Manifest, error) {
	if err := checkID(id); err != nil {
		return Manifest{}, err
	}
	manifest, _, err := readJSON[Manifest](ctx, s, manifestKey(id))
	if err == nil && manifest.Run != id {
		err = fmt.Errorf("%s: %w: it is the manifest of another run", manifestKey(id), ErrCorrupt)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("manifest of run %s: %w", id, err)
	}
	return manifest, nil
}
