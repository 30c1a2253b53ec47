package main_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// folders returns the folders of the store that infra/gcp lets each function
// write to: those in which it only creates, or those in which it replaces too.
func folders(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../infra/gcp/identity.tf")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "  "+name+" = {\n")
	block, _, _ = strings.Cut(block, "  }\n")
	found := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^ +(\w+) += \[(.*)\]$`).FindAllStringSubmatch(block, -1) {
		found[line[1]] = strings.Split(strings.ReplaceAll(line[2], `"`, ""), ", ")
	}
	if len(found) == 0 {
		t.Fatalf("identity.tf has no %s", name)
	}
	return found
}

// TestWrites holds what a function stores to what infra/gcp lets it write.
func TestWrites(t *testing.T) {
	t.Parallel()
	due, monday := weekAgo()
	c, allowed := newCloud(t), folders(t, "creates")
	for name, replaced := range folders(t, "replaces") {
		for _, folder := range replaced {
			if folder != "outbox" && folder != "state" {
				t.Errorf("%s may replace what is in %s, which is written once", name, folder)
			}
		}
		allowed[name] = append(allowed[name], replaced...)
	}
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
