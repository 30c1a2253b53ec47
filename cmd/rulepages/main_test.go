package main

import (
	"flag"
	"strings"
	"testing"

	"posture/internal/cloud/clouds"
	"posture/internal/goldentest"
)

var update = flag.Bool("update", false, "write the pages in docs again, as make generate does")

// TestPages holds that the pages in docs are what the rules say, and that every
// cloud has one.
func TestPages(t *testing.T) {
	for _, c := range clouds.All() {
		got, err := write(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, *update, "../../docs/"+c.Name+"-rules.md", got)
		if n := strings.Count(got, "\n| "+c.Name+"-"); n < len(c.Types) {
			t.Errorf("%s: %d rows for %d types", c.Name, n, len(c.Types))
		}
	}
}

func TestNoCloud(t *testing.T) {
	if _, err := write("moon"); err == nil || !strings.Contains(err.Error(), `"moon"`) {
		t.Error(err)
	}
}
