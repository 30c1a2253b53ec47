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

// Reaches returns the ARNs of the roles that a principal of the same account
// may take, one after another, and of those where that cannot be told, both
// sorted. Conditions that the caller can meet hold nobody back.
func Reaches(from Principal, arn string, roles []Role, a AccountRef) (certain, possible []string) {
	taken := map[string]answer{} // by ARN, no for those that are not there
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
			if got := min(next.got, role.letsIn(next.arn, next.identity, a)); got > taken[role.ARN] {
				taken[role.ARN] = got
				queue = append(queue, holder{role.ARN, role.in(a), got})
			}
		}
	}
	for arn, got := range taken {
		if got == yes {
			certain = append(certain, arn)
		} else {
			possible = append(possible, arn)
		}
	}
	slices.Sort(certain)
	slices.Sort(possible)
	return certain, possible
}

// letsIn answers whether a principal may take the role: the trust names it and
// nothing denies it, or the trust names the account and its policies allow it.
func (r Role) letsIn(arn string, i identity, a AccountRef) answer {
	assume := wanted("sts:AssumeRole")
	byName, byAccount := false, false
	for _, s := range r.Trust.statements {
		if !s.speaksOf(assume.action) || !s.meets(arn, a) {
			continue
		}
		switch {
		case s.allow:
			byName = byName || s.includesARN(arn)
			byAccount = byAccount || s.includesAccount(a)
		case len(s.conditions) == 0 && (s.includesARN(arn) || s.includesAccount(a)):
			return no
		}
	}
	switch {
	case !byName && !byAccount:
		return no
	case slices.ContainsFunc(i.layers, func(l layer) bool { return l.denied(assume, r.ARN) }):
		return no
	case byName:
		return yes
	default:
		return i.every(func(l layer) answer { return l.onTagged(assume, r.ARN, a) })
	}
}

// onTagged is on for a resource whose tags are not known: where they decide, it
// cannot tell.
func (l layer) onTagged(w want, arn string, a AccountRef) answer {
	got := l.on(w, arn, a)
	if got == no && slices.ContainsFunc(l.allows, func(s statement) bool { return s.speaksOf(w.action) && s.spans(arn) && s.turnsOnTags() }) {
		return unsure
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
