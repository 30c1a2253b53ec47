package weekly

import (
	"fmt"
	"strconv"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
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

// proseLimit is how long the texts of a rule may be in a page.
const proseLimit = 700

// prose returns a text of a rule as markup.
func prose(s string) markup { return markup(escape.HTML(escape.Cut(escape.Line(s), proseLimit))) }

// code returns text in the type of programs.
func code(s string) markup { return "<code>" + text(s) + "</code>" }

// count returns a number as markup.
func count(n int) markup { return markup(strconv.Itoa(n)) }

// cell is one cell of a table.
type cell struct {
	content markup
	number  bool
	wide    bool   // only shown where there is room
	id      string // by which links find it; "" for none
}

func words(s string) cell  { return cell{content: text(s)} }
func names(s string) cell  { return cell{content: code(s)} }
func num(n int) cell       { return cell{content: count(n), number: true} }
func amount(s string) cell { return cell{content: text(s), number: true} }
func some(n int) cell      { return amount(blankZero(n)) }
func marked(m markup) cell { return cell{content: m} }

// roomy is a cell that is left out where the page is narrow, as on a phone.
func roomy(m markup) cell { return cell{content: m, wide: true} }

// numbered is a number that leads to its rows.
func numbered(to string, n int) cell { return leading(to, n, blankZero(n)) }

// leading is a number as it is shown, which leads to its rows where there are any.
func leading(to string, n int, shown string) cell {
	if n == 0 || to == "" {
		return amount(shown)
	}
	return cell{content: jump(to, shown), number: true}
}

func blankZero(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// document collects markup.
type document struct {
	b        strings.Builder
	contents []section
	named    map[string]int // names of boxes, which differ from each other
}

// section is one entry of the list of contents.
type section struct{ id, title string }

func (d *document) add(parts ...markup) {
	for _, part := range parts {
		d.b.WriteString(string(part))
	}
	d.b.WriteByte('\n')
}

// note adds a paragraph of text in a soft tone.
func (d *document) note(s string) { d.add(`<p class="soft">`, text(s), `</p>`) }

// heading begins a section, which the list of contents names.
func (d *document) heading(id, s string) {
	d.contents = append(d.contents, section{id, s})
	d.add(`<h2 id="`, anchor(id), `">`, text(s), `</h2>`)
}

// part begins a part of a section.
func (d *document) part(s string) { d.add(`<h3>`, text(s), `</h3>`) }

// name returns a name that no other box has.
func (d *document) name(s string) markup {
	if d.named == nil {
		d.named = map[string]int{}
	}
	if d.named[s]++; d.named[s] > 1 {
		s = fmt.Sprintf("%s (%d)", s, d.named[s])
	}
	return text(s)
}

// table adds a table with its caption in a box that a keyboard can scroll, and
// under it how many rows are left out.
func (d *document) table(caption string, heads []cell, rows [][]cell, more int) {
	if len(rows) == 0 {
		return
	}
	d.add(`<div class="scroll" role="region" tabindex="0" aria-label="`, d.name(caption), `"><table><caption>`, text(caption), `</caption><thead>`)
	d.row(heads, `th scope="col"`)
	d.add(`</thead><tbody>`)
	for _, row := range rows {
		d.row(row, "td")
	}
	d.add(`</tbody></table></div>`)
	if more > 0 {
		d.note(fmt.Sprintf("+%d more", more))
	}
}

// row adds one row. Its first cell says what the row is about.
func (d *document) row(cells []cell, open markup) {
	d.b.WriteString("<tr>")
	for i, c := range cells {
		tag := open
		if i == 0 && open == "td" {
			tag = `th scope="row"`
		}
		name, _, _ := strings.Cut(string(tag), " ")
		class := markup("")
		switch {
		case c.number:
			class = ` class="n"`
		case c.wide:
			class = ` class="wide"`
		}
		if c.id != "" {
			class += ` id="` + anchor(c.id) + `"`
		}
		d.b.WriteString(string("<" + tag + class + ">" + c.content + "</" + markup(name) + ">"))
	}
	d.b.WriteString("</tr>\n")
}

// tile adds one figure with what it is, which leads to its rows.
func (d *document) tile(to, figure string, of markup) {
	d.add(`<li><a class="tile" href="#`, anchor(to), `"><b>`, text(figure), `</b><span>`, of, `</span></a></li>`)
}

// anchor returns an id for a place on the page.
func anchor(s string) markup {
	return markup(strings.Map(func(r rune) rune {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '.') {
			return r
		}
		return '_'
	}, s))
}

// jump links to a place on the page.
func jump(to, s string) markup { return `<a href="#` + anchor(to) + `">` + text(s) + `</a>` }

// outside links to another page, where the address is one that a browser
// opens as such.
func outside(address, s string) markup {
	if !strings.HasPrefix(address, "https://") {
		return ""
	}
	return `<a rel="noreferrer" href="` + markup(escape.HTML(escape.Line(address))) + `">` + text(s) + `</a>`
}

// label shows a severity as a word on its colour.
func label(s posture.Severity) markup {
	class := markup("low")
	if s.Rank() < len(posture.Severities) {
		class = markup(s)
	}
	return `<span class="sev ` + class + `">` + text(string(s)) + `</span>`
}
