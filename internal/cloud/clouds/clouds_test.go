package clouds_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/cloud/clouds"
	"posture/rules"
)

// TestAll: what has rules can be read, and what can be read has rules.
func TestAll(t *testing.T) {
	var read, ruled []string
	for _, c := range clouds.All() {
		read = append(read, c.Name)
		for _, typ := range c.Types {
			if !c.Owns(typ.Name) {
				t.Errorf("%s is not of the form of %s", typ.Name, c.Title)
			}
		}
	}
	for _, c := range rules.Clouds() {
		ruled = append(ruled, c.Name)
	}
	if diff := cmp.Diff(ruled, read); diff != "" {
		t.Error(diff)
	}
}
