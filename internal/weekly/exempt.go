package weekly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"posture/internal/config"
	"posture/internal/posture"
)

// scopeOf says what an exemption is for.
func scopeOf(x config.Exemption) string {
	var parts []string
	if x.Account != "" {
		parts = append(parts, "account "+x.Account)
	}
	if x.Resource != "" {
		parts = append(parts, "resource "+x.Resource)
	}
	for _, key := range sortedKeys(x.Tags) {
		parts = append(parts, fmt.Sprintf("tag %s=%s", key, x.Tags[key]))
	}
	return strings.Join(parts, ", ")
}

// unreadOf says what an exemption accepts not to be read.
func unreadOf(x config.CauseExemption) string {
	parts := []string{"not read: " + cmp.Or(x.Operation, x.Service)}
	if x.Because != "" {
		parts = append(parts, "because "+x.Because)
	}
	if x.Target != "" {
		parts = append(parts, "target "+x.Target)
	}
	return strings.Join(parts, ", ")
}

// daysBetween returns how many days after a time's own day a day is.
func daysBetween(from time.Time, to posture.Day) int {
	last := to.Start()
	if last.IsZero() { // it was not stored by us
		return 0
	}
	return int(last.Sub(from.UTC().Truncate(day)) / day)
}

// exempt orders exemptions: those that expired first, then by their last day.
func exempt(a, b Exemption) int {
	return cmp.Or(cmp.Compare(a.Expires, b.Expires), cmp.Compare(a.ID, b.ID))
}

// exemptionsShown is how many exemptions the page holds.
const exemptionsShown = 200

// exemptions tells the accepted findings.
func (c *collector) exemptions() Exemptions {
	var out Exemptions
	var all []Exemption
	for _, x := range c.accepted() {
		if x.Expired && x.Failing == 0 {
			continue
		}
		out.count(x)
		all = append(all, x)
	}
	out.Items = first(all, exemptionsShown, exempt)
	return out
}

// count adds one exemption to the counts.
func (e *Exemptions) count(x Exemption) {
	if x.New {
		e.New++
	}
	switch {
	case x.Expired:
		e.Expired++
		return
	case x.Left <= 7:
		e.Within7++
		fallthrough
	case x.Left <= 14:
		e.Within14++
		fallthrough
	case x.Left <= 30:
		e.Within30++
	}
	e.Active++
}

// accepted returns the exemptions of the configuration that were made by the
// end of the week, those of what is not read among them, and those that only
// findings still know of.
func (c *collector) accepted() []Exemption {
	var all []Exemption
	seen := map[string]bool{}
	for _, item := range c.Config.Exemptions.Items {
		seen[item.ID] = true
		all = append(all, Exemption{
			ID: item.ID, Rule: item.Rule, Covers: scopeOf(item), Reason: item.Reason, Ticket: item.Ticket, Requested: item.RequestedBy,
			Approved: item.ApprovedBy, Control: item.Control, Created: item.Created, Expires: item.Expires,
		})
	}
	for _, item := range c.Config.Exemptions.Causes {
		all = append(all, Exemption{
			ID: item.ID, Covers: unreadOf(item), Reason: item.Reason, Ticket: item.Ticket, Requested: item.RequestedBy,
			Approved: item.ApprovedBy, Control: item.Control, Created: item.Created, Expires: item.Expires,
		})
	}
	all = slices.DeleteFunc(all, func(x Exemption) bool { return !x.Created.Start().Before(c.asOf) })
	for i, x := range all {
		x.New = !x.Created.Start().Before(c.Week.Start()) && x.Created.Start().Before(c.Week.End())
		all[i] = c.stand(x)
	}
	for id, found := range c.total.covered {
		if !seen[id] {
			all = append(all, c.stand(Exemption{ID: id, Rule: found.rule, Expires: found.expires, Withdrawn: true}))
		}
	}
	return all
}

// stand fills in the state of an exemption.
func (c *collector) stand(x Exemption) Exemption {
	found := c.total.covered[x.ID]
	x.Failing, x.Resources = found.n, found.names
	x.MoreOfThem = max(0, found.n-len(found.names))
	x.Left = daysBetween(c.asOf, x.Expires)
	x.Expired = x.Expires.Over(c.asOf)
	slices.Sort(x.Resources)
	return x
}
