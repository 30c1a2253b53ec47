package weekly_test

import (
	"io"
	"strings"
	"testing"
	"time"
)

// TestNever: no form of the page shows a time that never was as a date.
func TestNever(t *testing.T) {
	t.Parallel()
	s, o := shop(t)
	page := s.page(o)
	if len(page.Oldest.Items) == 0 || len(page.Series) == 0 {
		t.Fatal("the page has no times")
	}
	for i := range page.Oldest.Items {
		page.Oldest.Items[i].Since = time.Time{}
	}
	for i := range page.Series {
		page.Series[i].First = time.Time{}
	}
	for name, write := range map[string]func(io.Writer) error{"json": page.WriteJSON, "csv": page.WriteCSV, "html": page.WriteHTML} {
		got := string(written(t, write))
		if strings.Contains(got, "0001-01-01") || strings.Contains(got, "0001-W01") {
			t.Errorf("%s shows a time that never was", name)
		}
		if name != "json" && !strings.Contains(got, "never") {
			t.Errorf("%s does not say never", name)
		}
	}
}
