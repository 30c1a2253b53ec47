package iampolicy

// Document is a policy, parsed: who may do what to what, under which
// condition. The zero Document lets nobody do anything.
type Document struct {
	statements []statement
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
