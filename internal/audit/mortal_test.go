package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"posture/internal/outbox"
	"posture/internal/snapshot"
	"posture/internal/store"
)

// errCrash is what a dead process sees.
var errCrash = errors.New("the process died")

// mortal is what one process sees of the store and of Slack. The process dies
// once a number of calls that change something took effect, before it hears of
// the last one.
type mortal struct {
	store.Store
	mu   sync.Mutex
	left int // such calls until death; negative: it lives on
}

// call counts a call. It reports whether to make it and whether to tell what
// came of it.
func (m *mortal) call() (do, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.left < 0:
		return true, true
	case m.left == 0:
		return false, false
	}
	m.left--
	return true, m.left > 0
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left == 0
}

func (m *mortal) Get(ctx context.Context, key string) (store.Object, error) {
	if m.dead() {
		return store.Object{}, errCrash
	}
	return m.Store.Get(ctx, key)
}

func (m *mortal) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	return m.write(func() (string, error) { return m.Store.PutIfAbsent(ctx, key, body) })
}

func (m *mortal) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	return m.write(func() (string, error) { return m.Store.PutIfMatch(ctx, key, version, body) })
}

func (m *mortal) Delete(ctx context.Context, key string) error {
	_, err := m.write(func() (string, error) { return "", m.Store.Delete(ctx, key) })
	return err
}

func (m *mortal) write(do func() (string, error)) (version string, err error) {
	made, tell := m.call()
	if made {
		version, err = do()
	}
	if !tell {
		return "", errCrash
	}
	return version, err
}

func (m *mortal) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	if m.dead() {
		return func(yield func(store.Entry, error) bool) { yield(store.Entry{}, errCrash) }
	}
	return m.Store.List(ctx, prefix)
}

// mortalSlack lets the process die while it posts.
type mortalSlack struct {
	*fakeSlack
	life *mortal
}

func (s mortalSlack) Send(ctx context.Context, m outbox.Message) (r outbox.Receipt, err error) {
	do, tell := s.life.call()
	if do {
		r, err = s.fakeSlack.Send(ctx, m)
	}
	if !tell {
		return outbox.Receipt{}, errCrash
	}
	return r, err
}

// forward is a store that notes when something moves back that must not.
type forward struct {
	store.Store
	mu    sync.Mutex
	last  map[string]position
	moves []string
}

// position is how far an object has come.
type position struct {
	run      string
	sequence int
}

func newForward() *forward { return &forward{Store: store.Memory(), last: map[string]position{}} }

func (f *forward) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	version, err := f.Store.PutIfMatch(ctx, key, version, body)
	if err == nil {
		f.note(key, body)
	}
	return version, err
}

func (f *forward) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	version, err := f.Store.PutIfAbsent(ctx, key, body)
	if err == nil {
		f.note(key, body)
	}
	return version, err
}

// note compares an object with what it was before.
func (f *forward) note(key string, body []byte) {
	var now position
	switch key {
	case "state/latest.json":
		var latest snapshot.Latest
		_ = json.Unmarshal(body, &latest)
		now = position{latest.Run, latest.Head.Sequence}
	case "state/told.json":
		var index struct{ Sequence int }
		_ = json.Unmarshal(body, &index)
		now = position{"", index.Sequence}
	default:
		if !strings.HasPrefix(key, "outbox/") && f.last[key] != (position{}) {
			f.moves = append(f.moves, key+" was replaced")
		}
		f.last[key] = position{sequence: 1}
		return
	}
	if before := f.last[key]; now.run < before.run || now.sequence < before.sequence {
		f.moves = append(f.moves, fmt.Sprint(key, " moved back from ", before, " to ", now))
	}
	f.last[key] = now
}
