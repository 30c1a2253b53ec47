package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/store"
)

// ErrBusy says that somebody else is publishing.
var ErrBusy = errors.New("another run is being published")

// lockKey is where the one who publishes says so.
const lockKey = "state/publishing.json"

// lease is how long a publisher that says nothing more keeps the lock. It is
// renewed between steps that take far less.
const lease = 3 * time.Minute

// lock is the right to publish, for as long as it is renewed. It keeps two
// publishers from telling the same change in different words; that nothing is
// lost and state does not move back does not depend on it.
type lock struct {
	store   store.Store
	now     func() time.Time
	holder  holder
	version string
}

type holder struct {
	Owner string    `json:"owner"`
	Until time.Time `json:"until"`
}

// lock returns the lock, or ErrBusy.
func (a *Auditor) lock(ctx context.Context) (*lock, error) {
	l := &lock{store: a.Store, now: a.Now, holder: holder{Owner: a.Attempt()}}
	body, version, err := store.Read(ctx, a.Store, lockKey, 1<<16)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return l, l.put(ctx, func(body []byte) (string, error) { return a.Store.PutIfAbsent(ctx, lockKey, body) })
	case err != nil:
		return nil, fmt.Errorf("lock: %w", err)
	}
	var other holder
	if err := json.Unmarshal(body, &other); err == nil && a.Now().Before(other.Until) {
		return nil, ErrBusy
	}
	l.version = version
	return l, l.replace(ctx)
}

func (l *lock) replace(ctx context.Context) error {
	return l.put(ctx, func(body []byte) (string, error) { return l.store.PutIfMatch(ctx, lockKey, l.version, body) })
}

// put writes the holder with a new lease. Losing to another is ErrBusy.
func (l *lock) put(ctx context.Context, write func([]byte) (string, error)) error {
	l.holder.Until = l.now().UTC().Add(lease)
	body, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	version, err := write(body)
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrConflict) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	l.version = version
	return nil
}

// renew extends the lease when a third of it is gone, and fails with ErrBusy
// when somebody else has taken over.
func (l *lock) renew(ctx context.Context) error {
	if l.holder.Until.Sub(l.now()) > lease*2/3 {
		return nil
	}
	return l.replace(ctx)
}

// release lets others in at once. If it fails, they wait for the lease to end.
func (l *lock) release(ctx context.Context) {
	l.holder.Until = time.Time{}
	if body, err := json.Marshal(l.holder); err == nil {
		_, _ = l.store.PutIfMatch(ctx, lockKey, l.version, body)
	}
}
