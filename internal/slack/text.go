package slack

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
)

// The lines of a message in a terminal.
const (
	labelWidth = 10 // of the column of labels,
	labelMost  = 16 // which the longest label may widen
	lineWidth  = 98 // where prose is wrapped
)

// Text returns the message of an alert as lines for a terminal or a file, for
// when Slack is not configured. It says the same as the blocks. Prose is wrapped;
// lists, commands and addresses are not. The only escape sequences in it are its own
// colours, and those only on demand.
func Text(alert drift.Alert, color bool) string {
	p := pageOf(alert)
	var b strings.Builder
	b.WriteString(paint(p.headline(), p.severity, color) + "\n")
	for _, line := range p.opening() {
		b.WriteString("  " + wrap(line, 2) + "\n")
	}
	column := p.column()
	labelled := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-*s %s\n", column, label, text)
		}
	}
	for _, f := range p.facts {
		labelled(f.label, wrap(f.line(), column+3))
	}
	for _, l := range p.lists {
		l.write(&b)
	}
	labelled("Why", wrap(p.why, column+3))
	labelled("Fix", p.command(column+3))
	labelled("Note", wrap(p.note, column+3))
	for _, link := range p.buttons {
		labelled(link.label, link.url)
	}
	b.WriteString("  " + wrap(p.footer, 2) + "\n")
	return b.String()
}

// column returns how wide the column of labels is.
func (p page) column() int {
	width := labelWidth
	for _, f := range p.facts {
		width = max(width, utf8.RuneCountInString(f.label))
	}
	return min(width, labelMost)
}

// command returns the command with its further lines indented, and before it which
// resource it is for, of several.
func (p page) command(indent int) string {
	text := p.fix
	if text != "" && p.fixOf != "" {
		text = "of " + p.fixOf + ":\n" + text
	}
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", indent))
}

// wrap breaks prose between words so that it fits, indents its further lines, and
// cuts what is too long.
func wrap(prose string, indent int) string {
	prose = escape.CutBytes(prose, proseLimit)
	var b strings.Builder
	at := indent
	for i, word := range strings.Split(prose, " ") {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+width > lineWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += width
	}
	return b.String()
}

// write adds the lines of a list.
func (l list) write(b *strings.Builder) {
	b.WriteString("  " + l.heading + "\n")
	for _, r := range l.rows {
		b.WriteString("    - " + r.name + "\n")
		for _, detail := range r.details {
			b.WriteString("      " + detail + "\n")
		}
		if r.url != "" {
			b.WriteString("      " + r.url + "\n")
		}
	}
	if l.more > 0 {
		b.WriteString("   " + more(l.more) + "\n")
	}
}

// paint colours a headline by severity.
func paint(s string, severity posture.Severity, color bool) string {
	code := "1"
	switch severity {
	case posture.Critical, posture.High:
		code = "1;31"
	case posture.Medium:
		code = "1;33"
	}
	if !color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
