package drift

import (
	"fmt"
	"iter"

	"posture/internal/posture"
)

// Out receives what Compare finds out, as it goes. An error that one of the
// functions returns ends the comparison and is returned as it is.
type Out struct {
	Change   func(Change) error   // in the order of fingerprints
	Notified func(Notified) error // the lines to store from now on, in the order of fingerprints
}

// Compare merges the notified state of a target with the findings of a run and
// passes on what changed, and the notified state after that. The new lines suppose
// that every change that is not silent reaches people.
//
// Both streams must be sorted by fingerprint without repetition; an error says
// which one is not. Memory does not grow with the streams. What was passed to
// out before an error must not be used. The same input gives the same output.
func Compare(told iter.Seq2[Notified, error], findings iter.Seq2[posture.Finding, error], in Input, out Out) (Summary, error) {
	c := newComparison(in, out)
	old := newCursor("told lines", told, func(t *Notified) string { return t.Fingerprint })
	defer old.stop()
	now := newCursor("findings", findings, func(f *posture.Finding) string { return f.Fingerprint })
	defer now.stop()
	if err := c.merge(old, now); err != nil {
		return Summary{}, err
	}
	return c.summary(), nil
}

// merge walks both streams in step.
func (c *comparison) merge(old *cursor[Notified], now *cursor[posture.Finding]) error {
	for {
		if err := old.fill(); err != nil {
			return err
		}
		if err := now.fill(); err != nil {
			return err
		}
		if !old.live && !now.live {
			return nil
		}
		if err := c.step(old, now); err != nil {
			return err
		}
	}
}

// step takes the lowest fingerprint from the streams that have it.
func (c *comparison) step(old *cursor[Notified], now *cursor[posture.Finding]) error {
	switch {
	case !now.live || old.live && old.key < now.key:
		return c.absent(old.take())
	case !old.live || now.key < old.key:
		return c.present(&Notified{}, now.take())
	default:
		return c.present(old.take(), now.take())
	}
}

// cursor is a place in a sorted stream.
type cursor[T any] struct {
	what  string
	keyOf func(*T) string
	next  func() (T, error, bool)
	stop  func()
	item  T
	key   string // of item
	full  bool   // item was not taken yet
	live  bool   // the stream has not ended
}

// newCursor returns a cursor before the stream's first item.
func newCursor[T any](what string, seq iter.Seq2[T, error], keyOf func(*T) string) *cursor[T] {
	next, stop := iter.Pull2(seq)
	return &cursor[T]{what: what, keyOf: keyOf, next: next, stop: stop, live: true}
}

// take returns the current item, which stays valid until the next fill.
func (c *cursor[T]) take() *T {
	c.full = false
	return &c.item
}

// fill moves to the next item when the current one was taken, and checks that
// it comes after it.
func (c *cursor[T]) fill() error {
	if c.full || !c.live {
		return nil
	}
	var err error
	if c.item, err, c.live = c.next(); err != nil {
		return fmt.Errorf("read %s: %w", c.what, err)
	}
	if !c.live {
		return nil
	}
	key := c.keyOf(&c.item)
	if key <= c.key {
		return fmt.Errorf("read %s: fingerprint %q comes after %q: want them sorted, each once", c.what, key, c.key)
	}
	c.key, c.full = key, true
	return nil
}
