package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
	state    string // "REGRESSED"
	severity posture.Severity
	title    string
	subject  string // what is concerned, in one sentence
	notes    []string
	facts    []fact
	lists    []list
	why      string
	fix      string
	footer   string
}

// fact is a labelled line.
type fact struct{ label, text string }

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
	p := page{state: text(a.Kind.Word(), factLimit), severity: a.Severity}
	switch a.Kind {
	case drift.MassChange, drift.MassExpired, drift.MassClosed:
		p.mass(a)
	case drift.Baseline:
		p.baseline(a)
	case drift.RulesChanged:
		p.rulesChanged(a)
	case drift.ScannerProblem:
		p.problem(a)
	case drift.RunMissed:
		p.missed(a)
	default:
		p.change(a)
	}
	p.finish(a)
	return p
}

// finish sets what all kinds have in common.
func (p *page) finish(a drift.Alert) {
	parts := []string{"run " + escape.Name(a.Run.String()) + " of " + moment(a.Time)}
	if a.Missed != nil {
		parts = []string{moment(a.Time)} // of no run
	}
	if a.Coverage != nil {
		parts = append(parts, coverage(*a.Coverage))
	}
	if a.Rule != nil && a.Rule.Digest != "" {
		parts = append(parts, "rule "+escape.Name(a.Rule.ID)+" "+short(a.Rule.Digest))
	}
	if len(a.Resources) > 0 && a.Resources[0].Fingerprint != "" {
		parts = append(parts, "finding "+short(a.Resources[0].Fingerprint))
	}
	p.footer = strings.Join(append(parts, "alert "+short(a.Key)), " · ")
}

// headline returns state, severity and title in one line.
func (p page) headline() string {
	if p.severity == "" {
		return p.state + ": " + p.title
	}
	return p.state + " · " + text(string(p.severity), factLimit) + ": " + p.title
}

// fact adds a labelled line, unless it says nothing.
func (p *page) fact(label, value string) {
	if value = text(value, factLimit); value != "" {
		p.facts = append(p.facts, fact{label, value})
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

// command returns what to do about a failing rule: a few inert lines.
func command(fix string) string {
	lines := strings.Split(escape.Lines(fix), "\n")
	return escape.CutBytes(strings.Join(lines[:min(len(lines), fixLines)], "\n"), fixLimit)
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

// coverage says how much a run has read.
func coverage(c drift.Coverage) string {
	s := fmt.Sprintf("coverage %.1f%% (%d of %d judged)", c.Percent(), c.Read, c.Total)
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

// values returns what a rule read, as "path = value; path = value".
func values(read []posture.Value) string {
	var parts []string
	for _, v := range read {
		parts = append(parts, text(v.Path, factLimit)+" = "+text(actual(v), factLimit))
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
