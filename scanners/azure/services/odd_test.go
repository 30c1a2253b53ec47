package services

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/enginetest"
)

// TestEveryOddMember gives each member of each row another JSON type, one at a
// time: nothing is lost without its listing being incomplete, and no field
// changes without being unread.
func TestEveryOddMember(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) == "scope.txtar" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			paths := map[string]bool{}
			for _, rows := range oddEstate(t, file).Tables {
				for _, row := range rows {
					for path := range pathsIn(row, "") {
						paths[path] = true
					}
				}
			}
			whole := scanEstate(t, oddEstate(t, file))
			for _, path := range slices.Sorted(maps.Keys(paths)) {
				estate := oddEstate(t, file)
				for _, rows := range estate.Tables {
					for _, row := range rows {
						setOdd(row, path)
					}
				}
				compareOdd(t, path, whole, scanEstate(t, estate))
			}
		})
	}
}

func oddEstate(t *testing.T, file string) azuretest.Estate {
	t.Helper()
	estate, err := azuretest.Load("../testdata/scope.txtar", file)
	if err != nil {
		t.Fatal(err)
	}
	return estate
}

func scanEstate(t *testing.T, estate azuretest.Estate) scanned {
	t.Helper()
	server := azuretest.Start(estate)
	defer server.Close()
	return scanWhole(t, server, enginetest.Everything(Registry()))
}

// headOf are the members that say which resource it is: what lacks them is no
// row.
var headOf = []string{"id", "name", "type", "subscriptionId", "resourceGroup", "location", "managedBy", "tags"}

// pathsIn returns the paths of the members of a row, those of lists by their
// place.
func pathsIn(value any, at string) map[string]bool {
	paths := map[string]bool{}
	each := func(key string, v any) {
		path := strings.TrimPrefix(at+"\x00"+key, "\x00")
		if at == "" && slices.Contains(headOf, key) {
			return
		}
		paths[path] = true
		maps.Copy(paths, pathsIn(v, path))
	}
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			each(key, member)
		}
	case []any:
		for i, item := range v {
			each(strconv.Itoa(i), item)
		}
	}
	return paths
}

// setOdd puts a value of another type at a path, where there is one.
func setOdd(value any, path string) {
	key, rest, more := strings.Cut(path, "\x00")
	switch v := value.(type) {
	case map[string]any:
		if old, has := v[key]; has && !more {
			v[key] = otherThan(old)
		}
		setOdd(v[key], rest)
	case []any:
		i, err := strconv.Atoi(key)
		if err != nil || i >= len(v) {
			return
		}
		if !more {
			v[i] = otherThan(v[i])
		}
		setOdd(v[i], rest)
	}
}

// otherThan returns a value of another type, nil for nil.
func otherThan(value any) any {
	switch value.(type) {
	case nil:
		return nil
	case map[string]any, []any:
		return "odd"
	}
	return map[string]any{"odd": "odd"}
}

// compareOdd holds that a field that changed is unread, and that nothing
// vanishes from a complete listing.
func compareOdd(t *testing.T, path string, whole, broken scanned) {
	t.Helper()
	name := strings.ReplaceAll(path, "\x00", ".")
	for key, want := range whole.resources {
		got, there := broken.resources[key]
		if !there {
			if broken.complete[want.Type] {
				t.Errorf("%s: %s vanished from a complete listing", name, key)
			}
			continue
		}
		before, after := fieldsOf(t, want.Doc), fieldsOf(t, got.Doc)
		for field, value := range before {
			if _, unread := got.WhyUnread(field); !unread && string(after[field]) != string(value) {
				t.Errorf("%s: %s: %s was %s and is %s, as if it had been read", name, key, field, value, after[field])
			}
		}
	}
}
