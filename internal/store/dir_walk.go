package store

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// dirWalk yields the files of a directory as objects, in key order. A link
// that could be an object, or lead to one, ends it: what it hides is not known.
type dirWalk struct {
	ctx    context.Context
	prefix string
	yield  func(Entry, error) bool
}

// walk begins a walk at the store's root.
func (d dir) walk(w dirWalk) error {
	root, err := os.OpenRoot(d.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return w.below(root, "")
}

// below walks the folder that the key prefix leads to; it is "" or ends in a
// slash. It returns fs.SkipAll when the reader wants no more.
func (w dirWalk) below(folder *os.Root, prefix string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	entries, err := fs.ReadDir(folder.FS(), ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(keyPart(a), keyPart(b)) })
	for _, entry := range entries {
		if err := w.visit(folder, prefix+keyPart(entry), entry); err != nil {
			return err
		}
	}
	return nil
}

// visit yields a file or walks a folder, when it can hold what is asked for.
func (w dirWalk) visit(folder *os.Root, key string, entry fs.DirEntry) error {
	switch inside := strings.HasPrefix(key, w.prefix); {
	case strings.HasPrefix(entry.Name(), "."):
		return nil
	case entry.Type()&fs.ModeSymlink != 0 && (inside || strings.HasPrefix(w.prefix, key+"/")):
		return linkError(folder, entry.Name())
	case entry.IsDir() && (inside || strings.HasPrefix(w.prefix, key)):
		return w.enter(folder, key, entry)
	case !entry.Type().IsRegular() || !inside:
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

// enter walks a folder in another one.
func (w dirWalk) enter(folder *os.Root, key string, entry fs.DirEntry) error {
	inner, err := openFolder(folder, entry.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer inner.Close()
	return w.below(inner, key)
}

// keyPart is what an entry adds to a key. With its slash a folder sorts
// between the files as its keys do.
func keyPart(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}
