package iampolicy

import (
	"slices"
	"strings"
)

// Role is a role with what it may do and who may take it.
type Role struct {
	Principal
	ARN   string
	Trust Document
}

// Taking is a role that may be taken, and how.
type Taking struct {
	Roles []string    // ARNs of the roles that are taken one after another, itself the last
	By    []Statement // that allow it: for each role those of who takes it, where they are needed, and those of its trust policy
}

// Role returns the ARN of the role.
func (t Taking) Role() string { return t.Roles[len(t.Roles)-1] }

// Reaches returns the roles that a principal of the same account may take, one
// after another, and the ARNs of those where that cannot be told, both sorted
// by ARN. Each is taken through as few others as may be. Conditions that the
// caller can meet hold nobody back.
func Reaches(from Principal, arn string, roles []Role, a AccountRef) (certain []Taking, possible []string) {
	taken := map[string]answer{} // by ARN, no for those that are not there
	ways := map[string]Taking{}  // to those that are taken for sure
	type holder struct {
		arn      string
		identity identity
		got      answer
	}
	queue := []holder{{arn, from.in(a), yes}}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, role := range roles {
			if role.ARN == arn || taken[role.ARN] >= next.got {
				continue
			}
			let := role.letsIn(next.arn, next.identity, a)
			if got := min(next.got, let.answer); got > taken[role.ARN] {
				taken[role.ARN] = got
				ways[role.ARN] = ways[next.arn].then(role.ARN, let.by)
				queue = append(queue, holder{role.ARN, role.in(a), got})
			}
		}
	}
	for arn, got := range taken {
		if got == yes {
			certain = append(certain, ways[arn])
		} else {
			possible = append(possible, arn)
		}
	}
	slices.SortFunc(certain, func(a, b Taking) int { return strings.Compare(a.Role(), b.Role()) })
	slices.Sort(possible)
	return certain, possible
}

// then returns how a further role is taken.
func (t Taking) then(role string, by []Statement) Taking {
	return Taking{append(slices.Clone(t.Roles), role), append(slices.Clone(t.By), by...)}
}

// letsIn answers whether a principal may take the role: the trust names it and
// nothing denies it, or the trust names the account and its policies allow it.
func (r Role) letsIn(arn string, i identity, a AccountRef) found {
	assume := wanted("sts:AssumeRole")
	var byName, byAccount found
	for _, s := range r.Trust.statements {
		if s = r.Trust.named(s); !s.speaksOf(assume.action) || !s.meets(arn, a) {
			continue
		}
		switch {
		case s.allow && s.includesARN(arn):
			byName = byName.or(s.decided(yes))
		case s.allow && s.includesAccount(a):
			byAccount = byAccount.or(s.decided(yes))
		case !s.allow && len(s.conditions) == 0 && (s.includesARN(arn) || s.includesAccount(a)):
			return found{}
		}
	}
	switch {
	case byName.answer == no && byAccount.answer == no:
		return found{}
	case slices.ContainsFunc(i.layers, func(l layer) bool { return l.denied(assume, r.ARN) }):
		return found{}
	case byName.answer == yes:
		return byName
	default:
		return i.every(func(l layer) found { return l.onTagged(assume, r.ARN, a) }).and(byAccount)
	}
}

// onTagged is on for a resource whose tags are not known: where they decide, it
// cannot tell.
func (l layer) onTagged(w want, arn string, a AccountRef) found {
	got := l.on(w, arn, a)
	if got.answer == no && slices.ContainsFunc(l.allows, func(s statement) bool { return s.speaksOf(w.action) && s.spans(arn) && s.turnsOnTags() }) {
		return found{answer: unsure}
	}
	return got
}

// turnsOnTags reports whether a condition of the statement is on tags of the
// resource or of the request.
func (s statement) turnsOnTags() bool {
	return slices.ContainsFunc(s.conditions, func(c condition) bool {
		return strings.Contains(c.key, "resourcetag/") || strings.Contains(c.key, "requesttag/") || c.key == "aws:tagkeys"
	})
}

func (s statement) includesARN(arn string) bool {
	return slices.ContainsFunc(s.principal, func(n name) bool { return n.text == "*" && n.kind != "Service" || n.kind == "AWS" && n.text == arn })
}

func (s statement) includesAccount(a AccountRef) bool {
	return slices.ContainsFunc(s.principal, func(n name) bool {
		return n.kind == "AWS" && (n.text == a.ID || n.text == "arn:"+a.partition()+":iam::"+a.ID+":root")
	})
}

// meets reports whether the principal may meet the statement's conditions on
// who asks.
func (s statement) meets(arn string, a AccountRef) bool {
	for _, c := range s.conditions {
		asked := map[string]string{"aws:principalarn": arn, "aws:principalaccount": a.ID}[c.key]
		if asked != "" && c.compare == compareText && matchAny(c.values, asked) == c.not {
			return false
		}
		if c.selects() && slices.Contains([]string{"aws:sourceaccount", "aws:sourcearn", "aws:principalservicename"}, c.key) {
			return false // only services send these
		}
	}
	return true
}
