package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// dirWalk yields the files of a directory as objects, in key order.
type dirWalk struct {
	ctx    context.Context
	root   string
	prefix string
	yield  func(Entry, error) bool
}

// below walks the folder that the key prefix leads to; it is "" or ends in a
// slash. It returns fs.SkipAll when the reader wants no more.
func (w dirWalk) below(folder string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(folder)))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(keyPart(a), keyPart(b)) })
	for _, entry := range entries {
		if err := w.visit(folder+keyPart(entry), entry); err != nil {
			return err
		}
	}
	return nil
}

// visit yields a file or walks a folder, when it can hold what is asked for.
func (w dirWalk) visit(key string, entry fs.DirEntry) error {
	switch {
	case strings.HasPrefix(entry.Name(), "."):
		return nil
	case entry.IsDir() && (strings.HasPrefix(key, w.prefix) || strings.HasPrefix(w.prefix, key)):
		return w.below(key)
	case !entry.Type().IsRegular() || !strings.HasPrefix(key, w.prefix):
		return nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if !w.yield(Entry{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil) {
		return fs.SkipAll
	}
	return nil
}

// keyPart is what an entry adds to a key. With its slash a folder sorts
// between the files as its keys do.
func keyPart(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}
