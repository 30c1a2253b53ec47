package iampolicy

import (
	"slices"
	"strings"
)

// asked returns the parties that a statement's Principal element lets in, with
// those of identity providers left out: see Trust.
func (s statement) asked(ask Ask) []party {
	if s.notPrincipal != nil {
		return []party{everybody} // all but a few
	}
	if s.principal == nil {
		return []party{{reach: Public, unsure: true}} // no policy of a resource
	}
	var list []party
	for _, n := range s.principal {
		if p, ok := n.party(ask); ok {
			list = append(list, p)
		}
	}
	return list
}

// party returns whom a name of a Principal element means, false for nobody.
func (n name) party(ask Ask) (party, bool) {
	switch {
	case n.kind == "*", n.kind == "AWS" && (n.text == "*" || n.text == ""):
		return everybody, true
	case n.kind == "Service" && ask.Service == "sts":
		return account(ask.Account), true // a role can be passed only within its account
	case n.kind == "Service":
		return party{reach: Service, id: n.text, named: true}, true
	case n.kind == "CanonicalUser":
		return party{reach: Named, arn: n.text, named: true}, true
	case n.kind == "AWS":
		return awsParty(n.text)
	default:
		return party{}, false
	}
}

// awsParty returns whom an AWS principal means: an account, an ARN in one, or
// the unique id that AWS shows when the principal was deleted, which lets
// nobody in.
func awsParty(text string) (party, bool) {
	if isAccount(text) {
		return party{reach: Accounts, id: text, named: true}, true
	}
	p, judged := arnParty(text)
	switch {
	case judged == isFixed && p.reach == Accounts && strings.HasSuffix(text, ":root"):
		p.named = true
		return p, true
	case judged == isFixed:
		p.arn, p.named = text, true
		return p, true
	case judged == isOpen:
		return party{reach: AnyAccount}, true
	}
	if _, unique := userIDParty(text); unique == isFixed {
		return party{}, false
	}
	return party{reach: Public, unsure: true}, true
}

// left returns what a deny's Principal element leaves of a party, before its
// conditions: the party as it is, nothing, or those that a NotPrincipal spares.
// The second result says whether the deny is for the party at all.
func (s statement) left(p party, ask Ask) ([]party, bool) {
	if s.notPrincipal != nil {
		return s.spared(p, ask)
	}
	return nil, slices.ContainsFunc(s.principal, func(n name) bool { return n.includes(p, ask) })
}

// includes reports whether a name certainly means all of the party. Whose
// principal a condition's account is cannot be told.
func (n name) includes(p party, ask Ask) bool {
	q, ok := n.party(ask)
	switch {
	case !ok || q.unsure:
		return false
	case q.reach == Public:
		return true
	case !p.named || q.reach != p.reach || q.id != p.id:
		return false
	default:
		return q.arn == "" || q.arn == p.arn
	}
}

// spared returns what a deny for all but some leaves of a party.
func (s statement) spared(p party, ask Ask) ([]party, bool) {
	if !p.named && p.reach < Organization || p.reach == Named {
		return nil, false
	}
	var spared []party
	for _, n := range s.notPrincipal {
		q, ok := n.party(ask)
		switch {
		case !ok:
		case q.reach > p.reach || q.reach >= AnyAccount:
			return nil, false
		case !p.named:
			spared = append(spared, q)
		case p.mayBe(q):
			return nil, false
		}
	}
	return spared, true
}

// mayBe reports whether a party that a Principal element names may be another
// one that such an element names.
func (p party) mayBe(q party) bool {
	return q.reach == Named || q.reach == p.reach && q.id == p.id
}
