package main_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// writable returns the folders of the store that infra/gcp lets each function
// write to.
func writable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../infra/gcp/identity.tf")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "  writes = {\n")
	block, _, _ = strings.Cut(block, "  }\n")
	folders := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^ +(\w+) += \[(.*)\]$`).FindAllStringSubmatch(block, -1) {
		folders[line[1]] = strings.Split(strings.ReplaceAll(line[2], `"`, ""), ", ")
	}
	return folders
}

// TestWrites holds what a function stores to what infra/gcp lets it write.
func TestWrites(t *testing.T) {
	t.Parallel()
	due, monday := weekAgo()
	c, allowed := newCloud(t), writable(t)
	known := c.objects(t)
	for _, step := range []struct{ name, due string }{{"watchdog", due}, {"run", due}, {"weekly", monday}} {
		p := c.start(t, "FUNCTION_TARGET="+step.name)
		if code, body := p.post(t, "/", map[string]string{"X-CloudScheduler-ScheduleTime": step.due}, "{}"); code != http.StatusOK {
			t.Fatalf("%s: got %d %s\n%s", step.name, code, body, p.log)
		}
		stored := slices.DeleteFunc(c.objects(t), func(key string) bool { return slices.Contains(known, key) })
		if len(stored) == 0 {
			t.Errorf("%s stored nothing", step.name)
		}
		for _, key := range stored {
			folder, _, _ := strings.Cut(key, "/")
			if !slices.Contains(allowed[step.name], folder) {
				t.Errorf("%s stored %s, and may write only to %v", step.name, key, allowed[step.name])
			}
		}
		known = append(known, stored...)
	}
	for name, folders := range allowed {
		if slices.Contains(folders, "config") {
			t.Errorf("%s may change its configuration", name)
		}
	}
}
