package services

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

// strange are values that stand where others are expected.
var strange = []any{nil, true, -1.5, "", "x/y:z,", []any{}, []any{nil, "a", map[string]any{}}, map[string]any{}, map[string]any{"a": []any{1.0}}}

// replace returns the JSON of an asset with another value in one place of its
// data, its policies or its names.
func replace(line []byte, where uint, value any) []byte {
	var asset any
	if json.Unmarshal(line, &asset) != nil {
		return line
	}
	var places []func(any)
	collect(asset, &places)
	if len(places) > 0 {
		places[where%uint(len(places))](value)
	}
	changed, err := json.Marshal(asset)
	if err != nil {
		return line
	}
	return changed
}

// collect adds how each value within another is set.
func collect(within any, places *[]func(any)) {
	switch within := within.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(within)) {
			*places = append(*places, func(value any) { within[key] = value })
			collect(within[key], places)
		}
	case []any:
		for i := range within {
			*places = append(*places, func(value any) { within[i] = value })
			collect(within[i], places)
		}
	}
}

// FuzzExport reads a line that follows a whole hierarchy, as gcloud asset
// export could have written it or not. Whatever it holds, reading ends with an
// error that says so, or with resources: a scanner's own mistake, which would
// make its type incomplete without a word, is one that is found here.
func FuzzExport(f *testing.F) {
	hierarchy, err := os.ReadFile("../testdata/hierarchy.ndjson")
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob("../testdata/*.ndjson")
	if err != nil || len(files) == 0 {
		f.Fatalf("found %d files, error %v", len(files), err)
	}
	seed := uint(0)
	for _, file := range files {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			f.Add(line, uint(0), uint(len(strange)))
			for range 3 {
				seed += 7
				f.Add(line, seed, seed%uint(len(strange)))
			}
		}
	}
	want, mistake := bench.Everything(), posture.Cause{Reason: posture.Mistake}
	f.Fuzz(func(t *testing.T, line []byte, where, with uint) {
		if with < uint(len(strange)) {
			line = replace(line, where, strange[with])
		}
		inventory, err := engine.FromExport(Registry(), []engine.Export{{Name: "export", Reader: bytes.NewReader(slices.Concat(hierarchy, line))}}, engine.Options{})
		if err != nil {
			return
		}
		targets, err := inventory.Targets(t.Context())
		if err != nil {
			return
		}
		for _, target := range targets {
			coverage := inventory.Project(target).Scan(t.Context(), want, func(posture.Resource) {})
			for _, p := range coverage.Populations {
				if p.Cause != nil && *p.Cause == mistake {
					t.Errorf("%s %s: the scanner stopped on a mistake of its own", target, p.Type)
				}
			}
		}
	})
}
