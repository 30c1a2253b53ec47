package main

import (
	"os"
	"path/filepath"
	"testing"

	"posture/internal/cloud/clouds"
	"posture/internal/posture"
)

// TestSkeletons holds that a new rule for any type and category is valid.
func TestSkeletons(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	for _, c := range clouds.All() {
		for typ, doc := range c.Docs() {
			category := posture.Categories[n%len(posture.Categories)]
			criterion, err := criterionFor(category)
			if err != nil {
				t.Fatal(err)
			}
			id := "acme-" + string(rune('a'+n/26)) + string(rune('a'+n%26))
			text := skeleton{id: id, resource: typ, category: string(category), severity: "low", criterion: criterion, fields: fieldsOf(doc)}.text()
			if err := os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	c := common{world: &streams{out: t.Output(), clouds: clouds.All()}}
	if err := c.prove([]string{dir}); err != nil {
		t.Error(err)
	}
}
