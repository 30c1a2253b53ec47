package weekly

import (
	"cmp"
	"fmt"
	"slices"

	"posture/internal/posture"
)

// dues is what is late, and what is old.
func (p Page) dues(d *document, open *rowList) {
	d.heading("due", "Past due")
	var rows [][]cell
	for _, due := range p.Due {
		days := "no time set"
		if due.Days > 0 {
			days = number(int64(due.Days), "day")
		}
		rows = append(rows, []cell{words(string(due.Severity)), words(days), numbered("open-"+string(due.Severity), due.Open), numbered("past-due", due.PastDue)})
	}
	d.table("Open and past due by severity", []cell{words("severity"), words("to fix within"), amount("open"), amount("past due")}, rows, 0)
	if p.pastDue() > 0 {
		late := slices.DeleteFunc(slices.Clone(p.Open.Items), func(r Row) bool { return !r.PastDue })
		slices.SortStableFunc(late, func(a, b Row) int { return cmp.Or(a.Severity.Rank()-b.Severity.Rank(), a.Due.Compare(b.Due)) })
		named := late[:min(len(late), dueNamed)]
		d.add(`<h3 id="past-due">Past due, the most severe first</h3>`)
		d.links(open, named, p.pastDue()-len(named))
	}
	rows = nil
	for _, o := range p.Oldest.Items {
		since := when(o.Since)
		if o.Earlier {
			since += " or earlier"
		}
		if o.Stale {
			since += ", not read by the latest run"
		}
		said := text(o.Name)
		if open.seen[place("f", o.Fingerprint)] > 0 {
			said = jump(place("f", o.Fingerprint), o.Name)
		}
		rows = append(rows, []cell{marked(said + `<br/><span class="soft">` + text(o.Account+" · "+o.Region) + `</span>`), marked(label(o.Severity)), names(o.Rule), words(o.Owner), words(since)})
	}
	d.table("Open for longest", []cell{words("resource"), words("severity"), words("rule"), words("owner"), words("failing since (UTC)")}, rows, p.Oldest.More)
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
	d.table("All exemptions", exemptionHeads(), rows, x.Items.More)
}
