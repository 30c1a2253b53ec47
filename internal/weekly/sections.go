package weekly

import (
	"fmt"
	"slices"
	"strings"

	"posture/internal/drift"
	"posture/internal/posture"
)

// trusted says which runs there were and what they read.
func (p Page) trusted(d *document) {
	d.heading("trust", "Coverage and gaps")
	var rows, last [][]cell
	for _, s := range p.Series {
		rows = append(rows, []cell{
			words(s.Name), num(s.Expected), num(s.Complete), some(s.Degraded), some(s.Failed), some(s.Unfinished), some(s.Missed), some(s.Narrowed), some(s.Unreadable),
		})
		if s.Last != nil {
			last = append(last, []cell{
				words(s.Name), names(s.Last.Run.String()), words(string(s.Last.Outcome)), amount(fmt.Sprintf("%d of %d", s.Last.Scanned, s.Last.Targets)), num(s.Compared), names(s.previous()),
			})
		}
	}
	p.coverages(d)
	d.table("Runs of the week", []cell{words("scope"), amount("expected"), amount("complete"), amount("degraded"), amount("failed"), amount("unfinished"), amount("missed"), amount("narrowed"), amount("unreadable")}, rows, 0)
	d.note(fmt.Sprintf("One run is expected every %g hours. Missed: no run of the period was finished and read anything.", p.Period))
	for _, s := range p.Series {
		if s.OnlyNarrowed {
			d.note("All runs of " + s.Name + " were narrowed by flags, or the configuration names no accounts: this page shows only what they were asked for.")
		}
	}
	d.table("Latest run of each scope", []cell{words("scope"), words("latest run"), words("outcome"), amount("targets scanned"), amount("runs of the week compared"), words("compared with")}, last, 0)
	accepted := ""
	if p.Coverage.Accepted > 0 {
		accepted = fmt.Sprintf(", %d accepted as unread", p.Coverage.Accepted)
	}
	d.note(fmt.Sprintf("%d resources read; %d of %d listings were complete; %d of %d findings judged (%.1f%%, floor %g%%%s).",
		p.Resources, p.Listed, p.Listings, p.Coverage.Read, p.Coverage.Total, p.Coverage.Percent, p.Coverage.Floor, accepted))
	rows = nil
	for _, r := range p.Refused.Items {
		rows = append(rows, []cell{names(r.Target.String()), words(r.Target.Name), words(r.Cause.String()), num(r.Causes)})
	}
	d.table("Targets with something unread", []cell{words("target"), words("name"), words("main cause"), amount("causes")}, rows, p.Refused.More)
	p.lost(d)
}

// lost says what the store does not hold any more.
func (p Page) lost(d *document) {
	var rows [][]cell
	for _, u := range p.Unread.Items {
		rows = append(rows, []cell{names(u.Run.String()), names(u.Target), words(u.Why)})
	}
	if p.Chain.Unread {
		rows = append(rows, []cell{names("state/latest.json"), names(""), words("the end of the chain could not be read")})
	}
	if len(rows) > 0 {
		d.add(`<p class="headline warn">Stored evidence is missing or damaged. It counts as not read. Run <code>posture verify</code>.</p>`)
	}
	d.table("Missing or damaged in the store", []cell{words("run"), words("target"), words("what")}, rows, p.Unread.More)
}

func (s Series) previous() string {
	switch {
	case s.Previous == "":
		return "no earlier run"
	case !s.LastWeek:
		return s.Previous.String() + " (the week before had none)"
	}
	return s.Previous.String()
}

// coverages draws how much could be checked in each week.
func (p Page) coverages(d *document) {
	var weeks []column
	for _, t := range p.Trend {
		c := column{name: t.Week.String()[5:], lacks: len(t.Missing) > 0}
		if len(t.Runs) > 0 {
			c.pieces, c.says = []piece{{"pass", int(t.Percent * 10)}}, fmt.Sprintf("%.0f%%", t.Percent)
		}
		weeks = append(weeks, c)
	}
	d.columns(fmt.Sprintf("Findings that could be checked, last %d weeks (floor %g%%)", len(p.Trend), p.Coverage.Floor), func() {}, weeks, 1000)
}

// state counts findings and rules by status.
func (p Page) state(d *document) {
	d.heading("state", "Status")
	var lines []bar
	for _, b := range []struct {
		name string
		now  Counts
	}{{"Rules", p.Rules.Now}, {"Findings", p.Findings.Now}} {
		var pieces []piece
		for _, s := range shares {
			pieces = append(pieces, piece{s.class, 1000 * s.of(b.now) / max(b.now.Total(), 1)})
		}
		lines = append(lines, bar{text(b.name), pieces, text(spelt(b.now))})
	}
	d.bars("Rules and findings by status", d.statusKey, lines)
	d.table("Rules and findings by status, and the change since before the week", []cell{words("what"), amount("failing"), amount("exempted"), amount("unknown"), amount("passing"), amount("not applicable")},
		[][]cell{p.Rules.cells("rules", "failing"), p.Findings.cells("findings", "open")}, 0)
	p.uncompared(d)
	d.note("In brackets: the change since the last run before the week. A rule fails when one finding of it does; it passes only when everything that it checks was listed and read. Unknown and exempted never count as passing.")
}

// opened is all that is open, rule by rule.
func (p Page) opened(d *document, open *rowList) {
	d.heading("open", "Open findings")
	if p.Movement.Open == 0 {
		d.note("Nothing is open.")
	}
	p.trend(d)
	var ages, of []bar
	for _, a := range p.Ages {
		ages = append(ages, bar{text(a.Name), a.Severities.pieces(), a.Severities.links()})
	}
	for _, s := range p.Shares {
		of = append(of, bar{text(s.Name), s.Severities.pieces(), s.Severities.links()})
	}
	d.add(`<div class="pair">`)
	d.bars("Age of what is open", d.severityKey, ages)
	d.bars("What is open, by provider and category", d.severityKey, of)
	d.add(`</div>`)
	groups := p.byRule(p.Open.Items)
	for _, due := range p.Due {
		d.add(`<h3 id="`, anchor("open-"+string(due.Severity)), `">`, text(fmt.Sprintf("Open, %s: %d", due.Severity, due.Open)), `</h3>`)
		for _, g := range groups {
			if g.rule.Severity != due.Severity {
				continue
			}
			if g.rule.Open > 0 {
				g.n = g.rule.Open
			}
			d.group(open, g, "r-"+g.rule.Rule)
		}
	}
	for _, g := range groups {
		if g.rule.Severity.Rank() == len(posture.Severities) {
			d.group(open, g, "r-"+g.rule.Rule)
		}
	}
	if p.Open.More > 0 {
		d.note(fmt.Sprintf("+%d more, which this page does not hold: posture findings lists all.", p.Open.More))
	}
	p.failingRules(d)
}

// failingRules lists the rules that fail, each with a link to its rows.
func (p Page) failingRules(d *document) {
	var rows [][]cell
	placed := p.placed()
	for _, r := range p.Failing.Items {
		before := "–"
		if r.Before != nil {
			before = delta(r.Counts.Failing, *r.Before)
		}
		title := text(r.Title)
		if placed[r.Rule] {
			title = jump("r-"+r.Rule, r.Title)
		}
		rows = append(rows, []cell{
			marked(title + `<br/>` + code(r.Rule)), marked(label(r.Severity)), roomy(criteriaLinks(r.SOC2)),
			leading(rowsOfRule(placed, r.Rule), r.Counts.Failing, fmt.Sprint(r.Counts.Failing)), amount(before), numbered("exemptions", r.Counts.Exempted), numbered("trust", r.Counts.Unknown),
		})
	}
	d.add(`<div id="failing">`)
	if len(rows) == 0 {
		d.note("No rule fails.")
	}
	d.table("Rules that fail", []cell{words("rule"), words("severity"), roomy("supports"), amount("failing"), amount("change"), amount("exempted"), amount("unknown")}, rows, p.Failing.More)
	d.add(`</div>`)
}

// rowsOfRule returns where a rule's open rows are, "" where the page has none.
func rowsOfRule(placed map[string]bool, rule string) string {
	if !placed[rule] {
		return ""
	}
	return "r-" + rule
}

// placed returns the rules with open rows on the page.
func (p Page) placed() map[string]bool {
	placed := map[string]bool{}
	for _, r := range p.Open.Items {
		placed[r.Rule] = true
	}
	return placed
}

// criteriaLinks leads to criteria.
func criteriaLinks(ids []string) markup {
	var line markup
	for i, id := range ids {
		if i > 0 {
			line += " "
		}
		line += jump("c-"+id, id)
	}
	return line
}

// uncompared says why the counts have no change beside them.
func (p Page) uncompared(d *document) {
	for _, s := range p.Series {
		switch {
		case p.Findings.Before != nil:
		case s.Last == nil:
			d.note("No change is shown: " + s.Name + " had no run in the week to compare.")
		case s.Previous == "":
			d.note("No change is shown: " + s.Name + " has no earlier run to compare with.")
		}
	}
}

// cells is the counts of rules or of findings, and where those that fail are.
func (b Balance) cells(name, failing string) []cell {
	cells := []cell{words(name)}
	rows := map[string]string{"failing": failing, "exempted": "exemptions", "unknown": "trust"} // what passes is not on the page
	for _, s := range shares {
		shown := fmt.Sprint(s.of(b.Now))
		if b.Before != nil {
			shown += " (" + delta(s.of(b.Now), s.of(*b.Before)) + ")"
		}
		cells = append(cells, leading(rows[s.name], s.of(b.Now), shown))
	}
	return append(cells, some(b.Now.NotApplicable))
}

// trend is the last weeks, by severity.
func (p Page) trend(d *document) {
	var weeks []column
	var rows [][]cell
	for _, t := range p.Trend {
		c := column{name: t.Week.String()[5:], lacks: len(t.Missing) > 0}
		row := []cell{words(t.Week.String()), amount("no run")}
		if len(t.Runs) > 0 {
			known := Severities{}.plus(t.Failing)
			if t.Failing == nil {
				known[""] = t.Counts.Failing // a page of an earlier version
			}
			c.pieces, c.says = known.pieces(), fmt.Sprint(t.Counts.Failing)
			row[1] = num(t.Counts.Failing)
			for _, severity := range posture.Severities {
				row = append(row, some(t.Failing[severity]))
			}
			row = append(row, num(t.Counts.Exempted), num(t.Counts.Unknown), num(t.Counts.Passing), amount(fmt.Sprintf("%.1f%%", t.Percent)))
		}
		weeks = append(weeks, c)
		for len(row) < trendColumns-1 {
			row = append(row, amount(""))
		}
		rows = append(rows, append(row, words(strings.Join(t.Missing, ", "))))
	}
	d.columns(fmt.Sprintf("Failing findings by severity, last %d weeks", len(p.Trend)), d.severityKey, weeks, 1)
	d.add(`<details><summary>Figures of these weeks</summary>`)
	d.table("The last run of each week", []cell{
		words("week"), amount("failing"), amount("critical"), amount("high"), amount("medium"), amount("low"), amount("exempted"), amount("unknown"), amount("passing"), amount("checked"), words("scopes without a run"),
	}, rows, 0)
	d.add(`</details>`)
	d.note("The last finished run of each week. A dashed column is a week without data; a dashed frame is a week in which a scope had no run, so its findings are missing.")
	for _, s := range p.Series {
		began := Of(s.First)
		if slices.ContainsFunc(p.Trend, func(t Point) bool { return len(t.Runs) > 0 && t.Week.Start().Before(began.Start()) }) {
			d.note("The first run of " + s.Name + " was in " + began.String() + ": the weeks before are those of the other scopes.")
		}
	}
}

// trendColumns is how many columns the table of weeks has.
const trendColumns = 11

// soc2 sums up the criteria, and has each of them.
func (p Page) soc2(d *document) {
	d.heading("criteria", "SOC 2 criteria")
	heads := []cell{words("category"), amount("criteria")}
	for _, s := range States {
		heads = append(heads, amount(string(s)))
	}
	var rows [][]cell
	for _, k := range p.Categories {
		row := []cell{words(k.Name), numbered("each-criterion", k.Criteria)}
		for _, s := range States {
			row = append(row, numbered("each-criterion", k.States[s]))
		}
		rows = append(rows, row)
	}
	d.table("Criteria by category and state", heads, rows, 0)
	d.note("Rules support criteria; none is met by them. “No gap found” means that no enabled rule fails, and people still show the rest.")
	rows = nil
	placed := p.placed()
	for _, k := range p.Criteria {
		id := words(k.ID)
		id.id = "c-" + k.ID
		rows = append(rows, []cell{
			id, words(k.Summary), words(string(k.State)), num(k.Rules.Total()), marked(some(k.Rules.Failing).content + ruleLinks(k.Failing, placed)), numbered("open", k.Open), words(k.Needs),
		})
	}
	d.add(`<div id="each-criterion">`)
	d.table("Criterion by criterion", []cell{
		words("criterion"), words("in our words"), words("state"), amount("rules"), words("failing rules"), amount("open findings"), words("only a person can show"),
	}, rows, 0)
	d.add(`</div>`)
}

// thisWeek is what began and what ended in the week, by name.
func (p Page) thisWeek(d *document) {
	m := p.Movement
	d.heading("week", "This week")
	d.add(`<h3 id="regressed">`, text(fmt.Sprintf("Regressed: %d", m.Regressed+m.Appeared)), `</h3>`)
	if m.Regressed+m.Appeared == 0 {
		d.note("Nothing regressed.")
	}
	began := newList("b", metaBegan)
	began.opened = true
	p.changes(d, began, p.Began)
	d.add(`<h3 id="fixed">`, text(fmt.Sprintf("Fixed: %d", m.fixed())), `</h3>`)
	if m.fixed() == 0 {
		d.note("Nothing was fixed.")
	}
	p.changes(d, newList("e", metaEnded), p.Ended)
	p.moved(d)
}

// changes adds rows of the week, rule by rule.
func (p Page) changes(d *document, l *rowList, rows List[Row]) {
	for _, g := range p.byRule(rows.Items) {
		d.group(l, g, l.prefix+"-"+g.rule.Rule)
	}
	if rows.More > 0 {
		d.note(fmt.Sprintf("+%d more, which this page does not hold: posture changes lists all.", rows.More))
	}
}

// moved counts what began and ended.
func (p Page) moved(d *document) {
	m := p.Movement
	rows := [][]cell{
		{words("regressed or appeared"), numbered("regressed", m.Regressed+m.Appeared), words(fmt.Sprintf("%d passed before, %d are new resources; %d of them accepted from the start", m.Regressed, m.Appeared, m.Accepted))},
		{words("reopened"), numbered("regressed", m.Reopened), words("some of these: they had been fixed before, and fail again")},
		{words("first scan"), numbered("open", m.FirstLook), words("found failing by the first scan of a target or a region")},
		{words("by rules"), numbered("rules", m.ByRules), words("fail because a rule is new or was changed")},
		{words("exemptions that ended"), numbered("exemptions", m.Lapsed), words("findings that are no longer accepted and still fail")},
	}
	for _, c := range m.Closed {
		rows = append(rows, []cell{words("closed: " + string(c.Reason)), numbered(closedRows[c.Reason], c.Count), words(closedMeans[c.Reason])})
	}
	d.table("All changes of the week", []cell{words("what"), amount("findings"), words("meaning")}, rows, 0)
	d.note(number(int64(m.Open), "finding") + " open and not exempted at the end of the week." + p.stale())
	rows = nil
	for _, f := range p.Fixed {
		rows = append(rows, []cell{words(severityOrAll(f.Severity)), numbered("fixed", f.Count), words(lasted(f.Median)), words(lasted(f.Worst))})
	}
	d.table("Time to fix, of what was fixed in the week: ranges, because nobody looks between two runs", []cell{words("severity"), amount("fixed"), words("median"), words("longest")}, rows, 0)
}

// stale says how much of what is open was not read.
func (p Page) stale() string {
	if p.Movement.Stale == 0 {
		return ""
	}
	return fmt.Sprintf(" The latest run could not read %d of them.", p.Movement.Stale)
}

// closedRows is where what was closed is, by the reason. The page has no rows of the rest.
var closedRows = map[drift.Reason]string{ //nolint:gochecknoglobals // constant
	drift.ReasonFixed: "fixed", drift.ReasonRuleChanged: "rules", drift.ReasonRuleRemoved: "rules",
}

// closedMeans explains the reasons.
var closedMeans = map[drift.Reason]string{ //nolint:gochecknoglobals // constant
	drift.ReasonFixed:       "fail no more",
	drift.ReasonDeleted:     "the resource is gone, or the rule no longer applies to it",
	drift.ReasonRuleChanged: "the rule asks for something else now: nothing was fixed",
	drift.ReasonRuleRemoved: "the rule is not in use any more: nothing was fixed",
	drift.ReasonOutOfScope:  "no longer looked at: nothing was fixed",
}
