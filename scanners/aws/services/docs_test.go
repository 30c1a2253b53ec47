package services

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAddingAService holds that the page on adding a service shows the file
// that it tells to copy, as it is, and names only files that are there.
func TestAddingAService(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	page := read(t, filepath.Join(root, "docs", "adding-a-service.md"))
	page, _, _ = strings.Cut(page, "## A service of Google Cloud")
	code := read(t, "elasticache.go") + read(t, "elasticache_test.go")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(page, -1)
	if len(blocks) != 3 {
		t.Errorf("%d pieces of code, want 3", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(code, block[1]) {
			t.Errorf("this is not in elasticache.go or elasticache_test.go:\n%s", block[1])
		}
	}
	for _, name := range regexp.MustCompile("`(scanners/[^`]+\\.[a-z]+)`").FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join(root, name[1])); err != nil && !strings.Contains(name[1], "NAME") {
			t.Error(err)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
