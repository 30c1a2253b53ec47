// Package gcsstore keeps objects in a Google Cloud Storage bucket. Who uses it
// needs storage.objects.get, create, delete and list on the bucket, which is
// what roles/storage.objectUser grants; replacing an object takes both create
// and delete, and for what is only put once create is enough. Encryption, retention and access are the bucket's: objects are
// put without ACLs and with its default key. Begin with NewClient and New.
package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"posture/internal/store"
)

// tries is how often a call that changes nothing, or nothing twice, is made
// before its error is returned.
const tries = 6

// bucket is a store below a prefix of a bucket.
type bucket struct {
	handle *storage.BucketHandle
	name   string
	prefix string // empty or with a slash at its end
	exists *atomic.Bool
}

// NewClient returns a client that New takes, for all the buckets that the
// application default credentials may use, or those of the options.
func NewClient(ctx context.Context, options ...option.ClientOption) (*storage.Client, error) {
	ours := []option.ClientOption{option.WithScopes(storage.ScopeReadWrite), storage.WithJSONReads()}
	client, err := storage.NewClient(ctx, append(ours, options...)...)
	if err != nil {
		return nil, fmt.Errorf("make a Cloud Storage client: %w", err)
	}
	return client, nil
}

// New returns the store below a prefix of a bucket, which may be empty. A
// version is an object's generation.
func New(client *storage.Client, name, prefix string) store.Store {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	handle := client.Bucket(name).Retryer(
		storage.WithMaxAttempts(tries),
		storage.WithBackoff(gax.Backoff{Initial: 100 * time.Millisecond, Max: 3 * time.Second, Multiplier: 2}),
	)
	return bucket{handle: handle, name: name, prefix: prefix, exists: new(atomic.Bool)}
}

func (b bucket) String() string {
	return store.URL{Scheme: store.SchemeGCS, Bucket: b.name, Prefix: strings.Trim(b.prefix, "/")}.String()
}

func (b bucket) object(key string) *storage.ObjectHandle { return b.handle.Object(b.prefix + key) }

func (b bucket) Get(ctx context.Context, key string) (store.Object, error) {
	if err := store.Ready(ctx, key); err != nil {
		return store.Object{}, err
	}
	reader, err := b.object(key).NewReader(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		err = b.notFound(ctx)
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.Object{}, fmt.Errorf("get %s: %w", key, err)
	}
	if err != nil {
		return store.Object{}, fmt.Errorf("get %s from %s: %w", key, b, explained(err))
	}
	b.exists.Store(true)
	return store.Object{Body: reader, Version: version(reader.Attrs.Generation), Size: reader.Attrs.Size}, nil
}

// notFound is what it means that an object was not found. A bucket that does
// not exist is answered in the same way, which is why it is asked for, once.
func (b bucket) notFound(ctx context.Context) error {
	if b.exists.Load() {
		return store.ErrNotFound
	}
	query := &storage.Query{Prefix: b.prefix, Projection: storage.ProjectionNoACL}
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return err
	}
	objects := b.handle.Objects(ctx, query)
	objects.PageInfo().MaxSize = 1
	if _, err := objects.Next(); err != nil && !errors.Is(err, iterator.Done) {
		return err
	}
	b.exists.Store(true)
	return store.ErrNotFound
}

func (b bucket) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if err := b.list(ctx, prefix, yield); err != nil {
			yield(store.Entry{}, fmt.Errorf("list %q in %s: %w", prefix, b, explained(err)))
		}
	}
}

// list yields entries until there are no more or nobody wants more.
func (b bucket) list(ctx context.Context, prefix string, yield func(store.Entry, error) bool) error {
	query := &storage.Query{Prefix: b.prefix + prefix, Projection: storage.ProjectionNoACL}
	if err := query.SetAttrSelection([]string{"Name", "Size", "Created"}); err != nil {
		return err
	}
	for objects := b.handle.Objects(ctx, query); ; {
		attrs, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err != nil {
			return err
		}
		entry := store.Entry{Key: strings.TrimPrefix(attrs.Name, b.prefix), Size: attrs.Size, Modified: attrs.Created.UTC()}
		if store.CheckKey(entry.Key) == nil && !yield(entry, nil) {
			return nil
		}
	}
}

func (b bucket) Delete(ctx context.Context, key string) error {
	if err := store.Ready(ctx, key); err != nil {
		return err
	}
	err := b.object(key).Retryer(storage.WithPolicy(storage.RetryAlways)).Delete(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		err = b.notFound(ctx)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("delete %s in %s: %w", key, b, explained(err))
	}
	return nil
}

// explained returns an error in our words where it means that there is no
// bucket: nothing else but an object, which is asked for before, can be not
// found.
func explained(err error) error {
	var answer *googleapi.Error
	if errors.Is(err, storage.ErrBucketNotExist) || errors.As(err, &answer) && answer.Code == http.StatusNotFound {
		return store.ErrNoBucket
	}
	return err
}

func version(generation int64) string { return strconv.FormatInt(generation, 10) }
