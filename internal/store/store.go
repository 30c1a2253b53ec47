// Package store keeps objects under keys: in a directory, in memory, and, by
// the packages below it, in a cloud's object storage. It offers only what is
// safe when several processes write at once: a new object is put only where
// none is, and an object is replaced only by those who saw its last version.
// What the objects mean is the matter of the packages that use it. Begin with Dir or
// Memory.
//
// All implementations pass the suite in package storetest.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	// ErrNotFound says that no object is under the key.
	ErrNotFound = errors.New("no such object")
	// ErrExists says that an object is under the key already.
	ErrExists = errors.New("object exists already")
	// ErrConflict says that the object is no longer the version that the
	// caller saw: it was replaced or deleted.
	ErrConflict = errors.New("object was changed by another writer")
	// ErrKey says that a key cannot be used in any store.
	ErrKey = errors.New("invalid key")
	// ErrNoBucket says that there is no such bucket or container, so that there
	// can be no object either. It is for a person to fix.
	ErrNoBucket = errors.New("there is no such bucket")
	// ErrTooLarge says that an object is larger than its reader accepts.
	ErrTooLarge = errors.New("object is too large")
	// ErrLink says that a symbolic link is in a directory store where an
	// object, a directory or the lock should be. It is for a person to fix.
	ErrLink = errors.New("is a symbolic link, and a store follows none: remove it, and put back what was there")
)

// Viewable is a store whose objects people can look at with a browser.
type Viewable interface {
	// Address returns where the provider's console shows an object, or what is
	// below a prefix that ends with a slash, to whoever may read it; "" for nowhere.
	Address(key string) string
	// Share returns an address where anybody can read an object, for so long at
	// most, and until when. Where the store has no means for it, the error is
	// errors.ErrUnsupported. The address is a key: it belongs into no store and no log.
	Share(ctx context.Context, key string, lasting time.Duration) (address string, until time.Time, err error)
}

// Object is a stored object that is being read. The reader closes Body.
type Object struct {
	Body    io.ReadCloser
	Version string // to be handed to PutIfMatch; means nothing else
	Size    int64
}

// Entry is an object as a listing shows it.
type Entry struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Store holds objects. It is safe for concurrent use by many processes. An
// object is seen whole or not at all. Errors wrap those of this package where
// they apply; every other error means that the outcome is not known.
//
// Keys are paths with "/" between their parts; see CheckKey for what is
// refused. A key must not be another key's directory.
type Store interface {
	// Get opens an object, or returns ErrNotFound.
	Get(ctx context.Context, key string) (Object, error)
	// PutIfAbsent stores a new object and returns its version, or returns
	// ErrExists and changes nothing. When the outcome of a put was lost on
	// the way, the store reads back: the same bytes count as success.
	PutIfAbsent(ctx context.Context, key string, body []byte) (version string, err error)
	// PutIfMatch replaces the object that has the version and returns the
	// new version, or returns ErrConflict, also when there is no object.
	PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error)
	// List yields the objects whose keys begin with prefix, in the byte
	// order of their keys. After an error it yields nothing more.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Delete removes an object; that there is none is no error.
	Delete(ctx context.Context, key string) error
	// String returns the store's URL, which holds no secrets.
	String() string
}

// Read returns a whole object of at most limit bytes and its version. A
// larger one is ErrTooLarge.
func Read(ctx context.Context, s Store, key string, limit int64) ([]byte, string, error) {
	object, err := s.Get(ctx, key)
	if err != nil {
		return nil, "", err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(io.LimitReader(object.Body, limit+1))
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", key, err)
	}
	if int64(len(body)) > limit {
		return nil, "", fmt.Errorf("read %s: over %d bytes: %w", key, limit, ErrTooLarge)
	}
	return body, object.Version, nil
}

// The bounds of a key, in bytes. They leave room for a store's own prefix.
const (
	maxKey  = 900
	maxPart = 200
)

// CheckKey returns ErrKey for a key that some store could not hold or would
// take for another: one that is empty, too long, absolute, not UTF-8, with a
// control character or a backslash, or with a part that is empty or begins
// with a dot.
func CheckKey(key string) error {
	if len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, forbidden) {
		return fmt.Errorf("key %.80q: %w", key, ErrKey)
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' || len(part) > maxPart {
			return fmt.Errorf("key %.80q: %w", key, ErrKey)
		}
	}
	return nil
}

// forbidden reports whether no key may hold the character.
func forbidden(r rune) bool { return r == '\\' || unicode.IsControl(r) }

// Ready is what every call of an implementation checks before it does
// anything: that the context is not done and that the key can be used.
func Ready(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return CheckKey(key)
}
