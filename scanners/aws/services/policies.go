package services

import (
	"posture/internal/posture"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// policySource is the operation that returned a policy and the fields that
// are read from it.
type policySource struct {
	operation string
	fields    []string
}

// from names where a policy comes from.
func from(operation string, fields ...string) policySource {
	return policySource{operation, fields}
}

// unclear marks what the policy should have told as unread: the policy came,
// but it, or what decides in it, is not understood.
func (s policySource) unclear(r *engine.Reading) {
	r.Got(notUnderstood(s.operation), s.fields...)
}

// notUnderstood is the error of an operation that returned a policy which, or
// in which what decides, is not understood.
func notUnderstood(operation string) error {
	return engine.Malformed(operation, errNotUnderstood)
}

var errNotUnderstood error = &posture.ReasonError{Reason: posture.NotUnderstood, Code: "policy", Text: "the policy is not understood"}

// readPolicy parses the policy of a resource. It reports false when it cannot
// be judged: then the fields are marked as unread.
func readPolicy(r *engine.Reading, text string, source policySource) (iampolicy.Document, bool) {
	doc, err := iampolicy.Parse(text)
	if err != nil {
		source.unclear(r)
	}
	return doc, err == nil
}

// readPublic reports whether the policy of a resource lets anyone in.
func readPublic(r *engine.Reading, text string, source policySource, ask iampolicy.Ask) bool {
	return readVerdict(r, text, source, ask).Anyone()
}

// readOpen reports whether the policy of a resource lets anyone in, be it
// through a service that acts for whoever asks it.
func readOpen(r *engine.Reading, text string, source policySource, ask iampolicy.Ask) bool {
	return letsAnyoneIn(readVerdict(r, text, source, ask))
}

// letsAnyoneIn reports whether anyone is let in, be it through a service that
// acts for whoever asks it.
func letsAnyoneIn(v iampolicy.Verdict) bool { return v.Anyone() || len(v.Services) > 0 }

// readVerdict says who is let in by the policy of a resource of the account.
func readVerdict(r *engine.Reading, text string, source policySource, ask iampolicy.Ask) iampolicy.Verdict {
	doc, ok := readPolicy(r, text, source)
	if !ok {
		return iampolicy.Verdict{}
	}
	ask.Account = r.Place.Account
	verdict := iampolicy.Access(doc, ask)
	if verdict.Reach == iampolicy.CannotTell {
		source.unclear(r)
	}
	return verdict
}
