package e2e

import "encoding/json"

// statement is one of a policy.
type statement map[string]any

// policy returns the text of a policy.
func policy(statements ...statement) string {
	text, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // strings always marshal
	return string(text)
}

// allow returns a statement that lets a principal act on a resource. Without
// a principal it is one for an identity's policy.
func allow(principal, action, resource string) statement {
	s := statement{"Effect": "Allow", "Action": action, "Resource": resource}
	switch principal {
	case "":
	case "*":
		s["Principal"] = "*"
	default:
		s["Principal"] = map[string]string{"AWS": principal}
	}
	return s
}

// trust returns the policy by which a service or an account takes a role.
func trust(kind, principal string) string {
	return policy(statement{"Effect": "Allow", "Principal": map[string]string{kind: principal}, "Action": "sts:AssumeRole"})
}
