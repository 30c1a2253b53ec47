package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestWeekly runs the function that keeps the page of the week before, as its
// schedule does, and delivers it twice.
func TestWeekly(t *testing.T) {
	s := newSite(t)
	monday := time.Now().UTC().Truncate(24 * time.Hour)
	for monday.Weekday() != time.Monday {
		monday = monday.AddDate(0, 0, -1)
	}
	run := s.run(monday.Add(-6 * time.Hour)).Run
	type kept struct {
		Week, Report, Headline string
		New                    bool
	}
	ask := func(event map[string]any) kept {
		var said struct{ Kept kept }
		s.invoke("weekly", event, &said)
		return said.Kept
	}
	event := map[string]any{"slot": monday.Add(12 * time.Hour)}
	first := ask(event)
	before := s.keys("posture-results", "")
	again := ask(event)
	if want := (kept{first.Week, first.Report, first.Headline, false}); again != want || !first.New || first.Report == "" {
		t.Errorf("kept %+v, then %+v", first, again)
	}
	if diff := gocmp.Diff(before, s.keys("posture-results", "")); diff != "" {
		t.Errorf("kept again (-before +after):\n%s", diff)
	}
	name := "weekly/" + first.Week + "/posture-" + first.Week
	for _, key := range []string{name + ".csv", name + ".html", name + ".json"} {
		if !slices.Contains(before, key) || !strings.Contains(string(s.object("posture-results", key)), run.String()) {
			t.Errorf("%s does not tell run %s", key, run)
		}
	}
	s.checkRoles(map[string]string{"weekly": "WeeklyRole"})
	if answer := s.try("weekly", map[string]any{}, time.Minute); !strings.Contains(answer.Error, "expected slot") {
		t.Errorf("without a slot: %s", answer.Error)
	}
}
