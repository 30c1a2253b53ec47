package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/tally"
)

// markdownRows bounds how many failing findings a summary lists: a comment on
// a pull request holds about 65,000 characters.
const markdownRows = 50

// writeMarkdown writes a summary for a pull request or a wiki: how many
// findings there are of what, and the worst of those that fail.
func writeMarkdown(w io.Writer, f Findings) error {
	counts, open := tally.New(0), tally.New(markdownRows)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		severity := f.Rules[finding.Rule].Severity
		counts.Add(finding, severity)
		if !finding.Exemption.Live() {
			open.Add(finding, severity)
		}
	}
	out := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(out, "## Posture: %s\n\n", headline(counts)) // a bufio.Writer keeps its error for Flush
	_, _ = fmt.Fprintf(out, "Run `%s`, scanned %s.", f.Run, f.Run.Slot().Format("2006-01-02 15:04 UTC"))
	if f.Incomplete {
		_, _ = out.WriteString(" **Not all could be read.**")
	}
	_, _ = out.WriteString("\n\n")
	writeCounts(out, counts)
	f.markdownRows(out, open)
	return out.Flush()
}

// writeCounts writes how many findings there are of each kind. Kinds without any
// are left out: which findings there are may have been chosen.
func writeCounts(out *bufio.Writer, counts *tally.Tally) {
	head, rule, row := "|", "|", "|"
	for _, kind := range []struct {
		name string
		n    int
	}{
		{"pass", counts.Statuses[posture.Pass]}, {"fail", counts.Statuses[posture.Fail] - counts.Exempted},
		{"exempted", counts.Exempted}, {"unknown", counts.Statuses[posture.Unknown]},
	} {
		if kind.n > 0 {
			head, rule, row = head+" "+kind.name+" |", rule+"---:|", row+fmt.Sprintf(" %d |", kind.n)
		}
	}
	if head != "|" {
		_, _ = fmt.Fprintf(out, "%s\n%s\n%s\n", head, rule, row)
	}
}

// headline says how many findings fail, the most severe first.
func headline(counts *tally.Tally) string {
	var parts []string
	for _, severity := range posture.Severities {
		if n := counts.Failing[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ") + " failing"
	case counts.Statuses[posture.Unknown] > counts.Accepted:
		return "nothing fails of what could be checked"
	default:
		return "nothing fails"
	}
}

// markdownRows lists the worst of the findings that fail. None is exempted.
func (f Findings) markdownRows(out *bufio.Writer, open *tally.Tally) {
	worst := open.Worst()
	if len(worst) == 0 {
		return
	}
	_, _ = out.WriteString("\n| severity | finding | account | region | fix |\n|---|---|---|---|---|\n")
	for _, finding := range worst {
		rule := f.Rules[finding.Rule]
		_, _ = fmt.Fprintf(out, "| %s | %s<br>%s | %s | %s | %s |\n", rule.Severity, markdownCell(sentence(rule, finding)), markdownCell(finding.Rule),
			markdownCell(finding.Account), markdownCell(finding.Region), markdownCode(finding.Command))
	}
	if more := open.Statuses[posture.Fail] - len(worst); more > 0 {
		_, _ = fmt.Fprintf(out, "\n%d more fail: see `posture findings --status fail`.\n", more)
	}
}

// markdownSigns have a meaning in Markdown within a line, or in the HTML that it
// may hold. A mention (@) notifies people, # links to issues, : and . make
// addresses into links.
const markdownSigns = "\\`*_{}[]<>#!|~@:.&$"

// markdownCell makes a stranger's text inert in a cell of a table.
func markdownCell(text string) string {
	var b strings.Builder
	for _, r := range escape.Line(text) {
		if strings.ContainsRune(markdownSigns, r) {
			_, _ = fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// markdownCode shows a command in a cell, so that nothing in it is markup.
func markdownCode(command string) string {
	var lines []string
	for line := range strings.Lines(escape.Lines(command)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, "<code>"+markdownCell(line)+"</code>")
		}
	}
	return strings.Join(lines, "<br>")
}
