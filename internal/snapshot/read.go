package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"posture/internal/posture"
	"posture/internal/store"
)

// parallel is how many objects are read at once.
const parallel = 16

// Findings yields a part's findings in the order of their fingerprints. It
// can be read more than once. That the file is unchanged is known only at the
// end: who gets an error, which is ErrCorrupt for a changed file, must forget
// what was yielded before.
func Findings(ctx context.Context, s store.Store, part Part) iter.Seq2[posture.Finding, error] {
	key := func(f posture.Finding) string { return f.Fingerprint }
	return described[posture.Finding]{File: part.Findings, decode: jsonRecord(key)}.values(ctx, s)
}

// Resources yields a part's resources in the order of their types, regions
// and ids, as Findings does. Each document is a json.RawMessage.
func Resources(ctx context.Context, s store.Store, part Part) iter.Seq2[posture.Resource, error] {
	return described[posture.Resource]{File: part.Resources, decode: resourceRecord}.values(ctx, s)
}

// resourceRecord reads a resource and leaves its document as it is.
func resourceRecord(line []byte) (posture.Resource, string, error) {
	var doc json.RawMessage
	resource := posture.Resource{Doc: &doc}
	err := decodeLine(line, &resource)
	resource.Doc = doc
	return resource, resourceKey(resource), err
}

// described is a file with what it should be and how its lines are read.
type described[T any] struct {
	File
	decode record[T]
}

// values yields the values of a file and then checks that it is the one that
// was described.
func (f described[T]) values(ctx context.Context, s store.Store) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := f.read(ctx, s, yield); err != nil && !errors.Is(err, errStop) {
			var none T
			yield(none, fmt.Errorf("read %s: %w", f.Key, err))
		}
	}
}

func (f described[T]) read(ctx context.Context, s store.Store, yield func(T, error) bool) error {
	object, err := s.Get(ctx, f.Key)
	if err != nil {
		return err
	}
	defer object.Body.Close()
	input := newSource(io.LimitReader(object.Body, f.Size+1))
	lines, err := decodeLines(input, bounded(ctx, f.Lines, f.decode), yield)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, input); err != nil {
		return err
	}
	got := input.file()
	got.Key, got.Lines = f.Key, lines
	if got != f.File {
		return fmt.Errorf("%w: it is not the file that was stored", ErrCorrupt)
	}
	return nil
}

// bounded stops reading when the context ends or when there are more lines
// than there should be.
func bounded[T any](ctx context.Context, lines int, decode record[T]) record[T] {
	return func(line []byte) (T, string, error) {
		var none T
		if err := ctx.Err(); err != nil {
			return none, "", err
		}
		if lines--; lines < 0 {
			return none, "", errors.New("more lines than were stored")
		}
		return decode(line)
	}
}

// Parts returns the parts of a run, in the order of its targets, and the
// targets that have none. Once the run is closed these are the parts that its
// manifest names: a part that came later is not the run's. Before that, a
// target whose part.json makes no sense counts as one without a part.
func Parts(ctx context.Context, s store.Store, run Run) (parts []Part, missing []posture.Target, err error) {
	manifest, err := LoadManifest(ctx, s, run.ID)
	closed := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	found, err := loadParts(ctx, s, run, closed)
	if err != nil {
		return nil, nil, fmt.Errorf("parts of run %s: %w", run.ID, err)
	}
	for i, part := range found {
		key := partKey(run.ID, run.Targets[i])
		named := slices.IndexFunc(manifest.Files, func(f File) bool { return f.Key == key })
		switch {
		case closed && named < 0 || !closed && part == nil:
			missing = append(missing, run.Targets[i])
		case part == nil || closed && manifest.Files[named] != part.File:
			return nil, nil, fmt.Errorf("%s: %w: it is not the file that the manifest names", key, ErrCorrupt)
		default:
			parts = append(parts, *part)
		}
	}
	return parts, missing, nil
}

// loadParts reads the part of each target; nil where there is none.
func loadParts(ctx context.Context, s store.Store, run Run, closed bool) ([]*Part, error) {
	found := make([]*Part, len(run.Targets))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, target := range run.Targets {
		group.Go(func() error {
			part, err := LoadPart(ctx, s, run.ID, target)
			if errors.Is(err, store.ErrNotFound) || !closed && errors.Is(err, ErrCorrupt) {
				return nil
			}
			found[i] = &part
			return err
		})
	}
	return found, group.Wait()
}
