package services

import (
	"fmt"
	"path"
	"strings"

	"posture/scanners/aws/iampolicy"
)

// IAMEscalation is a way in which the holder of policies can get more permissions.
type IAMEscalation struct {
	Way   string   `json:"way"`   // the actions, which are all allowed; or the role that may be taken and what it has
	By    []string `json:"by"`    // the statements that allow it, each with its policy, and what it allows where there are several
	Roles []string `json:"roles"` // ARNs of the roles that are taken for it, one after another; none where none is
}

const (
	mostStatements = 10 // of those that allow something, how many are named
	mostAllowed    = 5  // of what one statement allows, how many are named
)

// escalationsOf returns the ways with the statements that allow them.
func escalationsOf(ways []iampolicy.Way) []IAMEscalation {
	var list []IAMEscalation
	for _, way := range ways {
		list = append(list, IAMEscalation{Way: way.String(), By: wayBy(way)})
	}
	return list
}

// wayBy returns the statements that allow a way. Where there are several, each says
// which of its actions it allows.
func wayBy(way iampolicy.Way) []string {
	if len(way.By) == 1 {
		return statementNames([]iampolicy.Statement{way.By[0].Statement})
	}
	return givenBy(way.By)
}

// statementNames returns the names of statements.
func statementNames(statements []iampolicy.Statement) []string {
	var names []string
	for _, s := range statements {
		names = append(names, statementName(s))
	}
	return cutList(names, mostStatements)
}

// givenBy returns the names of statements, each with what it allows.
func givenBy(givings []iampolicy.Giving) []string {
	var names []string
	for _, g := range givings {
		names = append(names, statementName(g.Statement)+": "+strings.Join(cutList(g.What, mostAllowed), ", "))
	}
	return cutList(names, mostStatements)
}

// cutList returns a list of at most that many, and says how many are left out.
func cutList(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("and %d more", len(list)-most))
}

// attachedName returns how a managed policy that somebody has is called. Names of
// policies are unique in an account, whatever their paths.
func attachedName(arn string) string {
	if strings.Contains(arn, ":iam::aws:policy/") {
		return "attached AWS policy " + path.Base(arn)
	}
	return "attached policy " + path.Base(arn)
}

func inlineName(name string) string { return "inline policy " + name }

// ofHolder says inside of whom a policy is: " of role app".
func ofHolder(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	kind, name, _ := strings.Cut(parts[len(parts)-1], "/")
	return " of " + kind + " " + path.Base(name)
}
