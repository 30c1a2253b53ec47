package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// TestCatalogueCalls holds that the calls which are declared are those which
// a scan makes, whatever field of a type is read.
func TestCatalogueCalls(t *testing.T) {
	registry := bench.Registry
	catalogue := registry.Catalogue()
	for i := range registry.Services {
		s := &registry.Services[i]
		for _, field := range append(scanners.FieldsOf(s.Doc), "") {
			want := posture.Want{s.Name: {field}}
			var listings []string
			direct := false
			for _, call := range catalogue.Calls(want) {
				if strings.HasPrefix(call.Op, "cloudasset.") {
					listings = append(listings, call.Op)
				} else {
					direct = true
				}
			}
			slices.Sort(listings)
			if diff := cmp.Diff(engine.ListingsFor(registry, want), slices.Compact(listings)); diff != "" {
				t.Errorf("%s %s: %s", s.Name, field, diff)
			}
			if asks := engine.AsksFor(s, want); asks != direct {
				t.Errorf("%s %s: a direct call is declared: %v, made: %v", s.Name, field, direct, asks)
			}
		}
	}
}
