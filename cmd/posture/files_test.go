package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplaceFile holds that a file takes its place whole and private, that
// nothing is written through a link, and that an error changes nothing.
func TestReplaceFile(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		before func(dir string) error
		fails  error
		want   map[string]string // the files afterwards
		err    string
	}{
		"nothing there":     {nil, nil, map[string]string{"page": "-rw------- new"}, ""},
		"an open file":      {older("page"), nil, map[string]string{"page": "-rw------- new"}, ""},
		"a link to a file":  {linkTo("other"), nil, map[string]string{"page": "-rw------- new", "other": "-rw-r--r-- old"}, ""},
		"a dangling link":   {linkTo(""), nil, map[string]string{"page": "-rw------- new"}, ""},
		"half, then error":  {older("page"), full, map[string]string{"page": "-rw-r--r-- old"}, "disk full"},
		"half of a new one": {nil, full, map[string]string{}, "disk full"},
		"a directory":       {func(dir string) error { return os.Mkdir(filepath.Join(dir, "page"), 0o700) }, nil, map[string]string{}, "is no file that can be replaced"},
		"no directory":      {os.Remove, nil, map[string]string{}, "page: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if c.before != nil {
				if err := c.before(dir); err != nil {
					t.Fatal(err)
				}
			}
			write := func(to *os.File) error { return errors.Join(textOf("new")(to), c.fails) }
			err := newFile{filepath.Join(dir, "page"), 0o600, write}.replace()
			if (err == nil) != (c.err == "") || err != nil && (!strings.HasSuffix(err.Error(), c.err) || strings.Contains(err.Error(), ".posture-")) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if diff := cmp.Diff(c.want, filesIn(t, dir)); diff != "" {
				t.Errorf("files (-want +got)\n%s", diff)
			}
		})
	}
}

// older writes a file that anybody may read.
func older(name string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644) }
}

// linkTo makes page a link to another file, which is there unless it has no name.
func linkTo(name string) func(string) error {
	return func(dir string) error {
		if name == "" {
			return os.Symlink("none", filepath.Join(dir, "page"))
		}
		return errors.Join(older(name)(dir), os.Symlink(name, filepath.Join(dir, "page")))
	}
}

// TestCreateFile holds that what is there stays, a link to nowhere too.
func TestCreateFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(dir string) error
		want   map[string]string
		exists bool
	}{
		"nothing there":   {nil, map[string]string{"page": "-rw-r--r-- new"}, false},
		"a file":          {older("page"), map[string]string{"page": "-rw-r--r-- old"}, true},
		"a dangling link": {linkTo(""), map[string]string{"page": "-> none"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.before != nil {
				if err := c.before(dir); err != nil {
					t.Fatal(err)
				}
			}
			err := newFile{filepath.Join(dir, "page"), 0o644, textOf("new")}.create()
			if errors.Is(err, fs.ErrExist) != c.exists || err != nil && !c.exists {
				t.Error(err)
			}
			if diff := cmp.Diff(c.want, filesIn(t, dir)); diff != "" {
				t.Errorf("files (-want +got)\n%s", diff)
			}
		})
	}
}

// filesIn returns mode and content of the files of a directory, if it is there.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := os.Lstat(path)
		switch {
		case err != nil:
			t.Fatal(err)
		case info.Mode()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(path)
			files[entry.Name()] = "-> " + to
		case info.Mode().IsRegular():
			body, _ := os.ReadFile(path)
			files[entry.Name()] = info.Mode().String() + " " + string(body)
		}
	}
	return files
}
