package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// newFile is a file that is being written beside its place, under a hidden
// name, so that nobody ever sees a part of it.
type newFile struct {
	name  string // its place
	mode  fs.FileMode
	write func(*os.File) error
}

// replace puts the file in its place, also when another one is there. A link
// is replaced and not followed. On an error nothing has changed.
func (f newFile) replace() error {
	if info, err := os.Stat(f.name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file that can be replaced", f.name)
	}
	return f.stage(os.Rename)
}

// create puts the file in its place, or returns fs.ErrExist when something is
// there.
func (f newFile) create() error { return f.stage(os.Link) }

// stage writes the file and has it put in its place.
func (f newFile) stage(place func(from, to string) error) error {
	temp := filepath.Join(filepath.Dir(f.name), ".posture-"+rand.Text())
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return inPlaceOf(err, f.name)
	}
	defer os.Remove(temp) // nothing is there once it was renamed
	if err = f.write(file); err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return inPlaceOf(err, f.name)
	}
	return inPlaceOf(place(temp, f.name), f.name)
}

// inPlaceOf makes an error name the file that was to be written, and not the
// hidden one beside it.
func inPlaceOf(err error, name string) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return &fs.PathError{Op: path.Op, Path: name, Err: path.Err}
	case errors.As(err, &link):
		return &fs.PathError{Op: "write", Path: name, Err: link.Err}
	}
	return err
}

// textOf returns what writes a text.
func textOf(s string) func(*os.File) error {
	return func(to *os.File) error {
		_, err := to.WriteString(s)
		return err
	}
}
