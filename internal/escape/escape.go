// Package escape makes text that strangers chose (resource names, tags,
// identifiers) harmless in the places where it is shown: a Slack message, a
// terminal, a cell of a spreadsheet, a page. It only rewrites strings: it knows
// nothing of findings. Begin with Line for text and Name for names; Slack, Cell and
// HTML are for their places.
package escape

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// NameLimit is how long a name may be in a message, in UTF-16 units, which is
// never less than its runes.
const NameLimit = 150

// ellipsis ends a text that was cut.
const ellipsis = "…"

// Line returns s as one line that can do nothing but be read: every control,
// bidirectional, zero-width and other invisible format character is gone (the
// escape character of terminals and the C1 controls among them), line breaks
// and tabs are spaces, and bytes that are no UTF-8 are U+FFFD. Printable
// characters stay as they are.
func Line(s string) string { return strings.TrimSpace(strings.Map(visible, s)) }

// Name returns Line(s) cut to NameLimit, or a dash when nothing is left.
func Name(s string) string {
	line := Cut(Line(s), NameLimit)
	if line == "" {
		return "-"
	}
	return line
}

// Lines is Line for text that may have several lines, such as the fix of a
// rule: line feeds stay.
func Lines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(strings.Map(visible, line), unicode.IsSpace)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// visible maps a rune to itself, to a space, or to nothing (-1).
func visible(r rune) rune {
	switch {
	case r == '\n', r == '\r', r == '\t', r == '\v', r == '\f', r == 0x85, r == 0x2028, r == 0x2029:
		return ' '
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// Cut returns s when it has at most limit UTF-16 units, and else as many of
// its runes as leave room for an ellipsis. It never splits a rune.
func Cut(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	room := limit - 1
	for i, r := range s {
		if room -= unitsOf(r); room < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

// CutBytes is Cut by bytes: the result has at most limit bytes, unless limit
// is smaller than an ellipsis.
func CutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// units counts the UTF-16 units of s.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

// unitsOf counts the UTF-16 units of one rune; a wrong rune counts as U+FFFD.
func unitsOf(r rune) int { return max(utf16.RuneLen(r), 1) }

// Slack returns s with the three characters that start markup in Slack's text
// replaced by their entities, so that "<!channel>" and "<http://evil|ok>" are
// only words. Give it what Line or Lines returned.
func Slack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// Cell returns s as a cell of a CSV file that no spreadsheet takes for a
// formula: when the first rune starts one (= + - @ tab, carriage return or
// line feed, or a full-width form of the four signs), an apostrophe goes
// before it. Quoting is left to the CSV writer. Numbers of our own are written
// without it.
func Cell(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && s != "" {
		return "'" + s
	}
	return s
}

// HTML returns s as text of an HTML page, or as the value of an attribute
// between quotes: no character of it is markup. Give it what Line or Lines
// returned.
func HTML(s string) string { return html.EscapeString(s) }

// JSON returns JSON in which every character that a terminal could take for a
// command, or that is not seen, is written as an escape. Who decodes it gets
// what was encoded.
func JSON(plain []byte) []byte {
	line := make([]byte, 0, len(plain))
	for _, r := range string(plain) {
		switch {
		case r == '\n', !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Cf, r): // a line feed separates values
			line = utf8.AppendRune(line, r)
		case r <= 0xffff:
			line = fmt.Appendf(line, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			line = fmt.Appendf(line, `\u%04x\u%04x`, high, low)
		}
	}
	return line
}
