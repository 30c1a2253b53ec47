package demo

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is how many columns a terminal is taken to have.
const width = 100

// page prints for a person. It keeps its first error.
type page struct {
	out   io.Writer
	color bool
	err   error
}

// text prints one line.
func (p *page) text(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// heading begins a part.
func (p *page) heading(text string) {
	p.text("\n%s\n", p.paint("1;36", text+" "+strings.Repeat("─", max(3, width-1-utf8.RuneCountInString(text)))))
}

// message prints what Slack would show, behind a bar.
func (p *page) message(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		for _, piece := range wrap(line, width-2) {
			p.text("%s %s", p.paint("36", "│"), piece)
		}
	}
}

// wrap breaks a line that is longer than limit at spaces, where there are any.
// The further pieces begin below the text of the first.
func wrap(line string, limit int) []string {
	hang := hanging(line)
	indent := strings.Repeat(" ", hang)
	var pieces []string
	for utf8.RuneCountInString(line) > limit {
		at := breakAt([]rune(line), hang, limit)
		if at < 0 {
			break
		}
		runes := []rune(line)
		pieces = append(pieces, strings.TrimRight(string(runes[:at]), " "))
		line = indent + strings.TrimLeft(string(runes[at:]), " ")
	}
	return append(pieces, line)
}

// breakAt returns the last space past hang and not past limit, else the first
// one past limit, else -1.
func breakAt(line []rune, hang, limit int) int {
	for at := limit; at > hang; at-- {
		if line[at] == ' ' {
			return at
		}
	}
	for at := limit; at < len(line); at++ {
		if line[at] == ' ' {
			return at
		}
	}
	return -1
}

// hanging returns where the text of a line begins, past its label.
func hanging(line string) int {
	text := strings.TrimLeft(line, " -")
	start := len(line) - len(text)
	if label := strings.Index(text, "  "); label > 0 {
		return start + len(text) - len(strings.TrimLeft(text[label:], " "))
	}
	return start
}

// rows prints columns as wide as their widest cell, not counting those that
// end a row. A row that is too long is cut.
func (p *page) rows(rows [][]string, colors []string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	for i, row := range rows {
		line := ""
		for column, cell := range row {
			line += "  " + cell + strings.Repeat(" ", max(0, widths[column]-utf8.RuneCountInString(cell)))
		}
		line = cut(strings.TrimRight(line, " "))
		if head := row[0]; colors != nil {
			line = strings.Replace(line, head, p.paint(colors[i], head), 1)
		}
		p.text("%s", line)
	}
}

// cut cuts a line that is too long.
func cut(line string) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

// paint colours text where colours are wanted.
func (p *page) paint(code, text string) string {
	if !p.color || code == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
