package weekly

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"posture/internal/escape"
	"posture/internal/posture"
)

// The bounds of what the HTML form has of single findings. JSON and CSV have
// more of them.
const (
	rowsWhole   = 1500 // rows with evidence and command, the most severe first
	rowsNamed   = 5000 // rows at all
	groupWhole  = 20   // rows with evidence and command of one rule
	groupFolded = 20   // from more rows than these on a rule is one line to be opened
	linksNamed  = 20   // links to rows of one owner or account
	dueNamed    = 100  // links to rows that are past due
	commandCut  = 1500 // longer commands are left to the CSV form
)

// ruleRows is the rows of one rule.
type ruleRows struct {
	rule RuleCount
	rows []Row
	n    int // of them, those that a list leaves out included
}

// byRule returns rows by their rules, in the order in which the rules come
// first. Of open rows n counts all.
func (p Page) byRule(rows []Row) []*ruleRows {
	known := map[string]RuleCount{}
	for _, r := range p.Failing.Items {
		known[r.Rule] = r
	}
	var groups []*ruleRows
	at := map[string]*ruleRows{}
	for _, row := range rows {
		group := at[row.Rule]
		if group == nil {
			rule, ok := known[row.Rule]
			if !ok {
				rule = RuleCount{Rule: row.Rule, Title: cmp.Or(row.Title, row.Rule), Severity: row.Severity}
			}
			group = &ruleRows{rule: rule}
			at[row.Rule], groups = group, append(groups, group)
		}
		group.rows = append(group.rows, row)
		group.n++
	}
	return groups
}

// rowList is how rows of one sort are shown.
type rowList struct {
	prefix string           // of their ids
	meta   func(Row) markup // what is said of one below its sentence
	whole  int              // how many more rows may be shown with evidence and command
	named  int              // how many more rows may be shown at all
	seen   map[string]int
	opened bool // evidence and command are shown without a click
}

func newList(prefix string, meta func(Row) markup) *rowList {
	return &rowList{prefix: prefix, meta: meta, whole: rowsWhole, named: rowsNamed, seen: map[string]int{}}
}

// place returns the id of a row: "f-0123456789ab".
func place(prefix, fingerprint string) string {
	return prefix + "-" + fingerprint[:min(12, len(fingerprint))]
}

// group adds the rows of one rule under its title. A group of many is one line
// with a count, to be opened.
func (d *document) group(l *rowList, g *ruleRows, id string) {
	head := label(g.rule.Severity) + ` <b>` + text(g.rule.Title) + `</b> <span class="count">` + text(number(int64(g.n), "finding")) + `</span>`
	folded := g.n > groupFolded
	if folded {
		d.add(`<details class="group" id="`, anchor(id), `"><summary>`, head, `</summary>`)
	} else {
		d.add(`<div class="group" id="`, anchor(id), `"><p class="head">`, head, `</p>`)
	}
	d.about(g.rule)
	d.rows(l, g)
	if folded {
		d.add(`</details>`)
	} else {
		d.add(`</div>`)
	}
}

// about says what a rule is about.
func (d *document) about(r RuleCount) {
	line := code(r.Rule)
	for _, id := range r.SOC2 {
		line += ` · ` + jump("c-"+id, id)
	}
	if link := outside(r.Reference, "reference"); link != "" {
		line += ` · ` + link
	}
	d.add(`<p class="soft">`, line, `</p>`)
	if r.Why != "" {
		d.add(`<p class="why">`, prose(r.Why), `</p>`)
	}
	if r.Note != "" {
		d.add(`<p class="why"><b>Note:</b> `, prose(r.Note), `</p>`)
	}
}

// rows adds rows: the first ones whole, then those that are only named.
func (d *document) rows(l *rowList, g *ruleRows) {
	whole := min(len(g.rows), groupWhole, l.whole, l.named)
	named := min(len(g.rows)-whole, l.named-whole)
	l.whole, l.named = l.whole-whole, l.named-whole-named
	if whole > 0 {
		d.add(`<ul class="rows">`)
		for _, row := range g.rows[:whole] {
			d.finding(l, row)
		}
		d.add(`</ul>`)
	}
	if named > 0 {
		d.add(`<details><summary>`, text(fmt.Sprintf("%d more: their evidence and commands are in the CSV form", named)), `</summary><ul class="names">`)
		for _, row := range g.rows[whole : whole+named] {
			d.add(`<li id="`, l.id(row), `">`, l.meta(row), `</li>`)
		}
		d.add(`</ul></details>`)
	}
	if left := g.n - whole - named; left > 0 {
		d.note(fmt.Sprintf("+%d more: the CSV form has them, or posture findings", left))
	}
}

// id returns the id of a row, which no other row has.
func (l *rowList) id(row Row) markup {
	id := place(l.prefix, row.Fingerprint)
	if l.seen[id]++; l.seen[id] > 1 {
		id += fmt.Sprint("-", l.seen[id])
	}
	return anchor(id)
}

// finding adds one row with its evidence and command.
func (d *document) finding(l *rowList, row Row) {
	d.add(`<li id="`, l.id(row), `"><p class="says">`, text(row.says()), `</p><p class="soft">`, l.meta(row), `</p>`)
	opened := map[bool]string{true: ` open="open"`}[l.opened]
	d.b.WriteString(`<details` + opened + `><summary>evidence` + map[bool]string{true: " and command"}[row.shows()] + `</summary>`)
	d.add(`<dl><dt>resource</dt><dd>`, code(row.Resource), `</dd>`)
	for _, v := range row.Evidence {
		d.add(`<dt>`, code(strings.TrimPrefix(v.Path, "resource.")), `</dt><dd>`, code(legible(v)), `</dd>`)
	}
	d.add(`</dl>`)
	if row.shows() {
		d.add(`<pre>`, markup(escape.HTML(escape.Lines(row.Command))), `</pre>`)
	}
	if link := outside(row.Link, "open in the console"); link != "" {
		d.add(`<p>`, link, `</p>`)
	}
	d.add(`</details></li>`)
}

// says returns how the row fails, or what it is about.
func (r Row) says() string {
	if r.Sentence != "" {
		return r.Sentence
	}
	return r.Name + ": " + cmp.Or(r.Title, r.Rule)
}

// shows reports whether the row's command is shown: whole, or not at all.
func (r Row) shows() bool { return r.Command != "" && len(r.Command) <= commandCut }

// legible writes a value of evidence.
func legible(v posture.Value) string {
	plain := v.Legible()
	if word, ok := plain.(string); ok {
		return word
	}
	body, err := json.Marshal(plain)
	if err != nil { // it came from JSON
		return ""
	}
	return string(body)
}

// where says which resource a row is about.
func (r Row) where() markup {
	account := string(r.Provider) + "/" + r.Account
	if r.AccountName != "" {
		account = r.AccountName + " " + account
	}
	return `<b>` + text(r.Name) + `</b> · ` + text(account+" · "+r.Region+" · "+r.owner())
}

func (r Row) owner() string {
	if r.Owner == "" {
		return "unowned"
	}
	return "owner " + r.Owner
}

// since says since when a row fails, and by when it is to be fixed.
func (r Row) since() string {
	text := "failing since " + when(r.Since)
	if r.Earlier {
		text += " or earlier"
	} else if r.LastPass.Before(r.Since) {
		text = "passed " + when(r.LastPass) + ", " + text
	}
	return text + " UTC"
}

// metaOpen is what is said of an open row.
func (p Page) metaOpen(r Row) markup {
	line := r.where() + ` · ` + text(r.since())
	if r.Stale {
		line += ` · not read by the latest run`
	}
	switch {
	case r.PastDue:
		line += ` · <b class="late">` + text("past due since "+r.Due.UTC().Format(dateOnly)) + `</b>`
	case !r.Due.IsZero():
		line += ` · ` + text("due "+r.Due.UTC().Format(dateOnly))
	}
	return line
}

// dateOnly is how days are written.
const dateOnly = "2006-01-02"

// metaBegan is what is said of a row that regressed.
func metaBegan(r Row) markup {
	line := r.where() + ` · ` + text(r.since())
	if r.Reopened {
		line += ` · <b>reopened: it had been fixed before</b>`
	}
	return line + ` · <b>` + text(map[string]string{
		"fails": "fails now", "passes": "passes again", "accepted": "accepted by an exemption", "not read": "not read by the latest run", "gone": "resource is gone",
	}[r.Now]) + `</b>`
}

// metaEnded is what is said of a row that was fixed.
func metaEnded(r Row) markup {
	line := r.where() + ` · ` + text("fixed "+when(r.At)+" UTC")
	if r.Took != nil && r.Took.String() != "" {
		line += text(", had failed for " + r.Took.String())
	}
	if r.Now == "fails" {
		line += ` · <b>fails again</b>`
	}
	return line
}

// links adds rows in a line each, which lead to those that are open, as far as
// the page has them.
func (d *document) links(open *rowList, rows []Row, more int) {
	d.add(`<ul class="names">`)
	for _, row := range rows {
		to := text(row.says())
		if open.seen[place("f", row.Fingerprint)] > 0 {
			to = jump(place("f", row.Fingerprint), row.says())
		}
		d.add(`<li>`, label(row.Severity), ` `, to, `</li>`)
	}
	if more > 0 {
		d.add(`<li>`, text(fmt.Sprintf("+%d more", more)), `</li>`)
	}
	d.add(`</ul>`)
}
