package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"posture/internal/report"
)

// screen is a writer of so many columns.
type screen struct {
	bytes.Buffer
	columns int
}

// Columns implements report.Columns.
func (s *screen) Columns() int { return s.columns }

// TestTableFits holds what a table looks like where it does not fit: words are
// cut in the middle, sentences at the end, nothing is wrapped.
func TestTableFits(t *testing.T) {
	table := report.NewTable("severity", "rule", "resource", "because")
	table.Add("critical", "aws-ec2-security-group-no-public-ssh", "sg-0123456789abcdef0", "sg-0123456789abcdef0 allows SSH from 0.0.0.0/0 and from 2 more")
	table.Add("low", "aws-s3-versioning", "日本語のバケット-ログ-東京-二〇二六", "versioning is off")
	for columns, want := range map[int]string{
		0: `severity  rule                                  resource                             because
critical  aws-ec2-security-group-no-public-ssh  sg-0123456789abcdef0                 sg-0123456789abcdef0 allows SSH from 0.0.0.0/0 and from 2 more
low       aws-s3-versioning                     日本語のバケット-ログ-東京-二〇二六  versioning is off
`,
		80: `severity  rule              resource          because
critical  aws-ec2-…lic-ssh  sg-01234…abcdef0  sg-0123456789abcdef0 allows SSH…
low       aws-s3-v…sioning  日本語の…〇二六   versioning is off
`,
	} {
		out := &screen{columns: columns}
		if err := table.Write(out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%d columns:\n%s\n%s", columns, out, diff)
		}
	}
}

// TestTableFitsAnywhere holds that no row of any table is wider than the screen,
// as long as there is a column for each column and what is between them.
func TestTableFitsAnywhere(t *testing.T) {
	cells := []string{"", "x", "日本語のバケット", strings.Repeat("x", 200), strings.Repeat("語", 70), "a sentence of some words", strings.Repeat("a sentence ", 40), "e\u0301\u0301e\u0301"}
	for n := 1; n <= 6; n++ {
		for shift := range cells {
			var head, row, other []string
			for i := range n {
				head = append(head, fmt.Sprintf("heading %d", i))
				row = append(row, cells[(shift+i)%len(cells)])
				other = append(other, cells[(shift+3*i)%len(cells)])
			}
			table := report.NewTable(head...)
			table.Add(row...)
			table.Add(other...)
			for columns := 3*n - 2; columns < 200; columns += 7 {
				out := &screen{columns: columns}
				if err := table.Write(out); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(out.String()) {
					if got := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); got > columns {
						t.Fatalf("%d cells in %d columns: a line of %d: %s", n, columns, got, line)
					}
				}
			}
		}
	}
}
