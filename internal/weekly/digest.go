package weekly

import (
	"slices"

	"posture/internal/drift"
)

// Digest is a page in a few lines, for a message that links to it. Names in it
// were chosen by strangers. Begin with Page.Digest.
type Digest struct {
	Week             Week
	Report           string   // id of the page
	Key              string   // where Keep stores the page as HTML
	Headline         string   // of the page
	NotEnough        []string // why the page cannot say how things are; empty: it can
	Rules            Balance  // by status, now and before the week
	Findings         Balance  // by status, now and before the week
	Open             []Due    // what is open and past due by severity, the most severe first; all four
	Regressed        int      // findings that regressed or appeared in the week
	Fixed            int      // findings that were fixed in the week
	Worst            []Row    // at most three that are open: the most severe, and of these what fails for longest
	PastDue          []Owner  // who has something past due, at most five, the most first; the name "" is what nobody owns
	MoreOwners       int      // who else has something past due
	Missed, Expected int      // runs
	Chain            Chain    // its end when the page was made
}

// The bounds of the lists of a digest.
const (
	digestWorst  = 3
	digestOwners = 5
)

// Digest returns the page in a few lines. Pages that earlier versions stored
// have no rows: nothing is then among the worst.
func (p Page) Digest() Digest {
	d := Digest{
		Week: p.Week, Report: p.ID, Key: Key(p.Week, "html"), Headline: p.Headline, NotEnough: p.NotEnough, Rules: p.Rules, Findings: p.Findings,
		Open: p.Due, Regressed: p.Movement.Regressed + p.Movement.Appeared, Fixed: p.Movement.fixed(), Worst: p.worst(),
		Chain: p.Chain,
	}
	d.Missed, d.Expected = p.missed()
	owners := append(slices.Clone(p.Owners.Items), p.Owners.Unowned)
	owners = slices.DeleteFunc(owners, func(o Owner) bool { return o.PastDue == 0 })
	slices.SortStableFunc(owners, busiest)
	d.PastDue, d.MoreOwners = owners[:min(len(owners), digestOwners)], max(0, len(owners)-digestOwners)
	return d
}

// worst returns the open rows that are to be looked at first.
func (p Page) worst() []Row {
	var most []Row
	for _, row := range p.Open.Items {
		if len(most) > 0 && row.Severity != most[0].Severity && len(most) >= digestWorst {
			break
		}
		most = append(most, row)
	}
	slices.SortStableFunc(most, func(a, b Row) int {
		if a.Severity != b.Severity {
			return a.Severity.Rank() - b.Severity.Rank()
		}
		return a.Since.Compare(b.Since)
	})
	return most[:min(len(most), digestWorst)]
}

// fixed returns how many findings were fixed.
func (m Movement) fixed() int {
	for _, c := range m.Closed {
		if c.Reason == drift.ReasonFixed {
			return c.Count
		}
	}
	return 0
}
