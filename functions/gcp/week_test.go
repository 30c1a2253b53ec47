package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/weekly"
)

// weekAgo returns the slots of a run two weeks ago, and of the page of that
// week, which is over.
func weekAgo() (run, page string) {
	now := time.Now().UTC().Truncate(time.Second)
	return now.Add(-14 * 24 * time.Hour).Format(time.RFC3339), now.Add(-7 * 24 * time.Hour).Format(time.RFC3339)
}

// TestWeekly: the page of a week is kept once, however often it is asked for.
func TestWeekly(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	p := c.start(t)
	run, page := weekAgo()
	if code, body := p.post(t, "/run", map[string]string{"X-CloudScheduler-ScheduleTime": run}, "{}"); code != http.StatusOK {
		t.Fatalf("run: got %d %s\n%s", code, body, p.log)
	}
	slot, err := time.Parse(time.RFC3339, page)
	if err != nil {
		t.Fatal(err)
	}
	week := weekly.Of(slot).Before(1)
	want := c.objects(t)
	for _, format := range []string{"csv", "html", "json"} {
		want = append(want, weekly.Key(week, format))
	}
	for _, said := range []string{`"new":true`, `"new":false`} {
		code, body := p.post(t, "/weekly", map[string]string{"X-CloudScheduler-ScheduleTime": page}, `{}`)
		if code != http.StatusOK || !strings.Contains(body, `"week":"`+week.String()+`"`) || !strings.Contains(body, said) {
			t.Errorf("weekly: got %d %s, want %s", code, body, said)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), c.objects(t)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}
