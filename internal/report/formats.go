package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"posture/internal/escape"
	"posture/internal/posture"
)

// writeJSON writes one document: {"run", "scanned", "tool", "findings": [...]}.
func writeJSON(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	head, err := marshal(map[string]string{"run": f.Run.String(), "scanned": f.Run.Slot().Format(time.RFC3339), "tool": f.Tool})
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
		line, err := marshal(f.entry(finding))
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

// marshal returns the value's JSON in which every character that a terminal
// could take for a command, or that is not seen, is written as an escape. Who
// decodes it gets the value as it was.
func marshal(value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return escape.JSON(plain), nil
}

// writeNDJSON writes one document per line.
func writeNDJSON(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		line, err := marshal(f.entry(finding))
		if err != nil {
			return err
		}
		_, _ = out.Write(append(line, '\n'))
	}
	return out.Flush()
}

// columns are those of the CSV format.
var columns = []string{ //nolint:gochecknoglobals // constant
	"status", "severity", "category", "rule", "title", "provider", "account", "region", "type", "resource", "name",
	"owner", "exemption", "soc2", "sentence", "evidence", "command", "run", "scanned", "fingerprint",
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
		row := []string{
			string(e.Status), string(e.Severity), string(e.Category), e.Rule, e.Title, string(e.Provider), e.Account,
			e.Region, e.Type, e.Resource, e.Name, e.Owner, acceptance(e.Exemption), strings.Join(e.SOC2, " "), e.Sentence, told(e.Finding), e.Command,
			f.Run.String(), f.Run.Slot().Format(time.RFC3339), e.Fingerprint,
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

// acceptance names an exemption, and says when it no longer holds.
func acceptance(e *posture.Exemption) string {
	switch {
	case e == nil:
		return ""
	case e.Expired:
		return e.ID + " (expired)"
	default:
		return e.ID
	}
}

// writeTable writes the findings by severity, the most severe first.
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
	accounts := map[string]bool{}
	for _, e := range entries {
		accounts[e.Account] = true
	}
	return f.rows(entries, len(accounts) > 1).Write(w)
}

// rows returns the table's rows, with the account where there are several.
func (f Findings) rows(entries []entry, account bool) *Table {
	head := []string{"severity", "status", "rule", "region", "resource", "because"}
	if account {
		head = slices.Insert(head, 3, "account")
	}
	table := NewTable(head...)
	for _, e := range entries {
		cells := []string{string(e.Severity), string(e.Status) + exempted(e), e.Rule, e.Region, escape.Name(short(e.Name)), escape.Cut(because(e.Finding), 100)}
		if account {
			cells = slices.Insert(cells, 3, e.Account)
		}
		table.Add(cells...)
		if f.Color {
			table.paint(e.Severity)
		}
	}
	return table
}

// short returns what tells a resource from its like when it has no other name
// than its ARN.
func short(name string) string {
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[5]
	}
	return name
}

// exempted marks a finding that is accepted for now.
func exempted(e entry) string {
	if e.Exemption.Live() {
		return " (exempted)"
	}
	return ""
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

// paint colours the severity that begins the last row.
func (t *Table) paint(severity posture.Severity) {
	colors := map[posture.Severity]string{posture.Critical: "\x1b[1;31m", posture.High: "\x1b[31m", posture.Medium: "\x1b[33m"}
	if color, painted := colors[severity]; painted {
		t.rows[len(t.rows)-1][0] = color + string(severity) + "\x1b[0m"
	}
}
