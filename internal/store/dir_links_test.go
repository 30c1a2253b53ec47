package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
)

// planted is a link that a stranger put into a store, and what it hits.
type planted struct {
	at, to string // at is below the store, to is below the folder that holds it
	fails  []string
}

// TestDirLinks holds that no call goes through a link, whatever it leads to:
// it fails and names the link, and neither the store nor what is outside of it
// changes. The calls are of runs/1/run.json, which is one of two objects.
func TestDirLinks(t *testing.T) {
	all := []string{"get", "put", "replace", "delete", "list", "list runs/"}
	updates := []string{"replace", "delete"}
	for name, c := range map[string]planted{
		"object, to a file outside":         {"runs/1/run.json", "outside/file", all},
		"object, to a directory outside":    {"runs/1/run.json", "outside", all},
		"object, dangling":                  {"runs/1/run.json", "outside/none", all},
		"object, to another object":         {"runs/1/run.json", "store/state/latest.json", all},
		"object, to itself":                 {"runs/1/run.json", "store/runs/1/run.json", all},
		"folder, to one outside":            {"runs/1", "outside", all},
		"folder, dangling":                  {"runs/1", "outside/none", all},
		"folder, to another folder":         {"runs/1", "store/state", all},
		"outer folder, to one outside":      {"runs", "outside", all},
		"outer folder, to the store":        {"runs", "store", all},
		"outer folder, to a file":           {"runs", "outside/file", all},
		"lock, to a file outside":           {".lock", "outside/file", updates},
		"lock, to a directory outside":      {".lock", "outside", updates},
		"lock, dangling":                    {".lock", "outside/none", updates},
		"lock, to an object":                {".lock", "store/state/latest.json", updates},
		"beside what is asked for":          {"other", "outside", []string{"list"}},
		"below, beside what is asked for":   {"runs/0", "outside", []string{"list", "list runs/"}},
		"hidden files are no objects":       {"runs/.new-1", "outside/file", nil},
		"its name only begins like another": {"run", "outside", []string{"list"}},
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) { checkPlanted(t, c, call, do) })
		}
	}
}

// calls are those of a store that could go through a link.
var calls = map[string]func(context.Context, store.Store) error{ //nolint:gochecknoglobals // constant
	"get": func(ctx context.Context, s store.Store) error { _, err := s.Get(ctx, "runs/1/run.json"); return err },
	"put": func(ctx context.Context, s store.Store) error {
		_, err := s.PutIfAbsent(ctx, "runs/1/run.json", []byte("mine"))
		return err
	},
	"replace": func(ctx context.Context, s store.Store) error {
		_, err := s.PutIfMatch(ctx, "runs/1/run.json", versionOf("run"), []byte("mine"))
		return err
	},
	"delete":     func(ctx context.Context, s store.Store) error { return s.Delete(ctx, "runs/1/run.json") },
	"list":       func(ctx context.Context, s store.Store) error { return listed(ctx, s, "") },
	"list runs/": func(ctx context.Context, s store.Store) error { return listed(ctx, s, "runs/") },
}

// checkPlanted does one call on a store with one planted link.
func checkPlanted(t *testing.T, c planted, call string, do func(context.Context, store.Store) error) {
	top := t.TempDir()
	write(t, filepath.Join(top, "outside", "file"), "run")
	write(t, filepath.Join(top, "outside", "run.json"), "run")
	write(t, filepath.Join(top, "outside", "1", "run.json"), "run")
	root := filepath.Join(top, "store")
	s := store.Dir(root)
	for key, body := range map[string]string{"runs/1/run.json": "run", "state/latest.json": "run"} {
		if _, err := s.PutIfAbsent(t.Context(), key, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	at := filepath.Join(root, filepath.FromSlash(c.at))
	if err := errors.Join(os.RemoveAll(at), os.Symlink(filepath.Join(top, c.to), at)); err != nil {
		t.Fatal(err)
	}
	fails := false
	for _, one := range c.fails {
		fails = fails || one == call
	}
	before := tree(t, top)
	err := do(t.Context(), s)
	switch {
	case fails && (!errors.Is(err, store.ErrLink) || !strings.Contains(err.Error(), at)):
		t.Errorf("got %v; want ErrLink, and %s named", err, at)
	case !fails && err != nil && !errors.Is(err, store.ErrExists):
		t.Error(err)
	}
	if diff := cmp.Diff(before, tree(t, top)); fails && diff != "" {
		t.Errorf("a refused call changed files (-before +after)\n%s", diff)
	}
	if diff := cmp.Diff(outside(before), outside(tree(t, top))); diff != "" {
		t.Errorf("files outside of the store (-before +after)\n%s", diff)
	}
}

// TestDirRootMayBeALink: the path that the user names is the user's.
func TestDirRootMayBeALink(t *testing.T) {
	top := t.TempDir()
	link := filepath.Join(top, "link")
	if err := errors.Join(os.Mkdir(filepath.Join(top, "real"), 0o700), os.Symlink("real", link)); err != nil {
		t.Fatal(err)
	}
	s := store.Dir(link)
	version, err := s.PutIfAbsent(t.Context(), "a/b", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIfMatch(t.Context(), "a/b", version, []byte("two")); err != nil {
		t.Error(err)
	}
	if err := listed(t.Context(), s, ""); err != nil {
		t.Error(err)
	}
	if body, _, err := store.Read(t.Context(), store.Dir(filepath.Join(top, "real")), "a/b", 10); string(body) != "two" || err != nil {
		t.Errorf("got %q, %v", body, err)
	}
}

// TestDirLockIsNoFile: what is no lock is not taken for one.
func TestDirLockIsNoFile(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := store.Dir(root)
	if err := s.Delete(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), ".lock is no file") {
		t.Errorf("delete: %v", err)
	}
	if _, err := s.PutIfMatch(t.Context(), "a", "1", nil); err == nil || errors.Is(err, store.ErrConflict) {
		t.Errorf("replace: %v", err)
	}
}

func listed(ctx context.Context, s store.Store, prefix string) error {
	for _, err := range s.List(ctx, prefix) {
		if err != nil {
			return err
		}
	}
	return nil
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(body), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// tree returns all files below a directory with what they hold, and links with
// where they lead. An empty lock is left out.
func tree(t *testing.T, top string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(top, path)
		if entry.Type()&fs.ModeSymlink != 0 {
			files[name], err = os.Readlink(path)
			return err
		}
		body, err := os.ReadFile(path)
		if entry.Name() != ".lock" || len(body) > 0 {
			files[name] = string(body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// outside returns those of the files that are not in the store.
func outside(files map[string]string) map[string]string {
	others := map[string]string{}
	for name, body := range files {
		if !strings.HasPrefix(name, "store") {
			others[name] = body
		}
	}
	return others
}

// versionOf is the version of an object that holds the text.
func versionOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
