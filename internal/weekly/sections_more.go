package weekly

import (
	"fmt"
	"strings"
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
	if len(rows) > 0 {
		d.add(`<h3>`, text(title), `</h3>`)
	}
	d.table([]cell{words("type"), amount("now"), amount("before"), words("change")}, rows, list.More)
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
	if len(rows) > 0 {
		d.add(`<h3>Types that were listed and for which there is no rule</h3>`)
	}
	d.table([]cell{words("type"), amount("resources"), words("")}, rows, list.More)
}

// ruleChanges is what differs in the rules.
func (p Page) ruleChanges(d *document) {
	d.heading("rules", "Rules that changed in the week")
	var rows [][]cell
	for _, c := range p.Changed.Items {
		rows = append(rows, []cell{words(string(c.Kind)), marked(text(c.Title) + `<br/>` + code(c.Rule)), words(string(c.Severity)), some(c.ToFail), some(c.ToPass)})
	}
	if len(rows) == 0 {
		d.note("None, or there is no earlier run to compare with.")
	}
	d.table([]cell{words("change"), words("rule"), words("severity"), amount("flipped to fail"), amount("flipped to pass")}, rows, p.Changed.More)
}

// whose is who has what to do.
func (p Page) whose(d *document) {
	d.heading("owners", "Owners")
	rows := [][]cell{{words("unowned"), num(p.Owners.Unowned.Open), num(p.Owners.Unowned.PastDue)}}
	for _, o := range p.Owners.Items {
		rows = append(rows, []cell{words(o.Name), num(o.Open), num(o.PastDue)})
	}
	d.table([]cell{words("owner"), amount("open"), amount("past due")}, rows, p.Owners.More)
}

// appendix is every criterion.
func (p Page) appendix(d *document) {
	d.heading("criteria", "Criterion by criterion")
	var rows [][]cell
	for _, k := range p.Criteria {
		rows = append(rows, []cell{
			words(k.ID), words(k.Summary), words(string(k.State)), num(k.Rules.Total()), marked(some(k.Rules.Failing).content + list(k.Failing)), words(k.Needs),
		})
	}
	d.table([]cell{words("criterion"), words("in our words"), words("state"), amount("rules"), words("of them failing"), words("only a person can show")}, rows, 0)
}

// listed is how many rules of a criterion are named.
const listed = 5

func list(ids []string) markup {
	if len(ids) == 0 {
		return ""
	}
	line := `<br/>` + code(strings.Join(ids[:min(listed, len(ids))], ", "))
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
	for _, s := range p.Scopes {
		if l := s.Last; l != nil {
			rows = append(rows,
				[]cell{words(s.Name + ": run"), names(fmt.Sprintf("%s, manifest %d", l.Run, l.Sequence))},
				[]cell{words(s.Name + ": program"), names(strings.TrimSpace(l.Tool + " " + l.Build))},
				[]cell{words(s.Name + ": rules"), names(l.Rules)},
				[]cell{words(s.Name + ": configuration"), names(l.Config)})
		}
	}
	d.table([]cell{words("what"), words("which")}, rows, 0)
	d.note("All of it comes from stored runs, which are never rewritten: posture verify proves them, and posture weekly --week makes this page again.")
}
