package outbox

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"posture/internal/store"
)

// readers is how many entries are read at once.
const readers = 8

// load reads the queue, and what of it is damaged.
func (b *Box) load(ctx context.Context) (items []item, broken []Entry, err error) {
	var objects []store.Entry
	for object, err := range b.store.List(ctx, entryPrefix) {
		if err != nil {
			return nil, nil, err
		}
		objects = append(objects, object)
	}
	read, errs := make([]item, len(objects)), make([]error, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, object := range objects {
		group.Go(func() error {
			read[i].version, errs[i] = b.read(ctx, object.Key, &read[i].Entry)
			if errs[i] == nil {
				errs[i] = read[i].check(object.Key)
			}
			if unreadable(errs[i]) {
				return nil
			}
			return errs[i]
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, object := range objects {
		switch d := defectOf(errs[i]); {
		case errs[i] == nil:
			items = append(items, read[i])
		case d != "":
			broken = append(broken, damaged(object.Key, object.Modified, d))
		}
	}
	return items, broken, nil
}

// Waiting returns the entries of the queue, the oldest first: what waits, what
// is held, and why (State, NotBefore, LastError). Digests are among them,
// beside the entries that they will tell, and so is what is damaged.
func (b *Box) Waiting(ctx context.Context) ([]Entry, error) {
	items, entries, err := b.load(ctx)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		entries = append(entries, it.Entry)
	}
	slices.SortFunc(entries, compareEntries)
	return entries, nil
}

// Notified yields the records of what was stored as told since a time, in the
// order of their keys, which is none. It lists every record that there is: it
// is for people, not for delivery. Digests are among them, beside the alerts
// that they told. A record that is damaged comes with its key and the reason.
func (b *Box) Notified(ctx context.Context, since time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for object, err := range b.store.List(ctx, recordPrefix) {
			if err == nil && (object.Modified.Before(since) || !strings.HasSuffix(object.Key, ".json")) {
				continue
			}
			var r Record
			if err == nil {
				_, err = b.read(ctx, object.Key, &r)
			}
			if d := defectOf(err); d != "" {
				key := strings.TrimSuffix(strings.TrimPrefix(object.Key, recordPrefix), ".json")
				r, err = Record{Key: key, Time: object.Modified.UTC(), Damaged: string(d)}, nil
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Retry lets held messages be tried at once, after a person has fixed what
// was wrong, and returns how many.
func (b *Box) Retry(ctx context.Context) (int, error) {
	items, _, err := b.load(ctx)
	if err != nil {
		return 0, err
	}
	freed := 0
	for _, it := range items {
		if it.State != Held {
			continue
		}
		e := it.Entry
		e.State, e.NotBefore = Pending, time.Time{}
		_, err := b.replace(ctx, e, it.version)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return freed, err
		}
		if err == nil {
			freed++
		}
	}
	return freed, nil
}
