package iampolicy

import "slices"

// Kinds of what runs with a role.
const (
	Endpoint = "endpoint" // for developers, of Glue
	Function = "function" // of Lambda
	Instance = "instance" // of EC2, by its instance profile
	Job      = "job"      // of Glue
	Notebook = "notebook" // of SageMaker
	Project  = "project"  // of CodeBuild
	Stack    = "stack"    // of CloudFormation, by its service role
	Template = "template" // of launches by EC2, by its instance profile
)

// Lender is something that runs with a role. Whoever decides what it runs acts
// as that role.
type Lender struct {
	Kind string // one of those above
	ARN  string
}

// BorrowsFrom returns the ways by which the principal decides what the lender
// runs. Unsure says that there may be one where none is found.
func (p Principal) BorrowsFrom(l Lender, a AccountRef) (open []Way, unsureOf bool) {
	i := p.in(a)
	for _, w := range ways {
		if w.lender != l.Kind {
			continue
		}
		switch got, by := w.borrowsFrom(i, l.ARN); got {
		case yes:
			open = append(open, Way{w.id, w.needs, w.source, by})
		case unsure:
			unsureOf = true
		case no:
		}
	}
	return withoutLonger(open), unsureOf && len(open) == 0
}

// borrowsFrom answers whether a principal can go the way with one lender. What a
// request names beside the lender, such as a document of commands, is chosen.
func (w way) borrowsFrom(i identity, arn string) (got answer, by []Giving) {
	return w.needing(func(action string) found {
		asked := wanted(action)
		asked.caller = i.caller()
		some := i.onSome(asked)
		if slices.Contains(w.beside, action) {
			return some
		}
		on := i.every(func(l layer) found { return l.onTagged(asked, arn, i.account) })
		return found{answer: some.answer}.and(on)
	})
}
