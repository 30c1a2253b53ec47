// Package outbox is the queue of messages between the comparison of runs and
// Slack. It lives in the store, so that a message that was added is sent
// sooner or later whatever crashes, and is sent once: twice only when the
// answer to a post was lost or a crash fell between the post and its record,
// and such a repetition says what it is. It decides when and whether to post;
// how a message looks and travels is its Sender's matter. Begin with New, then Add
// and Deliver.
//
// A message to be sent is outbox/<key>.json. Its life: pending, then claimed
// by one sender for a limited time, posted, recorded as sent/<key>.json,
// deleted. Only outbox/ is ever listed to deliver. Beside them,
// threads/<group>.json says which message later alerts answer, and
// threads/<key>/<answer>.json which of its findings an answer has settled.
package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"posture/internal/drift"
	"posture/internal/store"
)

// Message is what a Sender is to post.
type Message struct {
	Key      string      // identity, to be sent along so that Find can see it
	Channel  string      // where to, as configured or as Slack calls it
	Thread   string      // the message that it answers; empty: none
	Alert    drift.Alert // what to say, unless Members is set
	Members  []Member    // of a digest: the alerts that it sums up
	Mentions []string    // whom to call, as configured
	Plain    bool        // only short plain text
	Repeated bool        // it may have been posted before, and is to say so
}

// Receipt names a message that Slack accepted. TS is empty when Slack does not
// say, as with webhooks.
type Receipt struct {
	Channel string `json:"channel"`
	TS      string `json:"ts,omitempty"`
}

// Sender posts messages. Its errors are *Refusal; any other is taken for an
// ambiguous one. A method that the sender has no means for returns
// errors.ErrUnsupported.
type Sender interface {
	// Send posts a message. Without an error it was accepted.
	Send(ctx context.Context, m Message) (Receipt, error)
	// Find looks for a message that may have been posted since a time.
	Find(ctx context.Context, m Message, since time.Time) (r Receipt, found bool, err error)
	// Amend changes a posted message so that it shows what was settled since.
	Amend(ctx context.Context, r Receipt, alert drift.Alert, settled []Settlement) error
}

// Box is the queue in one store. It holds no state of its own, and any number
// of them may work on the same store.
type Box struct {
	store store.Store
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// New returns the queue in s. The clock and the means of waiting come as
// values; Sleep is the usual one.
func New(s store.Store, now func() time.Time, sleep func(context.Context, time.Duration) error) *Box {
	return &Box{store: s, now: func() time.Time { return now().UTC() }, sleep: sleep}
}

// Sleep waits, or returns the context's error when that comes first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Key returns the key under which an alert waits for a channel. The same
// alert for the same channel has the same key, in every run of the program.
func Key(channel string, alert drift.Alert) string { return hash("alert", channel, alert.Key) }

// hash returns the hex sha256 of parts, each preceded by its length.
func hash(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Add puts a message into the queue, unless it is there or was told already.
// The caller sets Channel, Alert and what else it wants of Fallback and
// Mentions; the rest is Add's. When it returns nil, the message will be told.
func (b *Box) Add(ctx context.Context, e Entry) error {
	if e.Channel == "" || e.Alert.Key == "" {
		return errors.New("add a message: it needs a channel and the alert's key")
	}
	e = Entry{
		Key: Key(e.Channel, e.Alert), Channel: e.Channel, Fallback: e.Fallback, Mentions: e.Mentions,
		Alert: e.Alert, Created: b.now(), State: Pending,
	}
	told, err := b.told(ctx, e.Key)
	if err != nil || told != nil {
		return err
	}
	return b.create(ctx, entryKey(e.Key), e)
}

// Known reports whether a message for a channel is in the queue or was told.
func (b *Box) Known(ctx context.Context, channel string, alert drift.Alert) (bool, error) {
	key := Key(channel, alert)
	told, err := b.told(ctx, key)
	if err != nil || told != nil {
		return told != nil, err
	}
	var e Entry
	_, _, err = b.inspect(ctx, entryKey(key), &e)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// told returns the record of a message that was told, or nil. One that is
// damaged says so all the same: it was stored when the message was told.
func (b *Box) told(ctx context.Context, key string) (*Record, error) {
	var r Record
	_, d, err := b.inspect(ctx, recordKey(key), &r)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if d != "" {
		r = Record{Key: key, Damaged: string(d)}
	}
	return &r, nil
}

// objectLimit is how large an object of the queue may be.
const objectLimit = 4 << 20

// read decodes an object and returns its version.
func (b *Box) read(ctx context.Context, key string, v any) (string, error) {
	body, version, err := store.Read(ctx, b.store, key, objectLimit)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return "", fmt.Errorf("%s: %w", key, undecodable)
	}
	return version, nil
}

// inspect is read for which a damaged object is no error.
func (b *Box) inspect(ctx context.Context, key string, v any) (version string, d defect, err error) {
	version, err = b.read(ctx, key, v)
	if d = defectOf(err); d != "" {
		err = nil
	}
	return version, d, err
}

// create stores a new object; one that is there already is left as it is.
func (b *Box) create(ctx context.Context, key string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	if _, err := b.store.PutIfAbsent(ctx, key, body); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// replace stores an entry over the version that was read, and returns the new
// version.
func (b *Box) replace(ctx context.Context, e Entry, version string) (string, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", e.Key, err)
	}
	return b.store.PutIfMatch(ctx, entryKey(e.Key), version, body)
}

// The places in the store.
const (
	entryPrefix  = "outbox/"
	recordPrefix = "sent/"
	threadPrefix = "threads/"
)

func entryKey(key string) string  { return entryPrefix + key + ".json" }
func recordKey(key string) string { return recordPrefix + key + ".json" }

func threadKey(channel, group string) string {
	return threadPrefix + hash("thread", channel, group) + ".json"
}

func settledPrefix(key string) string { return threadPrefix + key + "/" }
