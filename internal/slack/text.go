package slack

import (
	"fmt"
	"strings"

	"posture/internal/drift"
	"posture/internal/posture"
)

// Text returns the message of an alert as lines for a terminal or a file, for
// when Slack is not configured. It says the same as the blocks. The only
// escape sequences in it are its own colours, and those only on demand.
func Text(alert drift.Alert, color bool) string {
	p := pageOf(alert)
	var b strings.Builder
	b.WriteString(paint(p.headline(), p.severity, color) + "\n")
	for _, line := range p.opening() {
		b.WriteString("  " + line + "\n")
	}
	for _, f := range p.facts {
		fmt.Fprintf(&b, "  %-10s %s\n", f.label, f.line())
	}
	for _, l := range p.lists {
		l.write(&b)
	}
	if p.why != "" {
		b.WriteString("  Why        " + p.why + "\n")
	}
	if p.fix != "" {
		fmt.Fprintf(&b, "  %-10s %s\n", p.fixLabel(), strings.ReplaceAll(p.fix, "\n", "\n             "))
	}
	if p.note != "" {
		b.WriteString("  Note       " + p.note + "\n")
	}
	for _, link := range p.buttons {
		fmt.Fprintf(&b, "  %-10s %s\n", link.label, link.url)
	}
	b.WriteString("  " + p.footer + "\n")
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
