package report

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"posture/internal/escape"
)

// cellLimit is how long a cell of a table may be, in UTF-16 units.
const cellLimit = 120

// Table is rows under a heading, for people to read.
type Table struct {
	head   table.Row
	rows   []table.Row
	widths []int // of the columns, in characters
}

// NewTable returns a table without rows.
func NewTable(head ...string) *Table {
	t := &Table{}
	t.widen(head)
	for _, name := range head {
		t.head = append(t.head, name)
	}
	return t
}

// cell returns what is shown in a cell, in which a stranger may have written.
func cell(text string) string { return escape.Cut(escape.Line(text), cellLimit) }

// widen makes columns as wide as the cells.
func (t *Table) widen(cells []string) {
	for i, cell := range cells {
		if i == len(t.widths) {
			t.widths = append(t.widths, 0)
		}
		t.widths[i] = max(t.widths[i], text.StringWidthWithoutEscSequences(cell))
	}
}

// Add adds a row. Cells may hold names that strangers chose.
func (t *Table) Add(cells ...string) {
	var row table.Row
	for i := range cells {
		cells[i] = cell(cells[i])
		row = append(row, cells[i])
	}
	t.widen(cells)
	t.rows = append(t.rows, row)
}

// Len returns how many rows there are.
func (t *Table) Len() int { return len(t.rows) }

// Write writes the table; nothing when it has no rows.
func (t *Table) Write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	out := table.NewWriter()
	out.SetStyle(table.StyleLight)
	out.Style().Options = table.OptionsNoBordersAndSeparators
	out.Style().Format.Header = text.FormatDefault
	out.Style().Box.PaddingLeft, out.Style().Box.PaddingRight = "", "  "
	var columns []table.ColumnConfig
	for i, width := range t.widths {
		columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMin: width})
	}
	out.SetColumnConfigs(columns)
	out.AppendHeader(t.head)
	out.AppendRows(t.rows)
	var b strings.Builder
	for line := range strings.Lines(out.Render() + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
