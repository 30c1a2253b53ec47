package weekly_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rowless are the numbers that the page has no rows of, by table and column.
var rowless = map[string][]string{
	"The last run of each week":     {"*"}, // each week has a page of its own
	"Runs of the week":              {"*"}, // posture runs lists them
	"Latest run of each scope":      {"*"},
	"Targets with something unread": {"causes"}, // posture findings --status unknown
	"Rules and findings by status, and the change since before the week": {"passing", "not applicable"},
	"Rules that fail":                {"change"},
	"Rules that changed in the week": {"flipped to pass"},
	"Criterion by criterion":         {"rules"}, // posture rules
	"All changes of the week":        {"closed: deleted", "closed: out of scope"},
	"All exemptions":                 {"failing"},
	"Exemptions that expire within 14 days, or have expired":           {"failing"},
	"Types with over 10% more or fewer resources than before the week": {"now", "before"},
	"Types that were listed and for which there is no rule":            {"resources"},
}

var (
	tables  = regexp.MustCompile(`(?s)<caption>(.*?)</caption><thead>(.*?)</thead><tbody>(.*?)</tbody>`)
	lines   = regexp.MustCompile(`(?s)<tr>(.*?)</tr>`)
	cells   = regexp.MustCompile(`(?s)<t[hd]([^>]*)>(.*?)</t[hd]>`)
	sums    = regexp.MustCompile(`<span class="sum">(.*?)</span>`)
	figures = regexp.MustCompile(`<li><a class="tile"[^>]*><b>`)
)

// TestNumbersLead holds that each number of the page leads to its rows, or that
// the page has none: all tables, bars and figures of a page with something of
// everything.
func TestNumbersLead(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	rich(s)
	page := string(written(t, s.page(o).WriteHTML))
	walked := 0
	for _, table := range tables.FindAllStringSubmatch(page, -1) {
		heads := cells.FindAllStringSubmatch(table[2], -1)
		excused := rowless[table[1]]
		for _, line := range lines.FindAllStringSubmatch(table[3], -1) {
			row := cells.FindAllStringSubmatch(line[1], -1)
			for i, c := range row {
				if !strings.Contains(c[1], `class="n"`) || !strings.ContainsAny(c[2][:min(1, len(c[2]))], "123456789") || strings.Contains(c[2], `<a href="#`) {
					continue
				}
				if !slices.Contains(excused, "*") && !slices.Contains(excused, heads[i][2]) && !slices.Contains(excused, row[0][2]) {
					t.Errorf("%s, %s of %s: %s leads nowhere", table[1], heads[i][2], row[0][2], c[2])
				}
			}
			walked++
		}
	}
	for _, sum := range sums.FindAllStringSubmatch(page, -1) {
		if !strings.Contains(sum[1], "<a ") && !strings.Contains(sum[1], "passing") && sum[1] != "none" { // of statuses there is a table
			t.Errorf("%s leads nowhere", sum[1])
		}
	}
	if n := len(figures.FindAllString(page, -1)); walked < 30 || n != 11 {
		t.Errorf("%d rows and %d figures: the test does not see the page", walked, n)
	}
}
