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

// Sorted is a file of sorted JSON lines, such as what people were last notified
// of about a target. It is stored once and never replaced.
type Sorted[T any] struct {
	Key   string         // where it is stored
	Order func(T) string // what its values are sorted by; no two are equal
}

// Load returns the values, or store.ErrNotFound. They can be read more than
// once and come from what was loaded, whatever happens to the file meanwhile.
// An error while they are read voids all of them.
func (f Sorted[T]) Load(ctx context.Context, s store.Store) (iter.Seq2[T, error], error) {
	body, _, err := store.Read(ctx, s, f.Key, maxState)
	if err != nil {
		return nil, err
	}
	return func(yield func(T, error) bool) {
		_, err := decodeLines(newSource(bytes.NewReader(body)), jsonRecord(f.Order), yield)
		if err != nil && !errors.Is(err, errStop) {
			var none T
			yield(none, fmt.Errorf("read %s: %w", f.Key, err))
		}
	}, nil
}

// Writer returns a writer of the file, which stores nothing before Put.
func (f Sorted[T]) Writer() (*SortedWriter[T], error) {
	out, err := newLineWriter()
	return &SortedWriter[T]{file: f, out: out}, err
}

// SortedWriter takes the values of a Sorted file one after the other and holds
// them compressed. It is not safe for concurrent use.
type SortedWriter[T any] struct {
	file        Sorted[T]
	out         *lineWriter
	first, last string // what the values so far are sorted by
}

// Add takes the next value. One that does not come after those before it is
// refused, and so is one that no reader would take, with ErrLineTooLong.
func (w *SortedWriter[T]) Add(value T) error {
	key := w.file.Order(value)
	if key <= w.last {
		return fmt.Errorf("write %s: values are out of order at %.80q", w.file.Key, key)
	}
	line, err := encodeLine(value)
	if err == nil {
		err = w.out.write(line)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", w.file.Key, err)
	}
	if w.last = key; w.first == "" {
		w.first = key
	}
	return nil
}

// Put stores the head and then what was added, unless the file is there
// already, which is store.ErrExists. The head comes before all of that, and may
// be known only at the end: it is compressed by itself and put in front, which
// to whoever reads the file is one stream. Put is called once.
func (w *SortedWriter[T]) Put(ctx context.Context, s store.Store, head ...T) error {
	_, body, err := w.out.close()
	if err != nil {
		return fmt.Errorf("write %s: %w", w.file.Key, err)
	}
	added := w.first
	w.first, w.last = "", ""
	w.out.reset()
	for _, value := range head {
		if err := w.Add(value); err != nil {
			return err
		}
	}
	if added != "" && w.last >= added {
		return fmt.Errorf("write %s: the head at %.80q comes after %.80q", w.file.Key, w.last, added)
	}
	_, front, err := w.out.close()
	if err != nil {
		return fmt.Errorf("write %s: %w", w.file.Key, err)
	}
	_, err = s.PutIfAbsent(ctx, w.file.Key, append(front, body...))
	return err
}
