package iampolicy

import (
	"cmp"
	"slices"
)

// Why says what a verdict turns on.
type Why string

// What a verdict turns on.
const (
	NoOneNamed    Why = "no statement lets anybody in"
	ByName        Why = "a statement names them"
	NoCondition   Why = "everybody is let in without a condition"
	NoTie         Why = "everybody is let in, and no condition ties them to known parties"
	OpenValue     Why = "everybody is let in, and a condition's value has a wildcard or a variable"
	NoSource      Why = "a service is let in, and no condition says for whom it may act"
	NotUnderstood Why = "a condition or a principal is not understood"
)

// Verdict says who is let in, at most.
type Verdict struct {
	Reach         Reach     // the widest that some statement lets in
	Openings      []Opening // the statements that let in anyone, or a service for any account, in order
	Accounts      []Entry   // other accounts that are let in by name, as principal or in a condition, sorted
	Organizations []Entry   // organizations that are let in, sorted
	Services      []string  // services that are let in for any account, sorted; "*" for any service
	Statement     Statement // the one that decides; the zero Statement where none does
	Why           string    // what it turns on: one of Why's texts, or a Reason
	Guarded       bool      // by the policy itself anyone is let in, and only the guards keep them out
}

// Anyone reports whether everybody is let in, or everybody who has an account.
func (v Verdict) Anyone() bool { return v.Reach == AnyAccount || v.Reach == Public }

// Open reports whether anyone is let in, be it through a service that acts for
// whoever asks it.
func (v Verdict) Open() bool { return v.Anyone() || len(v.Services) > 0 }

// Others returns the other accounts that are let in, sorted, "*" for any.
func (v Verdict) Others() []Entry {
	var others []Entry
	for _, opening := range v.Openings {
		if opening.Reach >= AnyAccount {
			others = append(others, Entry{"*", opening.Statement})
		}
	}
	return append(others, v.Accounts...)
}

// Judge parses a policy and says who is let in. A document that cannot be
// judged yields CannotTell with the reason.
func Judge(text string, ask Ask) Verdict {
	doc, problem := parse(text)
	if problem != nil {
		v := Verdict{Reach: CannotTell, Why: string(problem.Reason)}
		if problem.Statement > 0 {
			v.Statement.Number = problem.Statement
		}
		return v
	}
	return Access(doc, ask)
}

// Access says who is let in by a resource's policy. Identities that come from
// an identity provider are left out: Trust judges those.
func Access(doc Document, ask Ask) Verdict {
	return doc.verdict(doc.admissions(ask), ask)
}

func (d Document) verdict(list []admission, ask Ask) Verdict {
	v := Verdict{Why: string(NoOneNamed)}
	unsure := admission{}
	for _, a := range list {
		a.reach = a.reachOf(ask)
		switch {
		case !a.unsure || a.reach < Service:
			if a.reach > v.Reach {
				v.Reach, v.Statement, v.Why = a.reach, d.statements[a.by].Statement, string(a.why)
			}
			v.add(a, d.statements[a.by].Statement, ask)
		case a.reach > unsure.reach:
			unsure = a
		}
	}
	if unsure.reach > v.Reach {
		v.Reach, v.Statement, v.Why = CannotTell, d.statements[unsure.by].Statement, string(NotUnderstood)
	}
	v.Accounts, v.Organizations, v.Services = inOrder(v.Accounts), inOrder(v.Organizations), sorted(v.Services)
	if len(ask.Guards) > 0 && v.Reach < AnyAccount {
		ask.Guards = nil
		v.Guarded = d.verdict(d.admissions(ask), ask).Anyone()
	}
	return v
}

// reachOf returns how far a party's access reaches, from the resource's account.
func (p party) reachOf(ask Ask) Reach {
	switch {
	case p.reach == Accounts && p.id == ask.Account:
		return Own
	case p.reach == Public && !slices.Contains(anonymous, ask.Service):
		return AnyAccount
	default:
		return p.reach
	}
}

// add notes who is let in by a statement.
func (v *Verdict) add(a admission, by Statement, ask Ask) {
	switch a.reach {
	case Accounts, Named:
		if a.id != "" && a.id != ask.Account {
			v.Accounts = append(v.Accounts, Entry{a.id, by})
		}
	case Organization:
		v.Organizations = append(v.Organizations, Entry{a.id, by})
	case Service:
		v.Services = append(v.Services, cmp.Or(a.id, "*"))
		v.open(Opening{by, a.reach, a.why})
	case AnyAccount, Public:
		v.open(Opening{by, a.reach, a.why})
	default:
	}
}

// open notes a statement that lets anyone in, once, with the widest that it does.
func (v *Verdict) open(o Opening) {
	for i, known := range v.Openings {
		if known.Statement == o.Statement {
			if known.Reach < o.Reach {
				v.Openings[i] = o
			}
			return
		}
	}
	v.Openings = append(v.Openings, o)
}

// why says why a party that the statement lets in is not narrower.
func (s statement) why(p party) Why {
	switch {
	case p.reach == Service:
		return NoSource
	case p.reach < Service:
		return ByName
	case len(s.conditions) == 0:
		return NoCondition
	}
	for _, c := range s.conditions {
		k, _ := keyed(c.key)
		if c.selects() && k.meaning != nothing && slices.ContainsFunc(c.values, open) {
			return OpenValue
		}
	}
	return NoTie
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
