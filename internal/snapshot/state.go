package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"posture/internal/store"
)

// maxState bounds a compressed state file.
const maxState = 256 << 20

// Sorted is a file of sorted JSON lines that is replaced as a whole, such as
// what people were last told of a target.
type Sorted[T any] struct {
	Key   string         // where it is stored
	Order func(T) string // what its values are sorted by; no two are equal
}

// Load returns the values and the version that Save asks for. Where there is
// no file yet the version is empty. The values can be read more than once and
// come from the version that was loaded, whatever happens to the file
// meanwhile. An error while they are read voids all of them.
func (f Sorted[T]) Load(ctx context.Context, s store.Store) (iter.Seq2[T, error], string, error) {
	body, version, err := store.Read(ctx, s, f.Key, maxState)
	if errors.Is(err, store.ErrNotFound) {
		return func(func(T, error) bool) {}, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	return func(yield func(T, error) bool) {
		_, err := decodeLines(newSource(bytes.NewReader(body)), jsonRecord(f.Order), yield)
		if err != nil && !errors.Is(err, errStop) {
			var none T
			yield(none, fmt.Errorf("read %s: %w", f.Key, err))
		}
	}, version, nil
}

// Save replaces the version that Load returned, or stores the first one if
// version is empty, and returns the new version. If someone else did so
// meanwhile it returns store.ErrConflict. An error among the values is
// returned and nothing is stored.
func (f Sorted[T]) Save(ctx context.Context, s store.Store, version string, values iter.Seq2[T, error]) (string, error) {
	body, err := f.encode(values)
	if err != nil {
		return "", fmt.Errorf("save %s: %w", f.Key, err)
	}
	if version != "" {
		return s.PutIfMatch(ctx, f.Key, version, body)
	}
	version, err = s.PutIfAbsent(ctx, f.Key, body)
	if errors.Is(err, store.ErrExists) {
		return "", fmt.Errorf("save %s: %w", f.Key, store.ErrConflict)
	}
	return version, err
}

// encode returns the values as a file, if they are sorted.
func (f Sorted[T]) encode(values iter.Seq2[T, error]) ([]byte, error) {
	out, err := newLineWriter()
	if err != nil {
		return nil, err
	}
	last := ""
	for value, err := range values {
		if err != nil {
			return nil, err
		}
		key := f.Order(value)
		if key <= last {
			return nil, fmt.Errorf("values are out of order at %.80q", key)
		}
		last = key
		line, err := encodeLine(value)
		if err != nil {
			return nil, err
		}
		if err := out.write(line); err != nil {
			return nil, err
		}
	}
	_, body, err := out.close()
	return body, err
}
