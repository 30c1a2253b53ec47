package iampolicy

// Document is a policy, parsed: who may do what to what, under which
// condition. The zero Document lets nobody do anything.
type Document struct {
	statements []statement
	policy     string // name of the policy, for the statements that decide
}

// Of returns the document as that of a policy, which the statements that decide
// are then said to be of: "inline policy deploy".
func (d Document) Of(policy string) Document {
	d.policy = policy
	return d
}

// named returns a statement of the document with the policy that it is of.
func (d Document) named(s statement) statement {
	s.Policy = d.policy
	return s
}

// statement is one statement of a policy.
type statement struct {
	Statement
	allow        bool // Effect is Allow; else it is Deny
	principal    []name
	notPrincipal []name
	action       []string // lower case
	notAction    []string // lower case
	resource     []string
	notResource  []string
	conditions   []condition
}

// name is one name of a Principal element: its kind is "AWS", "Service",
// "Federated", "CanonicalUser" or "*".
type name struct {
	kind, text string
}
