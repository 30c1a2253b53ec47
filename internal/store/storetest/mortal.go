package storetest

import (
	"context"
	"errors"
	"iter"
	"sync"

	"posture/internal/store"
)

// ErrCrash is what a dead process sees.
var ErrCrash = errors.New("the process died")

// Mortal is what one process sees of a store: it dies at a call, and from then
// on every call fails. Its fields are set before it is used.
type Mortal struct {
	store.Store
	Left    int  // calls until death, the last one included; 0: dead from the start; negative: immortal
	Applied bool // the last call takes effect, and only its answer is lost
	Writes  bool // only calls that change something count

	mu sync.Mutex
}

// step takes a call into account. It reports whether to make it, and whether to
// tell what came of it.
func (m *Mortal) step(write bool) (do, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.Left < 0:
		return true, true
	case m.Left == 0:
		return false, false
	case m.Writes && !write:
		return true, true
	}
	m.Left--
	return m.Left > 0 || m.Applied, m.Left > 0
}

// Call makes a call that changes something, in the store or in Slack, unless
// the process is dead.
func (m *Mortal) Call(do func() error) (err error) {
	made, tell := m.step(true)
	if made {
		err = do()
	}
	if !tell {
		return ErrCrash
	}
	return err
}

// Get reads an object.
func (m *Mortal) Get(ctx context.Context, key string) (store.Object, error) {
	if _, tell := m.step(false); !tell {
		return store.Object{}, ErrCrash
	}
	return m.Store.Get(ctx, key)
}

// PutIfAbsent stores a new object.
func (m *Mortal) PutIfAbsent(ctx context.Context, key string, body []byte) (version string, err error) {
	err = m.Call(func() (err error) { version, err = m.Store.PutIfAbsent(ctx, key, body); return err })
	return version, err
}

// PutIfMatch replaces an object.
func (m *Mortal) PutIfMatch(ctx context.Context, key, version string, body []byte) (next string, err error) {
	err = m.Call(func() (err error) { next, err = m.Store.PutIfMatch(ctx, key, version, body); return err })
	return next, err
}

// Delete deletes an object.
func (m *Mortal) Delete(ctx context.Context, key string) error {
	return m.Call(func() error { return m.Store.Delete(ctx, key) })
}

// List lists objects.
func (m *Mortal) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	if _, tell := m.step(false); !tell {
		return func(yield func(store.Entry, error) bool) { yield(store.Entry{}, ErrCrash) }
	}
	return m.Store.List(ctx, prefix)
}
