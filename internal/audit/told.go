package audit

import (
	"context"
	"fmt"
	"iter"

	"posture/internal/drift"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// line is one line of the notified state of a target. The first line
// is about no finding: it holds what is known of the target as a whole.
type line struct {
	drift.Notified
	Base  *drift.Base `json:"base,omitempty"`
	Lines int         `json:"lines,omitempty"` // beside Base: how many lines follow; 0 also in files of earlier versions
}

// toldFile returns the file of lines at a key.
func toldFile(key string) snapshot.Sorted[line] {
	return snapshot.Sorted[line]{Key: key, Order: func(l line) string {
		if l.Base != nil {
			return "-" // before every fingerprint
		}
		return l.Fingerprint
	}}
}

// told is the notified state of a target.
type told struct {
	base  drift.Base
	lines iter.Seq2[drift.Notified, error] // may be read more than once
}

// nothing yields nothing.
func nothing[T any](func(T, error) bool) {}

// untold returns the notified state of a target before its first run.
func untold() told { return told{lines: nothing[drift.Notified]} }

// loadTold opens the file at a key, or returns store.ErrNotFound. As it is
// read it may turn out to be snapshot.ErrCorrupt.
func loadTold(ctx context.Context, s store.Store, key string) (told, error) {
	lines, err := toldFile(key).Load(ctx, s)
	if err != nil {
		return told{}, err
	}
	t := told{lines: withoutBase(key, lines)}
	for first, err := range lines {
		if err != nil {
			return told{}, err
		}
		if first.Base != nil {
			t.base = *first.Base
		}
		break
	}
	return t, nil
}

// withoutBase yields the lines that are about findings. Where they are fewer
// than were written the file is corrupt: the base is compressed by itself, so
// that it could be all that is left.
func withoutBase(key string, lines iter.Seq2[line, error]) iter.Seq2[drift.Notified, error] {
	return func(yield func(drift.Notified, error) bool) {
		written, read := 0, 0
		for l, err := range lines {
			if err == nil && l.Base != nil {
				written = l.Lines
				continue
			}
			if read++; !yield(l.Notified, err) || err != nil {
				return
			}
		}
		if written > 0 && read != written {
			yield(drift.Notified{}, fmt.Errorf("read %s: %w: %d of %d lines are left", key, snapshot.ErrCorrupt, read, written))
		}
	}
}
