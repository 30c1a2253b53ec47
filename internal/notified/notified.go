// Package notified reads and writes the files that hold what people were last
// notified of, one for each target: since when each finding fails, when it last
// passed, and which alert said so. Which file counts is not its business. Begin
// with Load and File.
package notified

import (
	"context"
	"fmt"
	"iter"

	"posture/internal/drift"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// Line is one line of the notified state of a target. The first line
// is about no finding: it holds what is known of the target as a whole.
type Line struct {
	drift.Notified
	Base  *drift.Base `json:"base,omitempty"`
	Lines int         `json:"lines,omitempty"` // beside Base: how many lines follow; 0 also in files of earlier versions
}

// File returns the file of lines at a key.
func File(key string) snapshot.Sorted[Line] {
	return snapshot.Sorted[Line]{Key: key, Order: func(l Line) string {
		if l.Base != nil {
			return "-" // before every fingerprint
		}
		return l.Fingerprint
	}}
}

// State is the notified state of a target.
type State struct {
	Base  drift.Base
	Lines iter.Seq2[drift.Notified, error] // in the order of fingerprints; may be read more than once
}

// None returns the notified state of a target before its first run.
func None() State { return State{Lines: func(func(drift.Notified, error) bool) {}} }

// Load opens the file at a key, or returns store.ErrNotFound. As it is
// read it may turn out to be snapshot.ErrCorrupt.
func Load(ctx context.Context, s store.Store, key string) (State, error) {
	lines, err := File(key).Load(ctx, s)
	if err != nil {
		return State{}, err
	}
	t := State{Lines: withoutBase(key, lines)}
	for first, err := range lines {
		if err != nil {
			return State{}, err
		}
		if first.Base != nil {
			t.Base = *first.Base
		}
		break
	}
	return t, nil
}

// withoutBase yields the lines that are about findings. Where they are fewer
// than were written the file is corrupt: the base is compressed by itself, so
// that it could be all that is left.
func withoutBase(key string, lines iter.Seq2[Line, error]) iter.Seq2[drift.Notified, error] {
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
