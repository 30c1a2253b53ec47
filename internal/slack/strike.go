package slack

import (
	"fmt"
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
	n, kinds := 0, map[drift.Kind]bool{}
	for i, r := range a.Resources {
		s, ok := ended[r.Fingerprint]
		if !ok {
			continue
		}
		n++
		kinds[s.Kind] = true
		p.strikeRow(i, strings.ToLower(word(s.Kind))+" "+moment(s.Time))
	}
	if n == 0 {
		return
	}
	last := settled[len(settled)-1]
	if n == len(a.Resources) && n == a.Total {
		kind := last.Kind
		if len(kinds) > 1 {
			kind = drift.Closed // not all of them were fixed
		}
		p.prefix = word(kind) + " " + last.Time.UTC().Format("2 Jan") + " (was " + strings.ToLower(p.prefix) + ")"
		return
	}
	p.notes = append(p.notes, fmt.Sprintf("%d of %d have ended, the latest %s; the thread says which.", n, a.Total, moment(last.Time)))
}

// strikeRow strikes the row of a resource, where the page has rows.
func (p *page) strikeRow(i int, detail string) {
	if p.settling == 0 || i >= len(p.lists[p.settling-1].rows) {
		return
	}
	row := &p.lists[p.settling-1].rows[i]
	row.struck = true
	row.details = append(row.details, detail)
}
