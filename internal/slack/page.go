package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"posture/internal/drift"
	"posture/internal/escape"
	"posture/internal/posture"
)

// How long the parts of a message may be, in bytes unless said otherwise.
const (
	headerLimit = 150 // UTF-16 units: Slack's own bound
	factLimit   = 200
	detailLimit = 300
	proseLimit  = 700
	fixLimit    = 900
	fixLines    = 12
)

// page is a message before it takes the form of blocks or of lines for a
// terminal. Every string in it was made inert.
type page struct {
	prefix   string // "Critical", "Resolved · high"
	severity posture.Severity
	title    string // what is wrong with which resource
	push     string // where, ahead of the title in a notification; "" for nowhere
	subject  string // what is concerned, in one sentence; "" where the facts say it
	notes    []string
	facts    []fact
	lists    []list
	settling int // which of the lists, from 1, has the resources that may end; 0 for none
	why      string
	fix      string // the command
	fixOf    string // the resource that it fixes, of several
	note     string // what the command does and what to watch
	brief    string // as much of the note as messages show
	buttons  []button
	footer   string
}

// dueLabel is the label of until when something is to be fixed.
const dueLabel = "Fix by"

// fact is a labelled line. It may begin with a linked name.
type fact struct{ label, text, url, linked string }

// line returns the fact as text.
func (f fact) line() string {
	if f.linked == "" {
		return f.text
	}
	return f.linked + " · " + f.text
}

// button is a link that is shown as a button.
type button struct{ label, url string }

// list is a headed list of rows; some may be left out.
type list struct {
	heading string
	rows    []row
	more    int // left out
}

// row is one entry of a list.
type row struct {
	name    string
	url     string // of a console, or empty
	struck  bool   // it is settled
	details []string
}

// pageOf returns the page of an alert.
func pageOf(a drift.Alert) page {
	p := page{prefix: prefix(a), severity: a.Severity}
	switch a.Kind {
	case drift.MassChange, drift.MassExpired, drift.MassUnstable, drift.MassClosed:
		p.mass(a)
	case drift.Baseline:
		p.baseline(a)
	case drift.TargetGone:
		p.gone(a)
	case drift.TargetBack:
		p.back(a)
	case drift.RulesChanged:
		p.rulesChanged(a)
	case drift.ScannerProblem:
		p.problem(a)
	case drift.RunMissed:
		p.missed(a)
	case drift.Weekly:
		p.week(a)
		return p
	default:
		p.change(a)
		p.link("Run", a.Link)
		return p
	}
	p.finish(a)
	return p
}

// prefix returns what a headline begins with: of what regressed the
// severity alone, of all else what happened.
func prefix(a drift.Alert) string {
	severity := text(string(a.Severity), factLimit)
	if a.Kind == drift.MassClosed { // as bad as it was, it is over
		return word(a.End())
	}
	switch {
	case severity == "":
		return word(a.Kind)
	case a.Kind == drift.Regressed, a.Kind == drift.Appeared, a.Kind == drift.MassChange:
		return capital(severity)
	default:
		return word(a.Kind) + " · " + severity
	}
}

// word returns the kind as people say it.
func word(kind drift.Kind) string {
	switch kind {
	case drift.Baseline:
		return "First scan"
	case drift.RunMissed:
		return "Scans stopped"
	case drift.MassUnstable:
		return "Unstable"
	}
	said := text(strings.ReplaceAll(string(kind), "-", " "), factLimit)
	if said == "" {
		return "Alert"
	}
	return capital(said)
}

// capital returns the text with its first letter, of whatever alphabet, as a
// capital.
func capital(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:size]) + s[size:]
}

// finish sets the last line of what is about many rules.
func (p *page) finish(a drift.Alert) {
	parts := []string{"run " + escape.Name(a.Run.String())}
	if a.Missed != nil {
		parts = []string{moment(a.Time)} // of no run
	}
	if a.Coverage != nil {
		parts = append(parts, coverage(*a.Coverage))
	}
	if p.footer != "" {
		parts = append([]string{p.footer}, parts...)
	}
	p.footer = strings.Join(parts, " · ")
	p.link("Run", a.Link)
}

// headline returns what happened in one line.
func (p page) headline() string { return p.prefix + ": " + p.title }

// link adds a button, unless the address cannot be linked to.
func (p *page) link(label, address string) {
	if url := link(address); url != "" {
		p.buttons = append(p.buttons, button{label, url})
	}
}

// fact adds a labelled line, unless it says nothing.
func (p *page) fact(label, value string) {
	if value = text(value, factLimit); value != "" {
		p.facts = append(p.facts, fact{label: label, text: value})
	}
}

// list adds a list, unless it is empty. A row without a name gets a dash.
func (p *page) list(heading string, rows []row, more int) {
	for i := range rows {
		rows[i].name = cmp.Or(rows[i].name, "-")
	}
	if len(rows) > 0 {
		p.lists = append(p.lists, list{heading, rows, more})
	}
}

// resources adds the list of an alert's resources.
func (p *page) resources(heading string, rows []row, more int) {
	if p.list(heading, rows, more); len(rows) > 0 {
		p.settling = len(p.lists)
	}
}

// command returns a command as inert lines, "" for one that is too long to show:
// cut in the middle it would be another one.
func command(fix string) string {
	shown := escape.Lines(fix)
	if len(shown) > fixLimit || strings.Count(shown, "\n") >= fixLines {
		return ""
	}
	return shown
}

// text returns s as one inert line of at most limit bytes.
func text(s string, limit int) string { return escape.CutBytes(escape.Line(s), limit) }

// short returns the start of a digest or of an identity.
func short(s string) string { return escape.Line(s[:min(len(s), 12)]) }

// moment returns a time for people, in UTC, or "never" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return posture.Never
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// near returns a time in UTC as people say one that is not far from another:
// without its year if that is the same.
func near(t, other time.Time) string {
	if t.UTC().Year() == other.UTC().Year() {
		return t.UTC().Format("2 Jan 15:04")
	}
	return t.UTC().Format("2 Jan 2006 15:04")
}

// coverage says how much a run has read.
func coverage(c drift.Coverage) string {
	s := fmt.Sprintf("coverage %.1f%% (%d of %d judged)", c.Percent(), c.Read, c.Total)
	if c.Accepted > 0 {
		s += fmt.Sprintf(", %d accepted as unread", c.Accepted)
	}
	if c.Low() {
		s += fmt.Sprintf(", under the floor of %.4g%%", c.Floor)
	}
	return s
}

// plural returns "1 resource" or "3 resources".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// place returns a target with the name that people use for it.
func place(t posture.Target) string {
	if t.Name == "" || t.Name == t.Account {
		return escape.Name(t.String())
	}
	return escape.Name(t.Name) + " (" + escape.Name(t.String()) + ")"
}

// values returns what decided a finding, as "path = value; path = value".
func values(read []posture.Value) string {
	var parts []string
	for _, v := range read {
		if !v.Idle {
			parts = append(parts, text(v.Path, factLimit)+" = "+text(actual(v), factLimit))
		}
	}
	return text(strings.Join(parts, "; "), detailLimit)
}

// actual returns a value that a rule read.
func actual(v posture.Value) string {
	if shown := v.Legible(); shown != posture.Never {
		return value(shown)
	}
	return posture.Never
}

// value returns a value as compact JSON.
func value(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "-"
	}
	return strings.TrimSpace(b.String())
}
