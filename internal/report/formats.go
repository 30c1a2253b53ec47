package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/snapshot"
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

// ndjson is a finding that says itself which run it is of.
type ndjson struct {
	entry
	Run     posture.RunID `json:"run"`
	Scanned string        `json:"scanned"`
}

// writeNDJSON writes one document per line.
func writeNDJSON(w io.Writer, f Findings) error {
	out := bufio.NewWriter(w)
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		line, err := marshal(ndjson{f.entry(finding), f.Run, f.Run.Slot().Format(time.RFC3339)})
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

// writeCSV writes the findings by severity, the most severe first; those of one severity
// stay in their order.
func writeCSV(w io.Writer, f Findings) error {
	var sorter snapshot.Sorter
	n := 0
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		e := f.entry(finding)
		if err := sorter.Add(fmt.Sprintf("%d %012d", e.Severity.Rank(), n), []byte(strings.Join(f.cells(e), "\x00"))); err != nil {
			return err
		}
		n++
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for row, err := range sorter.All() {
		if err != nil {
			return err
		}
		if err := out.Write(strings.Split(string(row.Line), "\x00")); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cells returns the row of a finding: no cell is a formula or holds a NUL.
func (f Findings) cells(e entry) []string {
	row := []string{
		string(e.Status), string(e.Severity), string(e.Category), e.Rule, e.Title, string(e.Provider), e.Account,
		e.Region, e.Type, e.Resource, e.Name, e.Owner, acceptance(e.Exemption), strings.Join(e.SOC2, " "), e.Sentence, evidence(e.Finding), e.Command,
		f.Run.String(), f.Run.Slot().Format(time.RFC3339), e.Fingerprint,
	}
	for i := range row {
		clean := escape.Line
		if columns[i] == "command" {
			clean = escape.Lines // one line each, to be pasted as it stands
		}
		row[i] = escape.Cell(clean(row[i]))
	}
	return row
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
