package weekly

import (
	"strconv"
	"strings"

	"posture/internal/escape"
)

// markup is HTML that the program itself wrote. What anybody else may have
// written becomes part of a page by text only, which makes it inert: a
// variable of type string is no markup to the compiler. html/template is not
// used because executing a template would link every method of every SDK into
// the functions that keep pages.
type markup string

// textLimit is how long a text may be in a page, in UTF-16 units.
const textLimit = 300

// text returns text as markup.
func text(s string) markup { return markup(escape.HTML(escape.Cut(escape.Line(s), textLimit))) }

// code returns text in the type of programs.
func code(s string) markup { return "<code>" + text(s) + "</code>" }

// count returns a number as markup.
func count(n int) markup { return markup(strconv.Itoa(n)) }

// cell is one cell of a table.
type cell struct {
	content markup
	number  bool
}

func words(s string) cell  { return cell{content: text(s)} }
func names(s string) cell  { return cell{content: code(s)} }
func num(n int) cell       { return cell{count(n), true} }
func amount(s string) cell { return cell{text(s), true} }
func some(n int) cell      { return amount(blankZero(n)) }
func marked(m markup) cell { return cell{content: m} }

func blankZero(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// document collects markup.
type document struct{ b strings.Builder }

func (d *document) add(parts ...markup) {
	for _, part := range parts {
		d.b.WriteString(string(part))
	}
	d.b.WriteByte('\n')
}

// para adds a paragraph of text in a soft tone.
func (d *document) note(s string) { d.add(`<p class="soft">`, text(s), `</p>`) }

// heading adds a section's heading.
func (d *document) heading(id markup, s string) { d.add(`<h2 id="`, id, `">`, text(s), `</h2>`) }

// table adds a table, and under it how many rows are left out.
func (d *document) table(heads []cell, rows [][]cell, more int) {
	if len(rows) == 0 {
		return
	}
	d.add(`<div class="scroll"><table><thead>`)
	d.row("th", heads)
	d.add(`</thead><tbody>`)
	for _, row := range rows {
		d.row("td", row)
	}
	d.add(`</tbody></table></div>`)
	if more > 0 {
		d.add(`<p class="soft">+`, count(more), ` more</p>`)
	}
}

func (d *document) row(tag markup, cells []cell) {
	d.b.WriteString("<tr>")
	for _, c := range cells {
		class := markup("")
		if c.number {
			class = ` class="n"`
		}
		d.b.WriteString(string("<" + tag + class + ">" + c.content + "</" + tag + ">"))
	}
	d.b.WriteString("</tr>\n")
}

// tile adds one figure with what it is.
func (d *document) tile(figure, of string) {
	d.add(`<div class="tile"><b>`, text(figure), `</b><span>`, text(of), `</span></div>`)
}
