package iampolicy

import (
	"slices"
	"strings"
)

// Reach is how far a policy lets others in, from the least to the most.
type Reach int

// How far a policy lets others in.
const (
	Nobody       Reach = iota
	Own                // principals of the resource's own account, and services acting for it
	Accounts           // other accounts that the policy names
	Named              // fixed parties that are no account: networks, endpoints, access points, distributions, unique ids
	Organization       // the accounts of an organization
	Service            // a service, for resources of any account: a confused deputy
	AnyAccount         // whoever has an AWS account
	Public             // everybody
	CannotTell         // the document, or what decides in it, is not understood
)

var reaches = [...]string{
	"nobody", "own account", "these accounts", "named parties", "organization",
	"service of any account", "any AWS account", "public", "cannot tell",
}

func (r Reach) String() string { return reaches[r] }

// party is somebody who is let in: an upper bound, for whom everything that is
// known of a request holds.
type party struct {
	reach  Reach  // Accounts for the own account too, until the verdict
	id     string // account, organization or service; of a named party the account that it belongs to, if that is known
	arn    string // of the one principal that is meant, if it is one
	named  bool   // the Principal element says so, and not a condition
	unsure bool   // it may be less: something about it was not understood
	scoped bool   // it must also show something that not everybody in its account can
}

func account(id string) party { return party{reach: Accounts, id: id} }

var everybody = party{reach: Public}

// bound is what a condition, or what a deny leaves, says of who asks. A bound
// that does not narrow says nothing.
type bound struct {
	parties  []party
	narrows  bool // only the parties are left
	unsure   bool // it may narrow, which cannot be told
	services bool // it narrows only services: others choose the value themselves
	proves   bool // it asks for an external id or for MFA
}

// width is the widest reach of a bound's parties.
func (b bound) width() Reach {
	width := Nobody
	for _, p := range b.parties {
		width = max(width, p.reach)
	}
	return width
}

// identifies reports whether the bound leaves known parties only.
func (b bound) identifies() bool { return b.narrows && b.width() < Service }

// narrow returns what is left of a party under bounds that all hold.
func (p party) narrow(bounds []bound) []party {
	var usable []bound
	for _, b := range bounds {
		p.unsure = p.unsure || b.unsure
		p.scoped = p.scoped || b.proves || p.named && p.reach == Accounts && b.identifies()
		if b.narrows && (!b.services || p.reach == Service) {
			usable = append(usable, b)
		}
	}
	switch {
	case len(usable) == 0, p.named && p.reach == Named:
		return []party{p}
	case p.reach == Accounts:
		return p.within(usable)
	}
	best := usable[0]
	for _, b := range usable[1:] {
		if b.tighter(best) {
			best = b
		}
	}
	return p.meet(best)
}

// tighter reports whether b says more than c.
func (b bound) tighter(c bound) bool {
	if b.width() != c.width() {
		return b.width() < c.width()
	}
	return b.names() < c.names()
}

func (b bound) names() string {
	var ids []string
	for _, p := range b.parties {
		ids = append(ids, p.id)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// within drops an account that some bound names other accounts instead of.
func (p party) within(bounds []bound) []party {
	for _, b := range bounds {
		if !slices.ContainsFunc(b.parties, func(q party) bool { return q.reach != Accounts && q.reach != Service || q.id == p.id }) {
			return nil
		}
	}
	return []party{p}
}

// meet returns who of a party of many is among those of the bound.
func (p party) meet(b bound) []party {
	if b.width() > p.reach || b.width() == p.reach && p.id != "" {
		return []party{p}
	}
	list := make([]party, 0, len(b.parties))
	for _, q := range b.parties {
		q.unsure = p.unsure && q.reach >= Service
		q.scoped = q.scoped || p.scoped
		list = append(list, q)
	}
	return list
}
