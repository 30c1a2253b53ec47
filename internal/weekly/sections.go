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
	for _, s := range p.Scopes {
		rows = append(rows, []cell{
			words(s.Name), num(s.Expected), num(s.Complete), some(s.Degraded), some(s.Failed), some(s.Unfinished), some(s.Missed), some(s.Narrowed), some(s.Unreadable),
		})
		if s.Last != nil {
			last = append(last, []cell{
				words(s.Name), names(s.Last.Run.String()), words(string(s.Last.Outcome)), amount(fmt.Sprintf("%d of %d", s.Last.Scanned, s.Last.Targets)), num(s.Compared), names(s.previous()),
			})
		}
	}
	d.table([]cell{words("runs"), amount("expected"), amount("complete"), amount("degraded"), amount("failed"), amount("unfinished"), amount("missed"), amount("narrowed"), amount("unreadable")}, rows, 0)
	d.note(fmt.Sprintf("One run is expected every %g hours. Missed: no run of the period was finished and read anything.", p.Period))
	for _, s := range p.Scopes {
		if s.OnlyNarrowed {
			d.note("All runs of " + s.Name + " were narrowed by flags, or the configuration names no accounts: this page shows only what they were asked for.")
		}
	}
	d.table([]cell{words("scope"), words("latest run"), words("outcome"), amount("targets scanned"), amount("runs of the week compared"), words("compared with")}, last, 0)
	d.note(fmt.Sprintf("%d resources read; %d of %d listings were complete; %d of %d findings judged (%.1f%%, floor %g%%).",
		p.Resources, p.Listed, p.Listings, p.Coverage.Read, p.Coverage.Total, p.Coverage.Percent, p.Coverage.Floor))
	rows = nil
	for _, r := range p.Refused.Items {
		rows = append(rows, []cell{names(r.Target.String()), words(r.Target.Name), words(r.Cause.String()), num(r.Causes)})
	}
	if len(rows) > 0 {
		d.add(`<h3>Targets with something unread</h3>`)
	}
	d.table([]cell{words("target"), words("name"), words("main cause"), amount("causes")}, rows, p.Refused.More)
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
	d.table([]cell{words("run"), words("target"), words("what")}, rows, p.Unread.More)
}

func (s Scope) previous() string {
	switch {
	case s.Previous == "":
		return "no earlier run"
	case !s.LastWeek:
		return s.Previous.String() + " (the week before had none)"
	}
	return s.Previous.String()
}

// state counts findings and rules by status.
func (p Page) state(d *document) {
	d.heading("state", "Status")
	d.key(shares)
	d.bar("Rules", p.Rules.Now)
	d.bar("Findings", p.Findings.Now)
	d.table([]cell{words(""), amount("failing"), amount("exempted"), amount("unknown"), amount("passing"), amount("not applicable")},
		[][]cell{p.Rules.cells("rules"), p.Findings.cells("findings")}, 0)
	p.uncompared(d)
	d.note("In brackets: the change since the last run before the week. A rule fails when one finding of it does; it passes only when everything that it judges was listed and read. Unknown and exempted never count as passing.")
	var rows [][]cell
	for _, r := range p.Failing.Items {
		before := "–"
		if r.Before != nil {
			before = delta(r.Counts.Failing, *r.Before)
		}
		rows = append(rows, []cell{
			words(string(r.Severity)), marked(text(r.Title) + `<br/>` + code(r.Rule)), words(strings.Join(r.SOC2, " ")),
			num(r.Counts.Failing), amount(before), some(r.Counts.Exempted), some(r.Counts.Unknown),
		})
	}
	if len(rows) > 0 {
		d.add(`<h3>Rules that fail</h3>`)
	}
	d.table([]cell{words("severity"), words("rule"), words("supports"), amount("failing"), amount("change"), amount("exempted"), amount("unknown")}, rows, p.Failing.More)
}

// uncompared says why the counts have no change beside them.
func (p Page) uncompared(d *document) {
	for _, s := range p.Scopes {
		switch {
		case p.Findings.Before != nil:
		case s.Last == nil:
			d.note("No change is shown: " + s.Name + " had no run in the week to compare.")
		case s.Previous == "":
			d.note("No change is shown: " + s.Name + " has no earlier run to compare with.")
		}
	}
}

func (b Balance) cells(name string) []cell {
	cells := []cell{words(name)}
	for i, s := range append([]share{}, shares...) {
		shown := fmt.Sprint(s.of(b.Now))
		if b.Before != nil {
			shown += " (" + delta(shares[i].of(b.Now), shares[i].of(*b.Before)) + ")"
		}
		cells = append(cells, amount(shown))
	}
	return append(cells, some(b.Now.NotApplicable))
}

// trend is the last weeks.
func (p Page) trend(d *document) {
	d.heading("trend", fmt.Sprintf("The last %d weeks", len(p.Trend)))
	d.key(troubles())
	d.columns(p.Trend)
	var rows [][]cell
	for _, t := range p.Trend {
		row := []cell{words(t.Week.String()), num(t.Counts.Failing), num(t.Counts.Exempted), num(t.Counts.Unknown), num(t.Counts.Passing), amount(fmt.Sprintf("%.1f%%", t.Percent))}
		if len(t.Runs) == 0 {
			row = []cell{words(t.Week.String()), amount("no run"), amount(""), amount(""), amount(""), amount("")}
		}
		rows = append(rows, append(row, words(strings.Join(t.Missing, ", "))))
	}
	d.add(`<details><summary>Figures</summary>`)
	d.table([]cell{words("week"), amount("failing"), amount("exempted"), amount("unknown"), amount("passing"), amount("judged"), words("scopes without a run")}, rows, 0)
	d.add(`</details>`)
	d.note("The last run of each week that was finished. A dashed column is a week without data; a dashed frame is a week in which a scope had no run, so its findings are missing.")
	for _, s := range p.Scopes {
		began := Of(s.First)
		if slices.ContainsFunc(p.Trend, func(t Point) bool { return len(t.Runs) > 0 && t.Week.Start().Before(began.Start()) }) {
			d.note("The first run of " + s.Name + " was in " + began.String() + ": the weeks before are those of the other scopes.")
		}
	}
}

// soc2 sums up the criteria.
func (p Page) soc2(d *document) {
	d.heading("soc2", "SOC 2 criteria")
	heads := []cell{words("category"), amount("criteria")}
	for _, s := range States {
		heads = append(heads, amount(string(s)))
	}
	var rows [][]cell
	for _, k := range p.Categories {
		row := []cell{words(k.Name), num(k.Criteria)}
		for _, s := range States {
			row = append(row, some(k.States[s]))
		}
		rows = append(rows, row)
	}
	d.table(heads, rows, 0)
	d.note("Rules support criteria; none is met by them. “No gap found” means that no rule in use fails, and people still show the rest: the last part of this page says what, criterion by criterion.")
}

// moved is what began and ended.
func (p Page) moved(d *document) {
	m := p.Movement
	d.heading("movement", "What changed in the week")
	rows := [][]cell{
		{words("regressed or appeared"), num(m.Regressed + m.Appeared), words(fmt.Sprintf("%d passed before, %d are new resources; %d of them accepted from the start", m.Regressed, m.Appeared, m.Accepted))},
		{words("reopened"), num(m.Reopened), words("had been fixed in the weeks looked at, and fail again")},
		{words("first scan"), num(m.FirstLook), words("found failing by the first scan of a target or a region")},
		{words("by rules"), num(m.ByRules), words("fail because a rule is new or was changed")},
		{words("exemptions that ended"), num(m.Lapsed), words("findings that are no longer accepted and still fail")},
	}
	for _, c := range m.Closed {
		rows = append(rows, []cell{words("closed: " + string(c.Reason)), num(c.Count), words(closedMeans[c.Reason])})
	}
	d.table([]cell{words("what"), amount("findings"), words("")}, rows, 0)
	d.note(fmt.Sprintf("%d findings are open and not exempted; %d of them the last run could not read.", m.Open, m.Stale))
	p.dues(d)
}

// closedMeans explains the reasons.
var closedMeans = map[drift.Reason]string{ //nolint:gochecknoglobals // constant
	drift.ReasonFixed:       "fail no more",
	drift.ReasonDeleted:     "the resource is gone, or the rule no longer applies to it",
	drift.ReasonRuleChanged: "the rule asks for something else now: nothing was fixed",
	drift.ReasonRuleRemoved: "the rule is not in use any more: nothing was fixed",
	drift.ReasonOutOfScope:  "no longer looked at: nothing was fixed",
}

// dues is what is late, what is old, and how long fixing took.
func (p Page) dues(d *document) {
	var rows [][]cell
	for _, due := range p.Due {
		days := "no time set"
		if due.Days > 0 {
			days = number(int64(due.Days), "day")
		}
		rows = append(rows, []cell{words(string(due.Severity)), words(days), num(due.Open), num(due.PastDue)})
	}
	d.table([]cell{words("severity"), words("to fix within"), amount("open"), amount("past due")}, rows, 0)
	rows = nil
	for _, f := range p.Fixed {
		rows = append(rows, []cell{words(severityOrAll(f.Severity)), num(f.Count), words(lasted(f.Median)), words(lasted(f.Worst))})
	}
	if len(rows) > 0 {
		d.add(`<h3>Time to fix, of what was fixed in the week</h3>`)
		d.table([]cell{words("severity"), amount("fixed"), words("median"), words("longest")}, rows, 0)
		d.note("Ranges, because nobody looks between two runs.")
	}
	rows = nil
	for _, o := range p.Oldest.Items {
		since := when(o.Since)
		if o.Earlier {
			since += " or earlier"
		}
		if o.Stale {
			since += ", not read by the last run"
		}
		rows = append(rows, []cell{words(string(o.Severity)), names(o.Rule), marked(text(o.Name) + `<br/><span class="soft">` + text(o.Account+" · "+o.Region) + `</span>`), words(o.Owner), words(since)})
	}
	if len(rows) > 0 {
		d.add(`<h3>Open for longest</h3>`)
	}
	d.table([]cell{words("severity"), words("rule"), words("resource"), words("owner"), words("failing since (UTC)")}, rows, p.Oldest.More)
}

func severityOrAll(s posture.Severity) string {
	if s == "" {
		return "all"
	}
	return string(s)
}

// accepted is all exemptions.
func (p Page) accepted(d *document) {
	x := p.Exemptions
	d.heading("exemptions", "Exemptions")
	d.note(fmt.Sprintf("%d active, %d new this week; %d expire within 30 days, %d within 14, %d within 7; %d expired while what they were for still fails.",
		x.Active, x.New, x.Within30, x.Within14, x.Within7, x.Expired))
	var rows [][]cell
	for _, item := range x.Items.Items {
		rows = append(rows, item.cells())
	}
	d.table(exemptionHeads(), rows, x.Items.More)
}
