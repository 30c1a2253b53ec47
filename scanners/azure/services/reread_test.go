package services

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/azure/azuretest"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// TestReread reads everything a second time, where Azure Resource Manager says
// the same as the graph: so does the second reading.
func TestReread(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	estate, err := azuretest.Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]map[string]any{}
	for _, rows := range estate.Tables {
		for _, row := range rows {
			addObjects(byID, row)
		}
	}
	server := azuretest.Start(estate)
	t.Cleanup(server.Close)
	server.Fault = func(w http.ResponseWriter, r *http.Request) bool {
		row, known := byID[strings.ToLower(r.URL.Path)]
		return known && r.URL.Query().Get("api-version") != "" && json.NewEncoder(w).Encode(row) == nil
	}
	e, err := engine.Open(Registry(), engine.Scope{Subscriptions: []string{enginetest.Subscription}}, enginetest.Options(server))
	if err != nil {
		t.Fatal(err)
	}
	want := enginetest.Everything(Registry())
	target := posture.Target{Provider: posture.Azure, Account: enginetest.Subscription}
	again := 0
	for slice, err := range e.Slices(t.Context(), engine.Ask{Want: want, Targets: []posture.Target{target}}) {
		if err != nil {
			t.Fatal(err)
		}
		s := slice.Subscription(target)
		s.Scan(t.Context(), want, func(first posture.Resource) {
			second, err := s.Reread(t.Context(), first, nil)
			switch {
			case errors.Is(err, posture.ErrNoReread):
				return
			case err != nil:
				t.Errorf("%s: %v", first.ID, err)
				return
			}
			again++
			second.Direct = nil
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("%s: %s", first.ID, diff)
			}
		})
	}
	if again == 0 {
		t.Error("nothing was read again")
	}
}

// addObjects notes resources, the parts of each included. What only names another one
// has nothing but its id.
func addObjects(byID map[string]map[string]any, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			addObjects(byID, item)
		}
	case map[string]any:
		for _, member := range v {
			addObjects(byID, member)
		}
		if v["id"] != nil && (v["properties"] != nil || v["type"] != nil) {
			byID[strings.ToLower(fmt.Sprint(v["id"]))] = v
		}
	}
}
