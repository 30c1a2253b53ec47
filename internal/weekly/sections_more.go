package weekly

import (
	"fmt"
	"strings"

	"posture/internal/posture"
)

// inventory is what there is to check.
func (p Page) inventory(d *document) {
	pop := p.Population
	d.heading("population", "Inventory")
	targets := number(int64(pop.Targets), "target")
	if pop.Before != nil {
		targets += " (" + delta(pop.Targets, *pop.Before) + ")"
	}
	d.note(targets + "; " + number(int64(p.Resources), "resource") + ".")
	d.names("New targets", pop.Added)
	d.names("Targets that are gone", pop.Removed)
	d.types("Types with over 10% more or fewer resources than before the week", pop.Types)
	d.unjudged(pop.Unjudged)
	if len(pop.Types.Items) == 0 && pop.Before != nil {
		d.note("No type has over 10% more or fewer resources than before the week.")
	}
}

func (d *document) names(title string, list List[string]) {
	if len(list.Items) == 0 {
		return
	}
	line := text(title) + `: ` + code(strings.Join(list.Items, ", "))
	if list.More > 0 {
		line += ` +` + count(list.More) + ` more`
	}
	d.add(`<p>`, line, `</p>`)
}

func (d *document) types(title string, list List[TypeChange]) {
	var rows [][]cell
	for _, t := range list.Items {
		rows = append(rows, []cell{names(t.Type), num(t.Now), num(t.Before), words(t.String())})
	}
	d.table(title, []cell{words("type"), amount("now"), amount("before"), words("change")}, rows, list.More)
}

// unjudged is the types that no rule is for. They are not compared.
func (d *document) unjudged(list List[TypeChange]) {
	var rows [][]cell
	for _, t := range list.Items {
		note := ""
		if t.Partial {
			note = t.String()
		}
		rows = append(rows, []cell{names(t.Type), num(t.Now), words(note)})
	}
	d.table("Types that were listed and for which there is no rule", []cell{words("type"), amount("resources"), words("note")}, rows, list.More)
}

// ruleChanges is what differs in the rules.
func (p Page) ruleChanges(d *document) {
	d.heading("rules", "Rules that changed in the week")
	placed := p.placed()
	var rows [][]cell
	for _, c := range p.Changed.Items {
		rows = append(rows, []cell{marked(text(c.Title) + `<br/>` + code(c.Rule)), words(string(c.Kind)), marked(label(c.Severity)), leading(rowsOfRule(placed, c.Rule), c.ToFail, blankZero(c.ToFail)), some(c.ToPass)})
	}
	if len(rows) == 0 {
		d.note("None, or there is no earlier run to compare with.")
	}
	d.table("Rules that changed in the week", []cell{words("rule"), words("change"), words("severity"), amount("flipped to fail"), amount("flipped to pass")}, rows, p.Changed.More)
}

// whose is who has what to do, and where.
func (p Page) whose(d *document, open *rowList) {
	d.heading("owners", "Owners and accounts")
	owners := append([]Owner{p.Owners.Unowned}, p.Owners.Items...)
	d.busy("Open and past due by owner", "owner", owners, p.Owners.More)
	d.busy("Open and past due by account", "account", p.Accounts.Items, p.Accounts.More)
	d.part("Rows by owner")
	for _, owner := range owners {
		p.rowsOf(d, open, "owner", owner, func(r Row) bool { return r.Owner == owner.Name })
	}
	d.part("Rows by account")
	for _, account := range p.Accounts.Items {
		p.rowsOf(d, open, "account", account, func(r Row) bool { return string(r.Provider)+"/"+r.Account == account.Name })
	}
}

// called returns the name of an owner, or of an account.
func (o Owner) called() string {
	switch {
	case o.Name == "":
		return "unowned"
	case o.Title != "":
		return o.Title + " " + o.Name
	}
	return o.Name
}

// busy is a table of owners or accounts, whose counts lead to their rows.
func (d *document) busy(caption, what string, all []Owner, more int) {
	var rows [][]cell
	for _, o := range all {
		row := []cell{words(o.called()), numbered(what+"-"+o.Name, o.Open), numbered(what+"-"+o.Name, o.PastDue)}
		for _, severity := range posture.Severities {
			row = append(row, numbered(what+"-"+o.Name, o.Severities[severity]))
		}
		rows = append(rows, row)
	}
	d.table(caption, []cell{words(what), amount("open"), amount("past due"), amount("critical"), amount("high"), amount("medium"), amount("low")}, rows, more)
}

// rowsOf is the first rows of one owner or account.
func (p Page) rowsOf(d *document, open *rowList, what string, o Owner, has func(Row) bool) {
	if o.Open == 0 {
		return
	}
	var rows []Row
	for _, r := range p.Open.Items {
		if len(rows) < linksNamed && has(r) {
			rows = append(rows, r)
		}
	}
	d.add(`<details id="`, anchor(what+"-"+o.Name), `"><summary>`, text(fmt.Sprintf("%s: %d open, %d past due", o.called(), o.Open, o.PastDue)), `</summary>`)
	d.links(open, rows, o.Open-len(rows))
	d.add(`</details>`)
}

// listed is how many rules of a criterion are named.
const listed = 5

// ruleLinks names rules that fail, and leads to those that the page has rows of.
func ruleLinks(ids []string, placed map[string]bool) markup {
	if len(ids) == 0 {
		return ""
	}
	line := markup(`<br/>`)
	for i, id := range ids[:min(listed, len(ids))] {
		if i > 0 {
			line += ", "
		}
		if placed[id] {
			line += jump("r-"+id, id)
		} else {
			line += code(id)
		}
	}
	if more := len(ids) - listed; more > 0 {
		line += ` +` + count(more) + ` more`
	}
	return line
}

// provenance says what the page was made from.
func (p Page) provenance(d *document) {
	d.heading("provenance", "Provenance")
	chain := fmt.Sprintf("%d, sha256 %s", p.Chain.Sequence, p.Chain.Manifest)
	if p.Chain.Unread {
		chain = "could not be read"
	}
	rows := [][]cell{
		{words("report"), names(p.ID)},
		{words("made"), words(fmt.Sprintf("%s UTC by posture %s", when(p.Made), p.Tool))},
		{words("as of"), words(when(p.AsOf) + " UTC")},
		{words("chain of manifests ends at"), names(chain)},
		{words("configuration of this page"), names(p.Config)},
	}
	for _, s := range p.Series {
		if l := s.Last; l != nil {
			rows = append(rows,
				[]cell{words(s.Name + ": run"), names(fmt.Sprintf("%s, manifest %d", l.Run, l.Sequence))},
				[]cell{words(s.Name + ": program"), names(strings.TrimSpace(l.Tool + " " + l.Build))},
				[]cell{words(s.Name + ": rules"), names(l.Rules)},
				[]cell{words(s.Name + ": configuration"), names(l.Config)})
		}
	}
	d.table("What this page was made from", []cell{words("what"), words("which")}, rows, 0)
	d.note("All of it comes from stored runs, which are never rewritten: posture verify proves them, and posture weekly --week makes this page again.")
}
