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
	"syscall"
)

// dir keeps each object in a file below root. Files are made whole under a
// hidden name and then linked or renamed, and never written again. Replacing
// and deleting happen under a lock that holds between processes.
type dir struct{ root string }

// Dir returns a store in a local directory, which is made when the first
// object is put. Only the user may read what it holds. Hidden files are not
// objects: they are left behind by crashes and by the lock.
func Dir(path string) Store { return dir{root: filepath.Clean(path)} }

func (d dir) String() string { return d.root }

func (d dir) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

func (d dir) Get(ctx context.Context, key string) (Object, error) {
	if err := Ready(ctx, key); err != nil {
		return Object{}, err
	}
	file, err := d.open(key)
	if err != nil {
		return Object{}, fmt.Errorf("get %s: %w", key, err)
	}
	version, size, err := fileVersion(file)
	if err != nil {
		return Object{}, errors.Join(fmt.Errorf("get %s: %w", key, err), file.Close())
	}
	return Object{Body: file, Version: version, Size: size}, nil
}

// open opens an object's file. Where the key leads to no regular file there
// is no object.
func (d dir) open(key string) (*os.File, error) {
	info, err := os.Stat(d.path(key))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == nil && !info.Mode().IsRegular() {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return file, err
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
	temp, err := d.stage(key, body)
	if err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	defer os.Remove(temp)
	err = os.Link(temp, d.path(key))
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("put %s: %w", key, ErrExists)
	}
	if err == nil {
		err = syncDir(filepath.Dir(temp))
	}
	if err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	return digest(body), nil
}

func (d dir) PutIfMatch(ctx context.Context, key, version string, body []byte) (string, error) {
	if err := Ready(ctx, key); err != nil {
		return "", err
	}
	unlock, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("replace %s: %w", key, ErrConflict)
	}
	if err != nil {
		return "", fmt.Errorf("replace %s: %w", key, err)
	}
	defer unlock()
	if err := d.replace(ctx, key, version, body); err != nil {
		return "", fmt.Errorf("replace %s: %w", key, err)
	}
	return digest(body), nil
}

// replace does PutIfMatch; the caller holds the lock.
func (d dir) replace(ctx context.Context, key, version string, body []byte) error {
	object, err := d.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	_ = object.Body.Close() // only its version is of interest
	if object.Version != version {
		return ErrConflict
	}
	temp, err := d.stage(key, body)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // no such file after the rename
	if err := os.Rename(temp, d.path(key)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(temp))
}

func (d dir) Delete(ctx context.Context, key string) error {
	if err := Ready(ctx, key); err != nil {
		return err
	}
	unlock, err := d.lock(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	defer unlock()
	err = os.Remove(d.path(key))
	if err == nil {
		err = syncDir(filepath.Dir(d.path(key)))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (d dir) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		walk := dirWalk{ctx: ctx, root: d.root, prefix: prefix, yield: yield}
		if err := walk.below(""); err != nil && !errors.Is(err, fs.SkipAll) {
			yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
		}
	}
}

// stage writes body to a hidden file beside the key's place and returns its
// path. The caller removes it.
func (d dir) stage(key string, body []byte) (string, error) {
	folder := filepath.Dir(d.path(key))
	if err := makeDirs(folder); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(body)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// makeDirs makes a directory with its parents, for good.
func makeDirs(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	parent := filepath.Dir(path)
	if err := makeDirs(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}
