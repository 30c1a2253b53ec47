package report

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"posture/internal/escape"
)

// How long cells may be, in UTF-16 units: the last one of a row makes no other
// row longer.
const (
	cellLimit = 120
	lastLimit = 500
)

// gap is what is between two columns.
const gap = "  "

// Table is rows under a heading, for people to read.
type Table struct {
	head    []string // nil: none
	rows    [][]string
	colors  []string // of the first cell of each row; "" for none
	columns []column
}

// column is what is known of a column's cells, written or still to come.
type column struct {
	width     int  // of the widest
	sentences bool // and not only words
}

// Columns is a writer that knows how many columns what it writes to has; 0 for
// any number.
type Columns interface{ Columns() int }

// NewTable returns a table without rows.
func NewTable(head ...string) *Table {
	t := &Table{head: head, columns: make([]column, len(head))}
	for i, name := range head {
		t.columns[i].width = text.StringWidth(name)
	}
	return t
}

// inert returns what is shown in the cells of a row, in which strangers may have
// written.
func inert(cells []string) []string {
	row := make([]string, len(cells))
	for i, cell := range cells {
		limit := cellLimit
		if i == len(cells)-1 {
			limit = lastLimit
		}
		row[i] = escape.Cut(escape.Line(cell), limit)
	}
	return row
}

// widen makes columns as wide as the cells.
func (t *Table) widen(cells []string) {
	for i, cell := range cells {
		t.columns[i].width = max(t.columns[i].width, text.StringWidth(cell))
		t.columns[i].sentences = t.columns[i].sentences || strings.Count(cell, " ") > 2
	}
}

// Add adds a row. Cells may hold names that strangers chose.
func (t *Table) Add(cells ...string) {
	row := inert(cells)
	t.widen(row)
	t.rows = append(t.rows, row)
	t.colors = append(t.colors, "")
}

// Len returns how many rows there are.
func (t *Table) Len() int { return len(t.rows) }

// Write writes the table; nothing when it has no rows. Where w has Columns, no
// row takes more of them: what is too long is cut, a word in its middle and a
// sentence at its end.
func (t *Table) Write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	widths := t.widths(w)
	out := table.NewWriter()
	out.SetStyle(table.StyleLight)
	out.Style().Options = table.OptionsNoBordersAndSeparators
	out.Style().Format.Header = text.FormatDefault
	out.Style().Box.PaddingLeft, out.Style().Box.PaddingRight = "", gap
	var columns []table.ColumnConfig
	for i, width := range widths {
		columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMin: width})
	}
	out.SetColumnConfigs(columns)
	if t.head != nil {
		out.AppendHeader(shortened(t.head, widths, ""))
	}
	for i, row := range t.rows {
		out.AppendRow(shortened(row, widths, t.colors[i]))
	}
	var b strings.Builder
	for line := range strings.Lines(out.Render() + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shortened returns a row with cells of at most those widths, the first one in a
// colour.
func shortened(row []string, widths []int, color string) table.Row {
	var cells table.Row
	for i, cell := range row {
		cells = append(cells, shorten(cell, widths[i]))
	}
	if color != "" {
		cells[0] = color + shorten(row[0], widths[0]) + "\x1b[0m"
	}
	return cells
}

// Columns that need no more than brief are cut only when the others get less than
// fewest.
const (
	brief  = 12
	fewest = 8
)

// widths returns how wide the columns are on w. Where they do not all fit, those
// that need less than their share of the room leave the rest to the others, and
// sentences get twice as much as words. Each gets at least one.
func (t *Table) widths(w io.Writer) []int {
	all := make([]int, len(t.columns))
	widest := 0
	for i, c := range t.columns {
		all[i], widest = c.width, max(widest, c.width)
	}
	narrow, ok := w.(Columns)
	if !ok || narrow.Columns() <= 0 {
		return all
	}
	room := narrow.Columns() - len(gap)*(len(all)-1)
	for share := widest; sum(all) > room && share >= 0; share-- {
		for i, c := range t.columns {
			all[i] = c.shared(share)
		}
	}
	return all
}

// shared returns how wide a column is where words get so much.
func (c column) shared(share int) int {
	switch {
	case c.width <= brief && share >= fewest:
		return c.width
	case c.sentences:
		return min(c.width, max(1, 2*share))
	default:
		return min(c.width, max(1, share))
	}
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}

// shorten returns the text cut to a number of columns: a sentence at its end,
// and a word in its middle, for ids differ at both ends.
func shorten(s string, width int) string {
	if text.StringWidth(s) <= width {
		return s
	}
	before := width - 1
	if !strings.Contains(s, " ") {
		before = width / 2
	}
	return head(s, before) + "…" + tail(s, width-1-before)
}

// head returns as much of the beginning as fits.
func head(s string, width int) string {
	for i, r := range s {
		if width -= text.RuneWidth(r); width < 0 {
			return s[:i]
		}
	}
	return s
}

// tail returns as much of the end as fits.
func tail(s string, width int) string {
	runes := []rune(s)
	for i := len(runes) - 1; i >= 0; i-- {
		if width -= text.RuneWidth(runes[i]); width < 0 {
			return string(runes[i+1:])
		}
	}
	return s
}
