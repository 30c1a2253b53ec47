package report

import (
	"io"
	"slices"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
	"posture/internal/snapshot"
)

// rowsAtOnce is how many rows of findings are laid out at a time.
const rowsAtOnce = 1000

// accountColumn is where the account is shown, if it is.
const accountColumn = 3

// findingsTable is all findings as rows, in order. The rows are sorted where
// they take little room, and columns are as wide as the widest row needs before
// the first is written.
type findingsTable struct {
	*Table
	sorter   snapshot.Sorter
	account  string // of the first finding
	accounts bool   // there are several
}

// writeTable writes the findings by severity, the most severe first.
func writeTable(w io.Writer, f Findings) error {
	t := findingsTable{Table: NewTable("severity", "status", "rule", "account", "region", "resource", "because")}
	for finding, err := range f.Items {
		if err != nil {
			return err
		}
		if err := t.take(f.entry(finding)); err != nil {
			return err
		}
	}
	if !t.accounts {
		t.head = slices.Delete(t.head, accountColumn, accountColumn+1)
		t.columns = slices.Delete(t.columns, accountColumn, accountColumn+1)
	}
	for row, err := range t.sorter.All() {
		if err != nil {
			return err
		}
		t.show(strings.Split(string(row.Line), "\x00"), f.Color)
		if t.Len() == rowsAtOnce {
			if err := t.Write(w); err != nil {
				return err
			}
			t.head, t.rows, t.colors = nil, nil, nil // the next rows go below, under no heading
		}
	}
	return t.Write(w)
}

// take sorts the row of a finding in, always with the account.
func (t *findingsTable) take(e entry) error {
	if t.account == "" {
		t.account = e.Account
	}
	t.accounts = t.accounts || e.Account != t.account
	cells := inert([]string{ // what is left holds no NUL
		string(e.Severity), string(e.Status) + exempted(e), e.Rule, e.Account, e.Region,
		escape.Name(short(e.Name)), because(e.Finding),
	})
	t.widen(cells)
	return t.sorter.Add(order(e), []byte(strings.Join(cells, "\x00")))
}

// show adds a row that comes next.
func (t *findingsTable) show(cells []string, color bool) {
	if !t.accounts {
		cells = slices.Delete(cells, accountColumn, accountColumn+1)
	}
	t.Add(cells...)
	if color {
		t.paint(posture.Severity(cells[0]))
	}
}

// order returns what rows are sorted by: severity, status, rule and resource.
func order(e entry) string {
	severity := slices.Index(posture.Severities, e.Severity)
	status := slices.Index([]posture.Status{posture.Fail, posture.Unknown, posture.Pass}, e.Status)
	return string([]byte{byte(severity + 1), byte(status + 1)}) + e.Rule + "\x00" + e.Resource
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

// paint colours the severity that begins the last row.
func (t *Table) paint(severity posture.Severity) {
	colors := map[posture.Severity]string{posture.Critical: "\x1b[1;31m", posture.High: "\x1b[31m", posture.Medium: "\x1b[33m"}
	if color, painted := colors[severity]; painted {
		t.colors[len(t.colors)-1] = color
	}
}
