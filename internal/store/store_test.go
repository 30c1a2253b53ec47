package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
	"posture/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.Memory() })
}

func TestDir(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return store.Dir(filepath.Join(t.TempDir(), "a", "b")) })
}

// A reader of a directory that does not exist does not make it.
func TestDirIsMadeLazily(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	s := store.Dir(root)
	_, getErr := s.Get(t.Context(), "a")
	_, putErr := s.PutIfMatch(t.Context(), "a", "1", nil)
	if !errors.Is(getErr, store.ErrNotFound) || !errors.Is(putErr, store.ErrConflict) || s.Delete(t.Context(), "a") != nil {
		t.Errorf("get %v, put %v", getErr, putErr)
	}
	if _, err := os.Stat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat: %v", err)
	}
}

// What a crash left behind is no object, and only the user reads the others.
func TestDirFiles(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	s := store.Dir(root)
	if _, err := s.PutIfAbsent(t.Context(), "runs/a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "runs", ".new-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for entry, err := range s.List(t.Context(), "") {
		if err != nil || entry.Key != "runs/a" {
			t.Errorf("entry %+v, %v", entry, err)
		}
	}
	for path, want := range map[string]os.FileMode{root: 0o700, filepath.Join(root, "runs"): 0o700, filepath.Join(root, "runs", "a"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestDirErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := store.Dir(file)
	if _, err := s.PutIfAbsent(t.Context(), "a", nil); err == nil || errors.Is(err, store.ErrExists) {
		t.Errorf("put below a file: %v", err)
	}
}

// Two processes add to one counter; no addition is lost.
func TestDirProcesses(t *testing.T) {
	root := t.TempDir()
	if os.Getenv("STORE_TEST_ROOT") != "" {
		count(t, store.Dir(os.Getenv("STORE_TEST_ROOT")), 50)
		return
	}
	if _, err := store.Dir(root).PutIfAbsent(t.Context(), "count", []byte("0")); err != nil {
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestDirProcesses$")
	other.Env = append(os.Environ(), "STORE_TEST_ROOT="+root)
	var out strings.Builder
	other.Stdout, other.Stderr = &out, &out
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	count(t, store.Dir(root), 50)
	if err := other.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if body, _, err := store.Read(t.Context(), store.Dir(root), "count", 10); string(body) != "100" {
		t.Errorf("count is %s, %v; want 100", body, err)
	}
}

// count adds one n times by compare and swap.
func count(t *testing.T, s store.Store, n int) {
	for n > 0 {
		body, version, err := store.Read(t.Context(), s, "count", 10)
		if err != nil {
			t.Fatal(err)
		}
		old, err := strconv.Atoi(string(body))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.PutIfMatch(t.Context(), "count", version, []byte(fmt.Sprint(old+1)))
		if err == nil {
			n--
		} else if !errors.Is(err, store.ErrConflict) {
			t.Fatal(err)
		}
	}
}

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]store.URL{
		"s3://bucket":              {Scheme: store.SchemeS3, Bucket: "bucket"},
		"s3://bucket/":             {Scheme: store.SchemeS3, Bucket: "bucket"},
		"s3://bucket/a/b/":         {Scheme: store.SchemeS3, Bucket: "bucket", Prefix: "a/b"},
		"gs://bucket/a":            {Scheme: store.SchemeGCS, Bucket: "bucket", Prefix: "a"},
		"azblob://acct/box":        {Scheme: store.SchemeAzure, Account: "acct", Bucket: "box"},
		"azblob://acct/box/a/b":    {Scheme: store.SchemeAzure, Account: "acct", Bucket: "box", Prefix: "a/b"},
		"file:///var/posture/":     {Scheme: store.SchemeDir, Dir: "/var/posture"},
		"file://localhost/var/pos": {Scheme: store.SchemeDir, Dir: "/var/pos"},
		"./posture-data":           {Scheme: store.SchemeDir, Dir: "posture-data"},
		"/var/posture":             {Scheme: store.SchemeDir, Dir: "/var/posture"},
	} {
		got, err := store.ParseURL(raw)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", raw, err, diff)
		}
		if again, err := store.ParseURL(got.String()); err != nil || again != got {
			t.Errorf("%s: %s reads back as %+v, %v", raw, got, again, err)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"":                        "empty",
		"ftp://host/x":            `unknown scheme "ftp"`,
		"S3://bucket":             `unknown scheme "S3"`,
		"s3://":                   "no bucket",
		"s3:///a":                 "no bucket",
		"s3:bucket":               `"s3" is followed by no "://"`,
		"azblob://acct":           "no bucket",
		"azblob:///box":           "no bucket",
		"azblob://My-Account/box": `storage account "My-Account": its name is 3 to 24 small letters and digits`,
		"azblob://acct.blob.core.windows.net/box": "storage account",
		"azblob://ab/box":                         "storage account",
		"file://host/x":                           "absolute path",
		"s3://user:secret@bucket/a":               "no user",
		"s3://bucket/a?key=secret":                "no user, query",
		"gs://bucket/a/../b":                      "cannot begin a key",
	} {
		_, err := store.ParseURL(raw)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", raw, err, want)
		}
	}
}
