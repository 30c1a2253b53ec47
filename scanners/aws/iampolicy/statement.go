package iampolicy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Statement names a statement of a policy. The zero Statement is none.
type Statement struct {
	Policy string // of a principal with several policies, the one that it is of: what Document.Of was told
	Sid    string // empty if it has none; a stranger's text
	Number int    // its place in the policy, from 1
}

// compareStatements sorts statements by policy and place.
func compareStatements(a, b Statement) int {
	return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Number, b.Number))
}

// longestSid is how long a Sid may be to serve as a name.
const longestSid = 100

// String returns "statement Read", or "statement 2" of one that has no Sid, and
// leaves the policy out. A Sid that could be read as something else is quoted.
func (s Statement) String() string {
	switch {
	case s.Sid == "" || len(s.Sid) > longestSid:
		return "statement " + strconv.Itoa(s.Number)
	case strings.Trim(s.Sid, "0123456789") == "" || strings.ContainsAny(s.Sid, "\"\\:, "):
		return "statement " + strconv.Quote(s.Sid)
	default:
		return "statement " + s.Sid
	}
}

// Opening is a statement that lets in anyone, or a service for any account.
type Opening struct {
	Statement Statement
	Reach     Reach // Service, AnyAccount or Public
	Why       Why   // why it is no narrower
}

// Entry is somebody who is let in, and a statement that does so.
type Entry struct {
	Who       string // id of an account, "*" for any, or of an organization
	Statement Statement
}

// inOrder sorts entries by who is let in and drops what is there twice.
func inOrder(list []Entry) []Entry {
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Who, b.Who), compareStatements(a.Statement, b.Statement))
	})
	return slices.Compact(list)
}
