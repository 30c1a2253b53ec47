package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"posture/internal/outbox"
	"posture/internal/posture"
	"posture/internal/snapshot"
	"posture/internal/store"
	"posture/internal/store/storetest"
)

// mortalSlack lets the process die while it posts.
type mortalSlack struct {
	*fakeSlack
	life *storetest.Mortal
}

func (s mortalSlack) Send(ctx context.Context, m outbox.Message) (r outbox.Receipt, err error) {
	err = s.life.Call(func() (err error) { r, err = s.fakeSlack.Send(ctx, m); return err })
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
	run      posture.RunID
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
