package scanners

import "sync"

// Memo keeps what was fetched once, for all who need it in one scan. The zero
// value is ready; it is not to be copied.
type Memo struct {
	mu   sync.Mutex
	kept map[any]*kept
}

type kept struct {
	once  sync.Once
	value any
	err   error
}

// Once returns what fetch returns for the key, an error and a panic (ErrPanic)
// included. It calls fetch once, however many ask at the same time. The key
// is comparable; all who ask for one key ask for the same type.
func Once[T any](m *Memo, key any, fetch func() (T, error)) (T, error) {
	entry := m.entry(key)
	entry.once.Do(func() {
		entry.err = Guard(func() error {
			value, err := fetch()
			entry.value = value
			return err
		})
	})
	value, _ := entry.value.(T)
	return value, entry.err
}

func (m *Memo) entry(key any) *kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[any]*kept{}
	}
	if m.kept[key] == nil {
		m.kept[key] = new(kept)
	}
	return m.kept[key]
}
