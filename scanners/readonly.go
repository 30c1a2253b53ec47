package scanners

import (
	"slices"
	"strings"

	"posture/internal/posture"
)

// ErrNotReadOnly is the error of a call that the scanner refuses to send.
var ErrNotReadOnly error = &posture.ReasonError{Reason: posture.Mistake, Code: "not a read", Text: "refused by the scanner itself: the operation is not a read"}

// reads are the verbs with which the names of operations begin that change
// nothing.
var reads = []string{"Get", "List", "Describe", "BatchGet", "Lookup"}

// CheckRead returns ErrNotReadOnly unless the name of the operation, such as
// "GetBucketAcl", says that it only reads, or is one of those that do so by
// another name.
func CheckRead(operation string, also ...string) error {
	verb := func(verb string) bool {
		rest, begins := strings.CutPrefix(operation, verb)
		return begins && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z')
	}
	if slices.ContainsFunc(reads, verb) || slices.Contains(also, operation) {
		return nil
	}
	return ErrNotReadOnly
}
