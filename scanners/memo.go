package scanners

import "sync"

// Memo keeps what was fetched once, for all who need it in one scan. The zero
// value is ready; it is not to be copied.
type Memo struct {
	mu   sync.Mutex
	kept map[any]*kept
}

type kept struct {
	done  chan struct{} // closed once it was fetched; not a lock, so that tests with a clock of their own can wait
	value any
	err   error
}

// Once returns what fetch returns for the key, an error and a panic (ErrPanic)
// included. It calls fetch once, however many ask at the same time. The key
// is comparable; all who ask for one key ask for the same type.
func Once[T any](m *Memo, key any, fetch func() (T, error)) (T, error) {
	entry, first := m.entry(key)
	if first {
		entry.fetch(func() (any, error) { return fetch() })
	}
	<-entry.done
	value, _ := entry.value.(T)
	return value, entry.err
}

func (k *kept) fetch(fetch func() (any, error)) {
	defer close(k.done)
	k.err = Guard(func() (err error) {
		k.value, err = fetch()
		return err
	})
}

// entry returns what is kept for the key, and whether it was not asked for before.
func (m *Memo) entry(key any) (entry *kept, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[any]*kept{}
	}
	if m.kept[key] != nil {
		return m.kept[key], false
	}
	m.kept[key] = &kept{done: make(chan struct{})}
	return m.kept[key], true
}
