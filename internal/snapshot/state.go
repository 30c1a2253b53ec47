package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"posture/internal/store"
)

// mostHeld is how large a compressed file may be to be held in memory while it
// is read. That of some fifty thousand findings is.
const mostHeld = 4 << 20

// Sorted is a file of sorted JSON lines, such as what people were last notified
// of about a target. It is stored once and never replaced.
type Sorted[T any] struct {
	Key   string         // where it is stored
	Order func(T) string // what its values are sorted by; no two are equal
}

// Load returns the values, or store.ErrNotFound. They can be read more than
// once. A large file is read from the store each time, so that it may be gone
// by then, which is store.ErrNotFound too. An error while values are read voids
// all of them.
func (f Sorted[T]) Load(ctx context.Context, s store.Store) (iter.Seq2[T, error], error) {
	body, _, err := store.Read(ctx, s, f.Key, mostHeld)
	switch {
	case err == nil:
		return f.values(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }), nil
	case errors.Is(err, store.ErrTooLarge):
		return f.values(func() (io.ReadCloser, error) {
			object, err := s.Get(ctx, f.Key)
			return object.Body, err
		}), nil
	default:
		return nil, err
	}
}

// values yields what open has.
func (f Sorted[T]) values(open func() (io.ReadCloser, error)) iter.Seq2[T, error] {
	read := func(yield func(T, error) bool) error {
		body, err := open()
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = decodeLines(newSource(body), jsonRecord(f.Order), yield)
		return err
	}
	return func(yield func(T, error) bool) {
		if err := read(yield); err != nil && !errors.Is(err, errStop) {
			var none T
			yield(none, fmt.Errorf("read %s: %w", f.Key, err))
		}
	}
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
	line, err := w.encode(value)
	if err == nil {
		err = w.out.write(line)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", w.file.Key, err)
	}
	return nil
}

// encode returns a value that comes after the last one as a line.
func (w *SortedWriter[T]) encode(value T) ([]byte, error) {
	key := w.file.Order(value)
	if key <= w.last {
		return nil, fmt.Errorf("values are out of order at %.80q", key)
	}
	if w.last = key; w.first == "" {
		w.first = key
	}
	return encodeLine(value)
}

// Put stores the head and then what was added, unless the file is there
// already, which is store.ErrExists. The head comes before all of that, and may
// be known only at the end: it is compressed by itself and put in front, which
// to whoever reads the file is one stream. Put is called once.
func (w *SortedWriter[T]) Put(ctx context.Context, s store.Store, head ...T) error {
	body, err := w.whole(head)
	if err != nil {
		return fmt.Errorf("write %s: %w", w.file.Key, err)
	}
	_, err = s.PutIfAbsent(ctx, w.file.Key, body)
	return err
}

// whole returns the file's bytes.
func (w *SortedWriter[T]) whole(head []T) ([]byte, error) {
	added := w.first
	w.last = ""
	var lines [][]byte
	for _, value := range head {
		line, err := w.encode(value)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	if added != "" && w.last >= added {
		return nil, fmt.Errorf("the head at %.80q does not come before %.80q", w.last, added)
	}
	return w.out.closeBehind(lines)
}
