package engine

import (
	"strings"

	"github.com/aws/smithy-go"
)

// Answer is yes, no or, when Err is set, not known and why.
type Answer struct {
	Yes bool
	Err error
}

// AnyOf is yes when one answer is, whatever the others are.
func AnyOf(answers ...Answer) Answer {
	var whole Answer
	for _, a := range answers {
		switch {
		case a.Err == nil && a.Yes:
			return a
		case a.Err != nil && whole.Err == nil:
			whole.Err = a.Err
		}
	}
	return whole
}

// AllOf is no when one answer is, whatever the others are.
func AllOf(answers ...Answer) Answer {
	whole := Answer{Yes: true}
	for _, a := range answers {
		switch {
		case a.Err == nil && !a.Yes:
			return a
		case a.Err != nil && whole.Err == nil:
			whole = Answer{Err: a.Err}
		}
	}
	return whole
}

// Unless is no when the block holds, without asking; else what asking tells,
// as far as the block is known.
func Unless(block Answer, ask func() Answer) Answer {
	if block.Err == nil && block.Yes {
		return Answer{}
	}
	return AllOf(Answer{Yes: !block.Yes && block.Err == nil, Err: block.Err}, ask())
}

// Malformed is the error of an operation ("iam:GetCredentialReport") whose
// answer came but is of no use. Where err knows a reason of its own, that
// reason counts. It is nil for no error.
func Malformed(operation string, err error) error {
	if err == nil {
		return nil
	}
	service, name, _ := strings.Cut(operation, ":")
	return &smithy.OperationError{ServiceID: service, OperationName: name, Err: err}
}
