// Package storetest is the contract of a store.Store as a test suite, which
// every implementation runs. Begin with Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
)

// limit is more than any object of the suite holds.
const limit = 8 << 20

// Run checks a store. Each call of open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, store.Store){
		"absent":                 absent,
		"put if absent":          putIfAbsent,
		"put if match":           putIfMatch,
		"version follows body":   versions,
		"delete":                 deleted,
		"bodies":                 bodies,
		"list":                   list,
		"list stops":             listStops,
		"list many":              listMany,
		"one creator":            oneCreator,
		"one replacer":           oneReplacer,
		"nasty keys":             nastyKeys,
		"unusual keys":           unusualKeys,
		"cancelled":              cancelled,
		"no secrets in its name": name,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func absent(t *testing.T, s store.Store) {
	if _, err := s.Get(t.Context(), "runs/none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v, want ErrNotFound", err)
	}
	if _, err := s.PutIfMatch(t.Context(), "runs/none", "1", []byte("x")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put if match: %v, want ErrConflict", err)
	}
	if err := s.Delete(t.Context(), "runs/none"); err != nil {
		t.Errorf("delete: %v", err)
	}
	wantKeys(t, s, "")
	put(t, s, "runs/a/b", "x")
	for _, folder := range []string{"runs", "runs/a", "runs/a/b/c"} {
		if _, err := s.Get(t.Context(), folder); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get %s: %v, want ErrNotFound", folder, err)
		}
		if err := s.Delete(t.Context(), folder+"x"); err != nil {
			t.Errorf("delete %s: %v", folder+"x", err)
		}
	}
}

func putIfAbsent(t *testing.T, s store.Store) {
	version := put(t, s, "runs/1/run.json", "one")
	if _, err := s.PutIfAbsent(t.Context(), "runs/1/run.json", []byte("two")); !errors.Is(err, store.ErrExists) {
		t.Errorf("second put: %v, want ErrExists", err)
	}
	if _, err := s.PutIfAbsent(t.Context(), "runs/1/run.json", []byte("one")); !errors.Is(err, store.ErrExists) {
		t.Errorf("second put of the same bytes: %v, want ErrExists", err)
	}
	wantBody(t, s, "runs/1/run.json", content{"one", version})
}

func putIfMatch(t *testing.T, s store.Store) {
	first := put(t, s, "state/latest.json", "one")
	second, err := s.PutIfMatch(t.Context(), "state/latest.json", first, []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIfMatch(t.Context(), "state/latest.json", first, []byte("three")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put with the old version: %v, want ErrConflict", err)
	}
	wantBody(t, s, "state/latest.json", content{"two", second})
	if err := s.Delete(t.Context(), "state/latest.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIfMatch(t.Context(), "state/latest.json", second, []byte("four")); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put after delete: %v, want ErrConflict", err)
	}
}

func versions(t *testing.T, s store.Store) {
	version := put(t, s, "state/a", "one")
	for i := range 5 {
		next, err := s.PutIfMatch(t.Context(), "state/a", version, []byte(fmt.Sprint(i)))
		if err != nil || next == version {
			t.Fatalf("version %q after %q, %v", next, version, err)
		}
		wantBody(t, s, "state/a", content{fmt.Sprint(i), next})
		version = next
	}
}

func deleted(t *testing.T, s store.Store) {
	put(t, s, "outbox/a.json", "one")
	put(t, s, "outbox/b.json", "two")
	for range 2 {
		if err := s.Delete(t.Context(), "outbox/a.json"); err != nil {
			t.Fatal(err)
		}
	}
	wantKeys(t, s, "", "outbox/b.json")
	put(t, s, "outbox/a.json", "again")
}

func bodies(t *testing.T, s store.Store) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, body := range map[string][]byte{
		"empty": {}, "binary": every, "text": []byte("a\r\nb\n"), "large": bytes.Repeat(every, 1<<12),
	} {
		version := put(t, s, name, string(body))
		wantBody(t, s, name, content{string(body), version})
	}
	if _, _, err := store.Read(t.Context(), s, "large", 10); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("read over the limit: %v, want ErrTooLarge", err)
	}
}

func list(t *testing.T, s store.Store) {
	for _, key := range []string{"b", "a/b", "a-b", "a0", "a/a/x", "a/Z", "c/d/e", "ab/c", "é"} {
		put(t, s, key, key)
	}
	wantKeys(t, s, "", "a-b", "a/Z", "a/a/x", "a/b", "a0", "ab/c", "b", "c/d/e", "é")
	wantKeys(t, s, "a", "a-b", "a/Z", "a/a/x", "a/b", "a0", "ab/c")
	wantKeys(t, s, "a/", "a/Z", "a/a/x", "a/b")
	wantKeys(t, s, "a/a", "a/a/x")
	wantKeys(t, s, "c/d/e", "c/d/e")
	wantKeys(t, s, "c/x")
	for entry, err := range s.List(t.Context(), "a/a/x") {
		if err != nil || entry.Size != 5 || entry.Modified.IsZero() || entry.Modified.Location().String() != "UTC" {
			t.Errorf("entry %+v, %v, want size 5 and a time in UTC", entry, err)
		}
	}
}

func listStops(t *testing.T, s store.Store) {
	put(t, s, "a/1", "")
	put(t, s, "b/2", "")
	for entry, err := range s.List(t.Context(), "") {
		if err != nil || entry.Key != "a/1" {
			t.Errorf("entry %+v, %v, want a/1", entry, err)
		}
		break
	}
}

// listMany holds more objects than one page of any store.
func listMany(t *testing.T, s store.Store) {
	want := make([]string, 1005)
	var group sync.WaitGroup
	for i := range want {
		want[i] = fmt.Sprintf("many/%d/%d", i%3, i)
	}
	for part := range slices.Chunk(want, 300) {
		group.Go(func() {
			for _, key := range part {
				if _, err := s.PutIfAbsent(t.Context(), key, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	wantKeys(t, s, "many/", slices.Sorted(slices.Values(want))...)
}

func oneCreator(t *testing.T, s store.Store) {
	var won atomic.Int32
	race(16, func(i int) {
		_, err := s.PutIfAbsent(t.Context(), "runs/1/part.json", []byte(fmt.Sprint(i)))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d writers created the object, want 1", won.Load())
	}
}

func oneReplacer(t *testing.T, s store.Store) {
	version := put(t, s, "state/a", "first")
	var won atomic.Int32
	race(16, func(i int) {
		_, err := s.PutIfMatch(t.Context(), "state/a", version, []byte(fmt.Sprint(i)))
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d writers replaced the version, want 1", won.Load())
	}
}

// race calls f n times at once.
func race(n int, f func(i int)) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	group.Wait()
}

func nastyKeys(t *testing.T, s store.Store) {
	for _, key := range []string{
		"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a/./b", "a//b", "a/", ".hidden", "a/.lock",
		`a\b`, `..\x`, "a\x00b", "a\nb", "a\x7f", "a\xffb", strings.Repeat("k", 901), strings.Repeat("n", 201),
	} {
		_, get := s.Get(t.Context(), key)
		_, absent := s.PutIfAbsent(t.Context(), key, []byte("x"))
		_, match := s.PutIfMatch(t.Context(), key, "1", []byte("x"))
		for call, err := range map[string]error{"get": get, "put": absent, "replace": match, "delete": s.Delete(t.Context(), key)} {
			if !errors.Is(err, store.ErrKey) {
				t.Errorf("%s %.40q: %v, want ErrKey", call, key, err)
			}
		}
	}
	wantKeys(t, s, "")
}

func unusualKeys(t *testing.T, s store.Store) {
	keys := []string{"a b/c+d", "example.com:proj/x", "q?a=b&c=%2F", "ünïcode/😀", "x..y", "z#1"}
	for _, key := range keys {
		version := put(t, s, key, "body of "+key)
		wantBody(t, s, key, content{"body of " + key, version})
	}
	wantKeys(t, s, "", slices.Sorted(slices.Values(keys))...)
}

func cancelled(t *testing.T, s store.Store) {
	version := put(t, s, "a", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, get := s.Get(ctx, "a")
	_, absent := s.PutIfAbsent(ctx, "b", []byte("x"))
	_, match := s.PutIfMatch(ctx, "a", version, []byte("y"))
	var listed error
	for _, err := range s.List(ctx, "") {
		listed = err
	}
	for call, err := range map[string]error{"get": get, "put": absent, "replace": match, "list": listed, "delete": s.Delete(ctx, "a")} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", call, err)
		}
	}
	wantKeys(t, s, "", "a")
	wantBody(t, s, "a", content{"x", version})
}

func name(t *testing.T, s store.Store) {
	if s.String() == "" || strings.ContainsAny(s.String(), "?@") {
		t.Errorf("store is called %q", s.String())
	}
}

// put stores a new object and returns its version.
func put(t *testing.T, s store.Store, key, body string) string {
	t.Helper()
	version, err := s.PutIfAbsent(t.Context(), key, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// content is what an object should hold, and its version.
type content struct{ body, version string }

func wantBody(t *testing.T, s store.Store, key string, want content) {
	t.Helper()
	body, version, err := store.Read(t.Context(), s, key, limit)
	if got := (content{string(body), version}); err != nil || got != want {
		t.Errorf("read %s: %.80q, %v; want %.80q", key, got, err, want)
	}
	object, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := object.Body.Close(); err != nil || object.Size != int64(len(want.body)) {
		t.Errorf("get %s: size %d, %v; want %d", key, object.Size, err, len(want.body))
	}
}

func wantKeys(t *testing.T, s store.Store, prefix string, want ...string) {
	t.Helper()
	var got []string
	for entry, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		got = append(got, entry.Key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list %q (-want +got):\n%s", prefix, diff)
	}
}
