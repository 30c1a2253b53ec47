package outbox

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"posture/internal/posture"
	"posture/internal/store"
)

const (
	digestAge    = 24 * time.Hour // how old messages are that a digest tells
	digestSize   = 500            // how many messages one digest tells at most
	digestCalled = 10             // how many are called by one digest at most
)

// collapse makes one digest for each channel of the messages that have waited
// for a day, and frees those whose digest is gone.
//
// A digest names its members before any of them is marked, and only those
// that could be marked stay in it when it is posted. So every message is told
// by its digest or by itself: whatever crashes, one of the two remembers it.
func (d *delivery) collapse(ctx context.Context) error {
	if err := d.freeOrphans(ctx); err != nil {
		return err
	}
	waiting := map[string][]Entry{}
	for _, it := range d.items {
		if d.collapsible(it) {
			waiting[it.Channel] = append(waiting[it.Channel], it.Entry)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(waiting)) {
		if err := d.fold(ctx, waiting[channel]); err != nil {
			return err
		}
	}
	return nil
}

// fold has the old messages of one channel told by a digest: by the one that
// the channel has, if that was never tried in vain, and else by a new one. A
// channel has one at a time.
func (d *delivery) fold(ctx context.Context, old []Entry) error {
	slices.SortFunc(old, compareEntries)
	channel := old[0].Channel
	live := d.digest(channel)
	d.behind[channel] = live != nil || len(old) > 1
	switch {
	case live == nil && len(old) > 1:
		return d.open(ctx, newDigest(old))
	case live != nil && (live.State == Pending || live.State == Held) && live.Unsure.IsZero():
		return d.extend(ctx, live, old)
	}
	return nil
}

// digest returns the channel's digest that was not sent yet, or nil.
func (d *delivery) digest(channel string) *item {
	for _, it := range d.items {
		if it.Channel == channel && len(it.Members) > 0 && !it.gone {
			return it
		}
	}
	return nil
}

// collapsible reports whether a digest may tell the entry: it is old, nobody
// is sending it and it was surely never posted.
func (d *delivery) collapsible(it *item) bool {
	now := d.box.now()
	waits := it.State == Pending || it.State == Held
	return waits && ready(it.Entry, now) && it.Unsure.IsZero() && len(it.Members) == 0 &&
		now.Sub(it.Created) >= digestAge && !d.folded(it)
}

// newDigest returns a digest that tells the entries, the oldest first.
func newDigest(entries []Entry) Entry {
	first := entries[0]
	digest := Entry{Channel: first.Channel, Fallback: first.Fallback, Created: first.Created, State: Pending}
	digest.tell(entries)
	parts := []string{"digest", first.Channel}
	for _, m := range digest.Members {
		parts = append(parts, m.Key)
	}
	digest.Key = hash(parts...)
	return digest
}

// tell adds entries to a digest, as many as it has room for. Of those whom
// they call, it calls only those of the severe ones.
func (e *Entry) tell(entries []Entry) {
	for _, other := range entries[:min(len(entries), max(digestSize-len(e.Members), 0))] {
		e.Members = append(e.Members, member(other))
		if other.Alert.Severity.AtLeast(posture.High) {
			e.Mentions = append(e.Mentions, other.Mentions...)
		}
	}
	slices.Sort(e.Mentions)
	e.Mentions = slices.Compact(e.Mentions)
	e.Mentions = e.Mentions[:min(len(e.Mentions), digestCalled)]
}

// extend adds entries to a digest that waits.
func (d *delivery) extend(ctx context.Context, digest *item, entries []Entry) error {
	e := digest.Entry
	e.Members, e.Mentions = slices.Clone(e.Members), slices.Clone(e.Mentions)
	e.tell(entries)
	if _, err := d.save(ctx, digest, e); err != nil {
		return err
	}
	for _, m := range digest.Members {
		d.digests[m.Key] = digest
	}
	return nil
}

// open puts a digest into the queue.
func (d *delivery) open(ctx context.Context, digest Entry) error {
	if err := d.box.create(ctx, entryKey(digest.Key), digest); err != nil {
		return err
	}
	it := &item{}
	version, broken, err := d.box.inspect(ctx, entryKey(digest.Key), &it.Entry)
	if errors.Is(err, store.ErrNotFound) {
		return nil // another sender has told it meanwhile
	}
	if err != nil {
		return err
	}
	if broken == "" {
		it.version = version
		d.add(it)
	} else { // its place is taken: the messages go by themselves
		d.behind[digest.Channel] = false
	}
	return nil
}

// gather marks the members of a claimed digest and drops those that it cannot
// have. It returns false when there is nothing to post.
func (d *delivery) gather(ctx context.Context, it *item) (bool, error) {
	if len(it.Members) == 0 {
		return true, nil
	}
	e := it.Entry
	e.Members = nil
	for _, m := range it.Members {
		marked, err := d.box.mark(ctx, m.Key, it.Key)
		if err != nil {
			return false, err
		}
		if marked {
			e.Members = append(e.Members, m)
		}
	}
	if len(e.Members) == 0 {
		it.gone = true
		return false, d.box.store.Delete(ctx, entryKey(it.Key))
	}
	return d.save(ctx, it, e)
}

// mark makes an entry the digest's. It returns false when it is not to be had.
func (b *Box) mark(ctx context.Context, key, digest string) (bool, error) {
	var e Entry
	version, err := b.read(ctx, entryKey(key), &e)
	if unreadable(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if e.State == Digested {
		return e.Digest == digest, nil
	}
	if e.State == Sending || !e.Unsure.IsZero() {
		return false, nil
	}
	e.State, e.Digest = Digested, digest
	if _, err = b.replace(ctx, e, version); errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// finishMembers records that a digest has told its members and takes them out
// of the queue.
func (d *delivery) finishMembers(ctx context.Context, it *item, r Record) error {
	for _, m := range it.Members {
		var e Entry
		_, err := d.box.read(ctx, entryKey(m.Key), &e)
		if unreadable(err) || err == nil && e.Digest != it.Key {
			continue
		}
		if err != nil {
			return err
		}
		if err := d.close(ctx, e.sentBy(r)); err != nil {
			return err
		}
	}
	return nil
}

// sentBy returns the record of an entry that was told by a digest.
func (e Entry) sentBy(digest Record) Record {
	return Record{
		Key: e.Key, Route: e.Channel, Receipt: digest.Receipt, Time: digest.Time, Alert: e.Alert,
		Digest: digest.Key, Repeated: digest.Repeated, Found: digest.Found,
	}
}

// close records one member as told and takes it out of the queue.
func (d *delivery) close(ctx context.Context, told Record) error {
	if err := d.box.create(ctx, recordKey(told.Key), told); err != nil {
		return err
	}
	if err := d.box.link(ctx, told, true); err != nil {
		return err
	}
	d.report.Notified++
	if it := d.keys[told.Key]; it != nil {
		it.gone = true
	}
	return d.box.store.Delete(ctx, entryKey(told.Key))
}

// queued reports whether an entry is in the queue now, and not damaged.
func (b *Box) queued(ctx context.Context, key string) (bool, error) {
	var e Entry
	_, err := b.read(ctx, entryKey(key), &e)
	if unreadable(err) {
		return false, nil
	}
	return true, err
}

// freeOrphans puts entries back whose digest is no longer in the queue, as
// happens when a sender marks them too late, or is damaged. Those that were
// told are deleted.
func (d *delivery) freeOrphans(ctx context.Context) error {
	for _, it := range d.items {
		if it.State != Digested || d.keys[it.Digest] != nil {
			continue
		}
		alive, err := d.box.queued(ctx, it.Digest)
		if err != nil {
			return err
		}
		if alive {
			continue // it was made after this delivery has listed the queue
		}
		if err := d.free(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

// free handles one entry without a digest. Of a damaged digest it is not known
// whether it was posted, unless there is a record of it.
func (d *delivery) free(ctx context.Context, it *item) error {
	record, err := d.box.told(ctx, it.Key)
	if err != nil {
		return err
	}
	if record != nil {
		it.gone = true
		return d.box.store.Delete(ctx, entryKey(it.Key))
	}
	broken := d.broken[entryKey(it.Digest)]
	if broken {
		if record, err = d.box.told(ctx, it.Digest); err != nil {
			return err
		}
	}
	if record != nil {
		return d.close(ctx, it.sentBy(*record))
	}
	e := it.Entry
	e.State, e.Digest, e.Repeated = Pending, "", e.Repeated || broken
	_, err = d.save(ctx, it, e)
	return err
}
