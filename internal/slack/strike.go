package slack

import (
	"fmt"
	"slices"
	"strings"

	"posture/internal/drift"
	"posture/internal/outbox"
)

// strike shows in the page what has ended since: the rows are struck, and when
// all findings of the alert are known to have ended, the headline says so.
func (p *page) strike(a drift.Alert, settled []outbox.Settlement) {
	ended := map[string]outbox.Settlement{}
	for _, s := range settled {
		for _, fingerprint := range s.Fingerprints {
			ended[fingerprint] = s
		}
	}
	seen, n, kinds := 0, 0, map[drift.Kind]bool{}
	for i, r := range a.Resources {
		if s, ok := ended[r.Fingerprint]; ok {
			seen++
			p.strikeRow(i, strings.ToLower(word(s.Kind))+" "+moment(s.Time))
		}
	}
	for _, s := range settled {
		n += s.Count()
		kinds[s.Kind] = true
	}
	if len(a.Resources) == a.Total { // each of them is known
		n = seen
	}
	if n == 0 {
		return
	}
	last := settled[len(settled)-1]
	if n >= a.Total {
		kind := last.Kind
		if len(kinds) > 1 {
			kind = drift.Closed // not all of them were fixed
		}
		p.over()
		p.prefix = word(kind) + " " + last.Time.UTC().Format("2 Jan") + " (was " + strings.ToLower(p.prefix) + ")"
		return
	}
	p.notes = append(p.notes, fmt.Sprintf("%d of %d have ended, the latest %s; the thread says which.", n, a.Total, moment(last.Time)))
}

// strikeRow strikes the row of a resource, where the page has rows.
func (p *page) strikeRow(i int, detail string) {
	if p.settling == 0 {
		return
	}
	row := &p.lists[p.settling-1].rows[i]
	row.struck = true
	row.details = append(row.details, detail)
}

// over takes out of the page what is to be done.
func (p *page) over() {
	p.why, p.fix, p.note, p.brief = "", "", "", ""
	p.facts = slices.DeleteFunc(p.facts, func(f fact) bool { return f.label == dueLabel })
}
