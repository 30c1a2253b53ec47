package services

import (
	"context"

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
func readPublic(ctx context.Context, r *engine.Reading, text string, source policySource, ask iampolicy.Ask) entry {
	verdict, above := readVerdict(ctx, r, text, source, ask)
	return entry{above.certain(r, verdict.Anyone(), source.fields...), verdict.Guarded}
}

// readOpen reports whether the policy of a resource lets anyone in, be it
// through a service that acts for whoever asks it.
func readOpen(ctx context.Context, r *engine.Reading, text string, source policySource, ask iampolicy.Ask) entry {
	verdict, above := readVerdict(ctx, r, text, source, ask)
	return entry{above.certain(r, verdict.Open(), source.fields...), verdict.Guarded}
}

// entry says whether anyone is let in by the policy of a resource.
type entry struct {
	open    bool
	guarded bool // only resource control policies of the organization keep them out
}

// readVerdict says who is let in by the policy of a resource of the account,
// and what of the organization's policies that turned on.
func readVerdict(ctx context.Context, r *engine.Reading, text string, source policySource, ask iampolicy.Ask) (iampolicy.Verdict, guards) {
	doc, ok := readPolicy(r, text, source)
	if !ok {
		return iampolicy.Verdict{}, guards{}
	}
	above := guardsOf(ctx, r.Place, ask.Service)
	ask.Account, ask.Guards = r.Place.Account, above.resources
	verdict := iampolicy.Access(doc, ask)
	if verdict.Reach == iampolicy.CannotTell {
		source.unclear(r)
	}
	return verdict, above
}

// guardsOf returns what the organization forbids on resources of a service,
// given as the prefix of its actions: nothing, where no such policy bounds it.
func guardsOf(ctx context.Context, p *engine.Place, service string) guards {
	if !iampolicy.Bounded(service) {
		return guards{}
	}
	return readGuards(ctx, p)
}

// others returns the other accounts that a verdict lets in. The field is unread
// where policies that were not read may keep them out.
func (g guards) others(r *engine.Reading, verdict iampolicy.Verdict, field string) []string {
	if others := verdict.Others(); g.certain(r, len(others) > 0, field) {
		return others
	}
	return nil
}
