package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// place is where an object's file is or can be: its name in an open directory.
type place struct {
	folder *os.Root
	name   string
}

func (p place) close() { _ = p.folder.Close() } // it was only read

// place returns where an object is. Where there is no directory for it, it
// returns fs.ErrNotExist.
func (d dir) place(key string) (place, error) {
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return place{}, err
	}
	return descend(root, key, openFolder)
}

// madePlace returns where an object is to be, and makes the directories that
// lead there, for good.
func (d dir) madePlace(key string) (place, error) {
	if err := makeDirs(d.root); err != nil {
		return place{}, err
	}
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return place{}, err
	}
	return descend(root, key, makeFolder)
}

// descend goes from root to a key's place, by one directory after the other.
// It closes those that it leaves.
func descend(root *os.Root, key string, enter func(*os.Root, string) (*os.Root, error)) (place, error) {
	folders, name := path.Split(key)
	at := place{folder: root, name: name}
	for part := range strings.SplitSeq(strings.TrimSuffix(folders, "/"), "/") {
		if part == "" {
			continue
		}
		next, err := enter(at.folder, part)
		at.close()
		if err != nil {
			return place{}, err
		}
		at.folder = next
	}
	return at, nil
}

// openFolder opens a directory in another one, unless a link is there. What is
// no directory holds nothing.
func openFolder(in *os.Root, name string) (*os.Root, error) {
	info, err := lookAt(in, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory: %w", filepath.Join(in.Name(), name), fs.ErrNotExist)
	}
	folder, err := in.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	opened, err := folder.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		return nil, errors.Join(changed(in, name), err, folder.Close())
	}
	return folder, nil
}

// makeFolder makes a directory in another one, if it is not there, and opens
// it.
func makeFolder(in *os.Root, name string) (*os.Root, error) {
	err := in.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return openFolder(in, name)
	}
	if err == nil {
		err = syncFolder(in)
	}
	if err != nil {
		return nil, err
	}
	return openFolder(in, name)
}

// lookAt says what a name leads to, and refuses a link.
func lookAt(in *os.Root, name string) (fs.FileInfo, error) {
	info, err := in.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return nil, linkError(in, name)
	}
	return info, err
}

// linkError names a link that is where none may be.
func linkError(in *os.Root, name string) error {
	return fmt.Errorf("%s: %w", filepath.Join(in.Name(), name), ErrLink)
}

// changed says that a name stood for something else a moment before. For a
// file that is replaced this is no fault; it is looked at again.
func changed(in *os.Root, name string) error {
	return fmt.Errorf("%s: %w", filepath.Join(in.Name(), name), errChanged)
}

var errChanged = errors.New("was replaced while it was opened")

// openFile opens a file in a directory for as long as it is the one that was
// looked at, so that no link is followed. What is no file is not there.
func openFile(in *os.Root, name string, flag int) (*os.File, error) {
	for {
		file, err := openOnce(in, name, flag)
		if !errors.Is(err, errChanged) {
			return file, err
		}
	}
}

func openOnce(in *os.Root, name string, flag int) (*os.File, error) {
	info, err := lookAt(in, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: %w", filepath.Join(in.Name(), name), fs.ErrNotExist)
	}
	file, err := in.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	opened, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if !os.SameFile(info, opened) {
		return nil, errors.Join(changed(in, name), file.Close())
	}
	return file, nil
}

// read opens the object, or returns fs.ErrNotExist.
func (p place) read() (Object, error) {
	file, err := openFile(p.folder, p.name, os.O_RDONLY)
	if err != nil {
		return Object{}, err
	}
	version, size, err := fileVersion(file)
	if err != nil {
		return Object{}, errors.Join(err, file.Close())
	}
	return Object{Body: file, Version: version, Size: size}, nil
}

// create puts a new object, or returns ErrExists.
func (p place) create(body []byte) error {
	temp, err := p.stage(body)
	if err != nil {
		return err
	}
	defer p.folder.Remove(temp) //nolint:errcheck // a hidden file is no object
	err = p.folder.Link(temp, p.name)
	if errors.Is(err, fs.ErrExist) {
		if _, linked := lookAt(p.folder, p.name); errors.Is(linked, ErrLink) {
			return linked
		}
		return ErrExists
	}
	if err != nil {
		return err
	}
	return syncFolder(p.folder)
}

// replace does PutIfMatch; the caller holds the lock.
func (p place) replace(version string, body []byte) error {
	object, err := p.read()
	if err != nil {
		return err
	}
	_ = object.Body.Close() // only its version is of interest
	if object.Version != version {
		return ErrConflict
	}
	temp, err := p.stage(body)
	if err != nil {
		return err
	}
	defer p.folder.Remove(temp) //nolint:errcheck // no such file after the rename
	if err := p.folder.Rename(temp, p.name); err != nil {
		return err
	}
	return syncFolder(p.folder)
}

// remove deletes the object, or returns fs.ErrNotExist; the caller holds the
// lock.
func (p place) remove() error {
	info, err := lookAt(p.folder, p.name)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if err := p.folder.Remove(p.name); err != nil {
		return err
	}
	return syncFolder(p.folder)
}

// stage writes body to a hidden file beside the object's place and returns its
// name. The caller removes it.
func (p place) stage(body []byte) (string, error) {
	name := ".new-" + rand.Text()
	file, err := p.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(body)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, p.folder.Remove(name))
	}
	return name, nil
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
