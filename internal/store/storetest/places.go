package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
)

// Prefixes checks that stores in one bucket do not see each other, nor what
// is no key. The function opens the store below a prefix of one empty bucket,
// where it put an object "a/b/folder/".
func Prefixes(t *testing.T, open func(prefix string) store.Store) {
	t.Helper()
	for _, prefix := range []string{"", "a", "a/b/", "/ab"} {
		if _, err := open(prefix).PutIfAbsent(t.Context(), "k", []byte(prefix)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"": {"a/b/k", "a/k", "ab/k", "k"}, "a": {"b/k", "k"}, "a/b": {"k"}, "ab": {"k"}, "b": nil,
	} {
		var got []string
		for entry, err := range open(prefix).List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, entry.Key)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("below %q (-want +got):\n%s", prefix, diff)
		}
	}
}

// NoBucket checks that of a bucket that does not exist every call says so: it
// holds neither an absent object nor a conflict.
func NoBucket(t *testing.T, s store.Store, version string) {
	t.Helper()
	_, get := s.Get(t.Context(), "a")
	_, absent := s.PutIfAbsent(t.Context(), "a", nil)
	_, match := s.PutIfMatch(t.Context(), "a", version, nil)
	var listed error
	for _, err := range s.List(t.Context(), "") {
		listed = err
	}
	deleted := s.Delete(t.Context(), "a")
	for call, err := range map[string]error{"get": get, "put": absent, "replace": match, "list": listed, "delete": deleted} {
		if !errors.Is(err, store.ErrNoBucket) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) {
			t.Errorf("%s: %v", call, err)
		}
	}
}
