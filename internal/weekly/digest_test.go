package weekly_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/store"
	"posture/internal/weekly"
)

// TestDigest: the digest has what a message needs of the page.
func TestDigest(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := s.page(o)
	d := page.Digest()
	type told struct {
		Key              string
		Regressed, Fixed int
		Missed, Expected int
		Worst            []string
		PastDue          []string
	}
	got := told{Key: d.Key, Regressed: d.Regressed, Fixed: d.Fixed, Missed: d.Missed, Expected: d.Expected}
	for _, row := range d.Worst {
		got.Worst = append(got.Worst, string(row.Severity)+" "+row.Name)
	}
	for _, owner := range d.PastDue {
		got.PastDue = append(got.PastDue, owner.Name)
	}
	want := told{
		Key: "weekly/2026-W47/posture-2026-W47.html", Regressed: 5, Fixed: 2, Missed: 2, Expected: 7,
		Worst: []string{"critical site", "critical data", "critical web"}, PastDue: []string{"", "payments"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(page.Headline, d.Headline); diff != "" || len(d.Open) != 4 {
		t.Errorf("%s %v", diff, d.Open)
	}
}

// TestDigestOfEarlier: a page that an earlier version stored has a digest too.
func TestDigestOfEarlier(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/earlier.json")
	if err != nil {
		t.Fatal(err)
	}
	var page weekly.Page
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	if d := page.Digest(); d.Headline != page.Headline || len(d.Worst) != 0 || d.Open[0].PastDue != 3 {
		t.Errorf("%+v", d)
	}
}

// TestKeptEarlier: a page that an earlier version stored opens in every form.
func TestKeptEarlier(t *testing.T) {
	body, err := os.ReadFile("testdata/earlier.json")
	if err != nil {
		t.Fatal(err)
	}
	s := store.Memory()
	if _, err := s.PutIfAbsent(t.Context(), weekly.Key(week, "json"), body); err != nil {
		t.Fatal(err)
	}
	page, err := weekly.Kept(t.Context(), s, week)
	if err != nil {
		t.Fatal(err)
	}
	text := checkPage(t, written(t, page.WriteHTML))
	for _, want := range []string{page.Headline, "Title of aws-s3-public", "Open for longest", "4 rules fail"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if table := written(t, page.WriteCSV); !bytes.Contains(table, []byte("oldest open,aws-s3-public,site")) {
		t.Error("the table lacks its rows")
	}
}
