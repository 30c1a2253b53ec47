package iampolicy

import "slices"

// Role is a role with what it may do and who may take it.
type Role struct {
	Principal
	ARN   string
	Trust Document
}

// Reaches returns the ARNs of the roles that a principal of the same account
// may take, one after another, sorted. Conditions that the caller can meet
// hold nobody back.
func Reaches(from Principal, arn string, roles []Role, a AccountRef) []string {
	taken := map[string]bool{}
	type holder struct {
		arn      string
		identity identity
	}
	queue := []holder{{arn, from.in(a)}}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, role := range roles {
			if role.ARN != arn && !taken[role.ARN] && role.letsIn(next.arn, next.identity, a) {
				taken[role.ARN] = true
				queue = append(queue, holder{role.ARN, role.in(a)})
			}
		}
	}
	list := make([]string, 0, len(taken))
	for arn := range taken {
		list = append(list, arn)
	}
	slices.Sort(list)
	return list
}

// letsIn reports whether a principal may take the role: the trust names it and
// nothing denies it, or the trust names the account and its policies allow it.
func (r Role) letsIn(arn string, i identity, a AccountRef) bool {
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
			return false
		}
	}
	switch {
	case !byName && !byAccount:
		return false
	case slices.ContainsFunc(i.layers, func(l layer) bool { return l.denied(assume, r.ARN) }):
		return false
	case byName:
		return true
	default:
		return i.every(func(l layer) answer { return l.on(assume, r.ARN, a) }) == yes
	}
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
