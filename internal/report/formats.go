package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"posture/internal/escape"
	"posture/internal/posture"
)

// writeJSON writes one document: {"run", "tool", "findings": [...]}.
func writeJSON(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	head, err := json.Marshal(map[string]string{"run": f.Run, "tool": f.Tool})
	if err != nil {
		return err
	}
	_, _ = out.Write(head[:len(head)-1]) // a bufio.Writer keeps its error for Flush
	_, _ = out.WriteString(`,"findings":[`)
	separator := "\n"
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		line, err := json.Marshal(f.entry(finding))
		if err != nil {
			return err
		}
		_, _ = out.WriteString(separator)
		_, _ = out.Write(line)
		separator = ",\n"
	}
	_, _ = out.WriteString("\n]}\n")
	return out.Flush()
}

// writeNDJSON writes one document per line.
func writeNDJSON(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		if err := encoder.Encode(f.entry(finding)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// columns are those of the CSV format.
var columns = []string{ //nolint:gochecknoglobals // constant
	"status", "severity", "category", "rule", "title", "provider", "account", "region", "type", "resource", "name",
	"owner", "exemption", "soc2", "why", "fingerprint",
}

func writeCSV(w io.Writer, f Findings) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		e := f.entry(finding)
		exemption := ""
		if e.Exemption != nil {
			exemption = e.Exemption.ID
		}
		row := []string{
			string(e.Status), string(e.Severity), string(e.Category), e.Rule, e.Title, string(e.Provider), e.Account,
			e.Region, e.Type, e.Resource, e.Name, e.Owner, exemption, strings.Join(e.SOC2, " "), told(e.Finding), e.Fingerprint,
		}
		for i := range row {
			row[i] = escape.Cell(escape.Line(row[i]))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeTable writes the findings by severity, the gravest first.
func writeTable(w io.Writer, f Findings) error {
	var entries []entry
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		entries = append(entries, f.entry(finding))
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return rank(a).compare(rank(b))
	})
	out := table.NewWriter()
	out.SetOutputMirror(w)
	out.SetStyle(table.StyleLight)
	out.Style().Options = table.OptionsNoBordersAndSeparators
	out.Style().Format.Header = text.FormatDefault
	out.AppendHeader(table.Row{"severity", "status", "rule", "region", "resource", "because"})
	for _, e := range entries {
		out.AppendRow(table.Row{
			f.paint(e.Severity), e.Status, e.Rule, escape.Name(e.Region), escape.Name(e.Name), escape.Cut(escape.Line(told(e.Finding)), 100),
		})
	}
	if len(entries) > 0 {
		out.Render()
	}
	return nil
}

// order is what table rows are sorted by.
type order struct {
	severity, status int
	rule, resource   string
}

func rank(e entry) order {
	return order{
		slices.Index(posture.Severities, e.Severity),
		slices.Index([]posture.Status{posture.Fail, posture.Unknown, posture.Pass}, e.Status), e.Rule, e.Resource,
	}
}

func (a order) compare(b order) int {
	switch {
	case a.severity != b.severity:
		return a.severity - b.severity
	case a.status != b.status:
		return a.status - b.status
	case a.rule != b.rule:
		return strings.Compare(a.rule, b.rule)
	default:
		return strings.Compare(a.resource, b.resource)
	}
}

// paint colours a severity for a terminal.
func (f Findings) paint(severity posture.Severity) string {
	colors := map[posture.Severity]string{posture.Critical: "\x1b[1;31m", posture.High: "\x1b[31m", posture.Medium: "\x1b[33m"}
	color, painted := colors[severity]
	if !f.Color || !painted {
		return string(severity)
	}
	return color + string(severity) + "\x1b[0m"
}
