package aws

import (
	"strings"

	"github.com/aws/smithy-go"
)

// answer is yes, no or, when err is set, not known and why.
type answer struct {
	yes bool
	err error
}

// anyOf is yes when one answer is, whatever the others are.
func anyOf(answers ...answer) answer {
	var whole answer
	for _, a := range answers {
		switch {
		case a.err == nil && a.yes:
			return a
		case a.err != nil && whole.err == nil:
			whole.err = a.err
		}
	}
	return whole
}

// allOf is no when one answer is, whatever the others are.
func allOf(answers ...answer) answer {
	whole := answer{yes: true}
	for _, a := range answers {
		switch {
		case a.err == nil && !a.yes:
			return a
		case a.err != nil && whole.err == nil:
			whole = answer{err: a.err}
		}
	}
	return whole
}

// unless is no when the block holds, without asking; else what asking tells,
// as far as the block is known.
func unless(block answer, ask func() answer) answer {
	if block.err == nil && block.yes {
		return answer{}
	}
	return allOf(answer{yes: !block.yes && block.err == nil, err: block.err}, ask())
}

// malformed is the error of an operation ("iam:GetCredentialReport") whose
// answer came but cannot be understood.
func malformed(operation string, err error) error {
	service, name, _ := strings.Cut(operation, ":")
	return &smithy.OperationError{ServiceID: service, OperationName: name, Err: err}
}
