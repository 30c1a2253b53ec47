package iampolicy

import "strings"

// Denied returns which of the asked actions the policy denies everybody,
// without a condition, on the resource and all under it.
func Denied(doc Document, ask Ask) []string {
	var denied []string
	for _, action := range ask.Actions {
		if doc.denies(strings.ToLower(action), ask, func(s statement) bool { return len(s.conditions) == 0 }) {
			denied = append(denied, action)
		}
	}
	return denied
}

// DeniesInsecureTransport reports whether the policy denies everybody whatever
// is asked for, where the request does not use TLS: the asked actions, or all
// of the service's, on the resource and all under it.
func DeniesInsecureTransport(doc Document, ask Ask) bool {
	actions := ask.Actions
	if len(actions) == 0 {
		actions = []string{ask.Service + ":*"}
	}
	for _, action := range actions {
		if !doc.denies(strings.ToLower(action), ask, statement.onlyInsecure) {
			return false
		}
	}
	return true
}

// denies reports whether denies for everybody cover an action on all that it
// can be about.
func (d Document) denies(unit string, ask Ask, of func(statement) bool) bool {
	targets := []string{"*"}
	if ask.Resource != "" {
		targets = ask.domain(unit)
	}
	for _, target := range targets {
		covered := false
		for _, s := range d.statements {
			covered = covered || !s.allow && of(s) && s.isForEverybody() && s.speaksOfAll(unit) && s.spans(target)
		}
		if !covered {
			return false
		}
	}
	return true
}

func (s statement) isForEverybody() bool {
	for _, n := range s.principal {
		if n.text == "*" && n.kind != "Service" && n.kind != "Federated" {
			return true
		}
	}
	return false
}

// onlyInsecure reports whether the statement's one condition is that the
// request does not use TLS.
func (s statement) onlyInsecure() bool {
	if len(s.conditions) != 1 {
		return false
	}
	c := s.conditions[0]
	return c.key == "aws:securetransport" && !c.not && (c.compare == compareBool || c.compare == compareText) &&
		len(c.values) == 1 && strings.EqualFold(c.values[0], "false")
}
