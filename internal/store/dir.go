package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// dir keeps each object in a file below root. Files are made whole under a
// hidden name and then linked or renamed, and never written again. Replacing
// and deleting happen under a lock that holds between processes. Every file is
// reached from root by one open directory after the other, so that no symbolic
// link is followed on the way.
type dir struct{ root string }

// Dir returns a store in a local directory, which is made when the first
// object is put. Only the user may read what it holds. Hidden files are not
// objects: they are left behind by crashes and by the lock. Only the path
// itself may lead through symbolic links: one below it, where an object, a
// directory or the lock should be, is ErrLink and is left as it is.
func Dir(path string) Store { return dir{root: filepath.Clean(path)} }

func (d dir) String() string { return d.root }

func (d dir) Get(ctx context.Context, key string) (Object, error) {
	if err := Ready(ctx, key); err != nil {
		return Object{}, err
	}
	at, err := d.place(key)
	if err != nil {
		return Object{}, fmt.Errorf("get %s: %w", key, absent(err, ErrNotFound))
	}
	defer at.close()
	object, err := at.read()
	if err != nil {
		return Object{}, fmt.Errorf("get %s: %w", key, absent(err, ErrNotFound))
	}
	return object, nil
}

// absent returns what it means that there is no such file, and every other
// error as it is.
func absent(err, meaning error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return meaning
	}
	return err
}

// fileVersion reads a file from its start and leaves it at its start.
func fileVersion(file *os.File) (version string, size int64, err error) {
	hash := sha256.New()
	if size, err = io.Copy(hash, file); err != nil {
		return "", 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return hex.EncodeToString(hash.Sum(nil)), size, err
}

func (d dir) PutIfAbsent(ctx context.Context, key string, body []byte) (string, error) {
	if err := Ready(ctx, key); err != nil {
		return "", err
	}
	at, err := d.madePlace(key)
	if err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	defer at.close()
	if err := at.create(body); err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	return digest(body), nil
}

func (d dir) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := Ready(ctx, key); err != nil {
		return "", err
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return "", fmt.Errorf("replace %s: %w", key, absent(err, ErrConflict))
	}
	defer unlock()
	at, err := d.place(key)
	if err != nil {
		return "", fmt.Errorf("replace %s: %w", key, absent(err, ErrConflict))
	}
	defer at.close()
	if err := at.replace(version, body); err != nil {
		return "", fmt.Errorf("replace %s: %w", key, absent(err, ErrConflict))
	}
	return digest(body), nil
}

func (d dir) Delete(ctx context.Context, key string) error {
	if err := Ready(ctx, key); err != nil {
		return err
	}
	unlock, err := d.lock(ctx)
	if err == nil {
		defer unlock()
		err = d.remove(key)
	}
	if err := absent(err, nil); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// remove does Delete; the caller holds the lock.
func (d dir) remove(key string) error {
	at, err := d.place(key)
	if err != nil {
		return err
	}
	defer at.close()
	return at.remove()
}

func (d dir) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		walk := dirWalk{ctx: ctx, prefix: prefix, yield: yield}
		if err := d.walk(walk); err != nil && !errors.Is(err, fs.SkipAll) {
			yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
		}
	}
}
