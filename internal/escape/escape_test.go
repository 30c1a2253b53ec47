package escape_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"posture/internal/escape"
	"posture/internal/nasty"
)

func TestLine(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"", ""},
		{"<!channel>", "<!channel>"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"\u009b31mred", "31mred"},
		{"safe\u202egnp.exe", "safegnp.exe"},
		{"pay\u200bpal\ufeff", "paypal"},
		{"one\ntwo\tthree", "one two three"},
		{"a\xffb", "a\ufffdb"},
		{"smile 👍🏽", "smile 👍🏽"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, escape.Line(tt.in)); diff != "" {
			t.Errorf("Line(%q): -want +got\n%s", tt.in, diff)
		}
	}
}

func TestLinesKeepsLineFeeds(t *testing.T) {
	got := escape.Lines("one \r\n  two\x1b[0m\n\nthree\t\n")
	if diff := cmp.Diff("one\n  two[0m\n\nthree", got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestCut(t *testing.T) {
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"üüüü", 3, "üü…"},
		{"a👍b", 3, "a…"},
		{"a👍b", 4, "a👍b"},
		{"👍👍", 3, "👍…"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, escape.Cut(tt.in, tt.limit)); diff != "" {
			t.Errorf("Cut(%q, %d): -want +got\n%s", tt.in, tt.limit, diff)
		}
	}
}

func TestCutBytes(t *testing.T) {
	for _, in := range []string{"plain text", "üüüüüü", "👍👍👍👍", "\xff\xfe\xfd\xfc\xfb"} {
		for limit := 3; limit < 20; limit++ {
			got := escape.CutBytes(in, limit)
			if len(got) > limit || utf8.ValidString(in) && !utf8.ValidString(got) {
				t.Errorf("CutBytes(%q, %d) = %q", in, limit, got)
			}
		}
	}
}

func TestNastyNamesAreInert(t *testing.T) {
	for _, name := range nasty.Names() {
		t.Run(name.Label, func(t *testing.T) {
			got := escape.Name(name.Text)
			if n := len(utf16.Encode([]rune(got))); n == 0 || n > escape.NameLimit || !utf8.ValidString(got) {
				t.Errorf("%d units: %q", n, got)
			}
			for _, r := range got {
				if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
					t.Errorf("%U is left in %q", r, got)
				}
			}
			if slack := escape.Slack(got); strings.ContainsAny(slack, "<>") {
				t.Errorf("markup is left in %q", slack)
			}
		})
	}
}

func TestCell(t *testing.T) {
	for _, name := range nasty.Names() {
		t.Run(name.Label, func(t *testing.T) {
			cell := escape.Cell(name.Text)
			if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
				t.Errorf("a spreadsheet would run %q", cell)
			}
			if strings.TrimPrefix(cell, "'") != strings.TrimPrefix(name.Text, "'") {
				t.Errorf("%q was changed to %q", name.Text, cell)
			}
			var b strings.Builder
			w := csv.NewWriter(&b)
			if err := w.WriteAll([][]string{{"before", cell, "after"}}); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
			if err != nil || len(rows) != 1 || len(rows[0]) != 3 {
				t.Errorf("%d rows, %v from %q", len(rows), err, b.String())
			}
		})
	}
}
