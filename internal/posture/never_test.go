package posture_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// TestNever holds both forms of a time that never was, in every form in which
// evidence may hold it.
func TestNever(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	const old = "0001-01-01T00:00:00Z"
	for name, c := range map[string]struct {
		value           any
		stored, legible string
	}{
		"null":            {nil, `null`, `"never"`},
		"as it was once":  {old, `null`, `"never"`},
		"a time":          {time.Time{}, `null`, `"never"`},
		"in a list":       {[]any{old, "x", nil}, `[null,"x",null]`, `["never","x","never"]`},
		"deep in a map":   {map[string]any{"a": []any{map[string]any{"at": old}}}, `{"a":[{"at":null}]}`, `{"a":[{"at":"never"}]}`},
		"a time that was": {day, `"2026-01-02T00:00:00Z"`, `"2026-01-02T00:00:00Z"`},
		"no time":         {json.Number("7"), `7`, `7`},
		"nothing":         {"", `""`, `""`},
		"an empty list":   {[]any{}, `[]`, `[]`},
	} {
		v := posture.Value{Path: "p", Value: c.value}
		stored, err := json.Marshal(v.Stored())
		if diff := cmp.Diff(c.stored, string(stored)); diff != "" || err != nil {
			t.Errorf("%s: stored: %v\n%s", name, err, diff)
		}
		legible, err := json.Marshal(v.Legible())
		if diff := cmp.Diff(c.legible, string(legible)); diff != "" || err != nil {
			t.Errorf("%s: legible: %v\n%s", name, err, diff)
		}
	}
}
