package outbox

import (
	"cmp"
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

// load reads the queue and names the objects that cannot be decoded.
func (b *Box) load(ctx context.Context) (items []item, malformed []string, err error) {
	var keys []string
	for object, err := range b.store.List(ctx, entryPrefix) {
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, object.Key)
	}
	read, errs := make([]item, len(keys)), make([]error, len(keys))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, key := range keys {
		group.Go(func() error {
			read[i].version, errs[i] = b.read(ctx, key, &read[i].Entry)
			if errs[i] == nil && entryKey(read[i].Key) != key {
				errs[i] = errMalformed
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
	for i, key := range keys {
		switch {
		case errs[i] == nil:
			items = append(items, read[i])
		case !errors.Is(errs[i], store.ErrNotFound):
			malformed = append(malformed, key)
		}
	}
	return items, malformed, nil
}

// unreadable reports whether an error concerns one object only, so that the
// others go on.
func unreadable(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, errMalformed) || errors.Is(err, store.ErrTooLarge)
}

// Waiting returns the entries of the queue, the oldest first: what waits, what
// is parked, and why (State, NotBefore, LastError). Digests are among them,
// beside the entries that they will tell.
func (b *Box) Waiting(ctx context.Context) ([]Entry, error) {
	items, _, err := b.load(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(items))
	for i, it := range items {
		entries[i] = it.Entry
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Key, b.Key))
	})
	return entries, nil
}

// Told yields the records of what was stored as told since a time, in the
// order of their keys, which is none. It lists every record that there is: it
// is for people, not for delivery. Digests are among them, beside the alerts
// that they told.
func (b *Box) Told(ctx context.Context, since time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for object, err := range b.store.List(ctx, recordPrefix) {
			if err == nil && (object.Modified.Before(since) || !strings.HasSuffix(object.Key, ".json")) {
				continue
			}
			var r Record
			if err == nil {
				_, err = b.read(ctx, object.Key, &r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Retry makes parked messages due at once, for after a person has mended what
// was wrong, and returns how many.
func (b *Box) Retry(ctx context.Context) (int, error) {
	items, _, err := b.load(ctx)
	if err != nil {
		return 0, err
	}
	freed := 0
	for _, it := range items {
		if it.State != Parked {
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
