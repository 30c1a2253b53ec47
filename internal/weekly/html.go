package weekly

import (
	_ "embed" // for the style
	"fmt"
	"io"
	"strings"
	"time"

	"posture/internal/posture"
)

//go:embed page.css
var style string

// minute is how times are written for people, in UTC.
const minute = "2006-01-02 15:04"

// WriteHTML writes the page as one file that loads nothing: no script, no
// font, no image. It is well-formed XML too. Of very many findings it has the
// most severe ones, see findings.go; CSV and JSON have more.
func (p Page) WriteHTML(w io.Writer) error {
	main := &document{}
	open := newList("f", p.metaOpen)
	for _, section := range []func(*document){
		p.thisWeek, p.urgent, func(d *document) { p.opened(d, open) }, func(d *document) { p.dues(d, open) }, func(d *document) { p.whose(d, open) },
		p.soc2, p.state, p.accepted, p.inventory, p.ruleChanges, p.trusted, p.provenance,
	} {
		section(main)
	}
	d := &document{contents: main.contents}
	d.add(`<!DOCTYPE html>`)
	d.add(`<html lang="en"><head><meta charset="utf-8"/>`)
	d.add(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>`)
	d.add(`<meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="referrer" content="no-referrer"/>`)
	d.add(`<title>`, text("Posture "+p.Week.String()), `</title><style>`, markup(style), `</style></head><body>`)
	p.top(d)
	d.add(`<main>`, markup(main.b.String()), `</main></body></html>`)
	_, err := io.WriteString(w, d.b.String())
	return err
}

// top is what is read if nothing else is.
func (p Page) top(d *document) {
	d.add(`<header><h1>`, text("Posture, week "+p.Week.String()), `</h1>`)
	d.note(fmt.Sprintf("%s to %s (UTC) · %s · report %s", p.From.Format("Mon 2 Jan 2006"), p.To.AddDate(0, 0, -1).Format("Mon 2 Jan 2006"), p.scope(), p.ID))
	d.add(`<p class="headline `, p.tone(), `">`, text(p.Headline), `</p>`)
	if p.underWay() {
		d.note("The week is not over: this is the status as of " + when(p.AsOf) + " UTC.")
	}
	for _, why := range p.NotEnough[min(1, len(p.NotEnough)):] {
		d.note("Also: " + why + ".")
	}
	d.add(`<ul class="tiles">`)
	for _, due := range p.Due {
		d.tile("open-"+string(due.Severity), fmt.Sprint(due.Open), label(due.Severity)+` `+text("open"+p.severityDelta(due.Severity)))
	}
	d.tile("failing", fmt.Sprint(p.Rules.Now.Failing), text("rules fail"+p.Rules.delta()))
	d.tile("due", fmt.Sprint(p.pastDue()), text("past due"))
	d.tile("regressed", fmt.Sprint(p.Movement.Regressed+p.Movement.Appeared), text("regressed this week"))
	d.tile("fixed", fmt.Sprint(p.Movement.fixed()), text("fixed this week"))
	d.tile("exemptions", fmt.Sprint(p.Exemptions.Within14), text("exemptions expire within 14 days"))
	d.tile("trust", p.runsDone(), text("expected runs were done"))
	d.tile("trust", fmt.Sprintf("%.1f%%", p.Coverage.Percent), text("of findings could be checked"))
	d.add(`</ul><nav aria-label="Contents"><ul>`)
	for _, s := range d.contents {
		d.add(`<li>`, jump(s.id, s.title), `</li>`)
	}
	d.add(`</ul></nav></header>`)
}

// severityDelta says how many more findings of a severity fail than in the week
// before, where every scope had runs in both.
func (p Page) severityDelta(severity posture.Severity) string {
	if p.Findings.Before == nil || len(p.Trend) < 2 {
		return ""
	}
	now, before := p.Trend[len(p.Trend)-1], p.Trend[len(p.Trend)-2]
	if len(now.Runs) == 0 || len(before.Runs) == 0 || len(now.Missing)+len(before.Missing) > 0 || before.Failing == nil {
		return ""
	}
	return ", " + delta(now.Failing[severity], before.Failing[severity])
}

// tone returns the colour of the headline, which is that of what it says:
// calm only where no run was missed, all was judged, nothing fails and nothing
// is to be decided.
func (p Page) tone() markup {
	missed, _ := p.missed()
	switch {
	case len(p.NotEnough) > 0:
		return "warn"
	case p.Rules.Now.Failing+p.Findings.Now.Failing+p.pastDue()+p.Exemptions.Expired > 0:
		return "bad"
	case p.underWay() || p.Rules.Now.Unknown+p.Findings.Now.Unknown+p.Exemptions.Within14+missed > 0 || len(p.Unread.Items) > 0 || p.Chain.Unread:
		return "warn"
	}
	return "good"
}

// underWay reports whether the page was made before the week was over.
func (p Page) underWay() bool { return p.AsOf.Before(p.To) }

func (p Page) scope() string {
	var names []string
	for _, s := range p.Series {
		names = append(names, s.Name)
	}
	return "scope " + strings.Join(names, ", ")
}

// delta says how many more fail than before.
func (b Balance) delta() string {
	if b.Before == nil {
		return ""
	}
	return ", " + delta(b.Now.Failing, b.Before.Failing)
}

// delta says how a count changed.
func delta(now, before int) string {
	if now == before {
		return "±0"
	}
	return fmt.Sprintf("%+d", now-before)
}

func (p Page) pastDue() int {
	n := 0
	for _, d := range p.Due {
		n += d.PastDue
	}
	return n
}

func (p Page) runsDone() string {
	missed, expected := p.missed()
	return fmt.Sprintf("%d of %d", expected-missed, expected)
}

// missed returns how many of the expected runs there were not.
func (p Page) missed() (missed, expected int) {
	for _, s := range p.Series {
		missed, expected = missed+s.Missed, expected+s.Expected
	}
	return missed, expected
}

// urgent is what needs a decision soon: exemptions whose time is up or
// nearly so.
func (p Page) urgent(d *document) {
	var rows [][]cell
	for _, x := range p.Exemptions.Items.Items {
		if x.Expired || x.Left <= 14 {
			rows = append(rows, x.cells())
		}
	}
	if len(rows) == 0 {
		return
	}
	d.heading("decide", "To decide")
	d.table("Exemptions that expire within 14 days, or have expired", exemptionHeads(), rows, 0)
}

func exemptionHeads() []cell {
	return []cell{words("exemption"), words("rule"), words("for"), words("state"), amount("failing"), words("reason"), words("ticket"), words("approved by"), words("last day")}
}

func (x Exemption) cells() []cell {
	covers := text(x.Covers)
	if len(x.Resources) > 0 {
		covers += `<br/>` + code(strings.Join(x.Resources, ", "))
	}
	if x.MoreOfThem > 0 {
		covers += ` +` + count(x.MoreOfThem) + ` more`
	}
	return []cell{
		words(x.ID), names(x.Rule), marked(covers), words(x.State()), num(x.Failing), words(x.Reason), words(x.Ticket), words(x.Approved), marked(`<span class="day">` + text(x.Expires.String()) + `</span>`),
	}
}

// State says in a few words whether an exemption holds.
func (x Exemption) State() string {
	var parts []string
	switch {
	case x.Expired:
		parts = append(parts, "expired, and it still fails")
	case x.Left == 0:
		parts = append(parts, "expires today")
	default:
		parts = append(parts, "expires in "+number(int64(x.Left), "day"))
	}
	if x.New {
		parts = append(parts, "new this week")
	}
	if x.Withdrawn {
		parts = append(parts, "no longer in the configuration")
	}
	return strings.Join(parts, ", ")
}

// when writes a time that there may be none of.
func when(at time.Time) string {
	if at.IsZero() {
		return posture.Never
	}
	return at.UTC().Format(minute)
}
