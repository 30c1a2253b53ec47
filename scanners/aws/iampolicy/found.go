package iampolicy

import "slices"

// found is an answer, and of a yes the statements that decide it.
type found struct {
	answer
	by []Statement
}

// decided is the answer of one statement.
func (s statement) decided(got answer) found {
	if got != yes {
		return found{answer: got}
	}
	return found{yes, []Statement{s.Statement}}
}

// and is the answer where both are needed.
func (f found) and(g found) found {
	switch {
	case f.answer < g.answer:
		return f
	case g.answer < f.answer:
		return g
	default:
		return found{f.answer, slices.Concat(f.by, g.by)}
	}
}

// or is the answer where one is enough.
func (f found) or(g found) found {
	switch {
	case f.answer > g.answer:
		return f
	case g.answer > f.answer:
		return g
	default:
		return found{f.answer, slices.Concat(f.by, g.by)}
	}
}

// statements returns those that decide a yes, sorted, each once.
func (f found) statements() []Statement {
	slices.SortFunc(f.by, compareStatements)
	return slices.Compact(f.by)
}

// Giving is a statement, and what of a list it allows.
type Giving struct {
	Statement Statement
	What      []string
}

// givings is what statements allow, in the order in which it was found.
type givings []Giving

// add notes which statements allow something.
func (g *givings) add(what string, by []Statement) {
	for _, s := range by {
		at := slices.IndexFunc(*g, func(known Giving) bool { return known.Statement == s })
		if at < 0 {
			at = len(*g)
			*g = append(*g, Giving{Statement: s})
		}
		(*g)[at].What = append((*g)[at].What, what)
	}
}
