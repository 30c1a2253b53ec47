package services

import (
	"context"

	"posture/internal/posture"
	"posture/scanners"
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
	return above.entry(r, verdict, verdict.Anyone(), source.fields...)
}

// readOpen reports whether the policy of a resource lets anyone in, be it
// through a service that acts for whoever asks it.
func readOpen(ctx context.Context, r *engine.Reading, text string, source policySource, ask iampolicy.Ask) entry {
	verdict, above := readVerdict(ctx, r, text, source, ask)
	return above.entry(r, verdict, verdict.Open(), source.fields...)
}

// sharedFields are the fields of what readShared returns, own_organization aside.
var sharedFields = []string{"public", "public_by", "other_accounts", "organizations"}

// shared is whom the policy of a resource lets in.
type shared struct {
	entry
	accounts, organizations []Admitted
	ownOrganization         string // empty where no organization is let in
}

// readShared says whether the policy of a resource lets anyone in, be it through
// a service, and which other accounts and organizations it lets in.
func readShared(ctx context.Context, r *engine.Reading, text, operation string, ask iampolicy.Ask) shared {
	verdict, above := readVerdict(ctx, r, text, from(operation, sharedFields...), ask)
	return above.shared(ctx, r, verdict, verdict.Open())
}

// shared says whom a verdict lets in, and whether that is anyone.
func (g guards) shared(ctx context.Context, r *engine.Reading, verdict iampolicy.Verdict, open bool) shared {
	s := shared{entry: g.entry(r, verdict, open, "public", "public_by"), accounts: g.others(r, verdict, "other_accounts")}
	s.organizations = g.organizations(r, verdict.Organizations, "organizations")
	s.ownOrganization = readOwnOrganization(ctx, r, s.organizations, "own_organization")
	return s
}

// entry says whether anyone is let in by the policy of a resource.
type entry struct {
	open    bool
	by      []string // the statements that do so, and why they are no narrower
	guarded bool     // only resource control policies of the organization keep them out
}

// entry says whether something is open that was found so, and by what. The
// fields are unread where policies that were not read may forbid it.
func (g guards) entry(r *engine.Reading, verdict iampolicy.Verdict, open bool, fields ...string) entry {
	if !g.certain(r, open, fields...) {
		return entry{guarded: verdict.Guarded}
	}
	return entry{true, openedBy(verdict, ""), verdict.Guarded}
}

// openedBy returns the statements that open a policy, each with why; "of" names
// the policy where a resource has several. Where anyone is let in, statements that
// let in only a service are left out.
func openedBy(verdict iampolicy.Verdict, of string) []string {
	var by []string
	for _, opening := range verdict.Openings {
		if opening.Reach > iampolicy.Service || !verdict.Anyone() {
			by = append(by, statementName(opening.Statement)+of+": "+string(opening.Why))
		}
	}
	return by
}

// statementName returns how a statement is shown: "statement Read", and of an
// identity's policy "statement Read of inline policy deploy". What somebody wrote
// into its Sid may be a secret.
func statementName(s iampolicy.Statement) string {
	if scanners.HoldsCredential(s.Sid) {
		s.Sid = ""
	}
	if s.Policy != "" {
		return s.String() + " of " + s.Policy
	}
	return s.String()
}

// Admitted is somebody whom a policy lets in.
type Admitted struct {
	Who string `json:"who"` // id of an account or an organization, or the identity provider; "*" for any
	By  string `json:"by"`  // the statements of the policy that do so: by their Sid, or their number
}

// admitted returns those who are let in, each once with all statements.
func admitted(entries []iampolicy.Entry) []Admitted {
	var list []Admitted
	for _, e := range entries {
		by := statementName(e.Statement)
		if last := len(list) - 1; last >= 0 && list[last].Who == e.Who {
			list[last].By += ", " + by
		} else {
			list = append(list, Admitted{e.Who, by})
		}
	}
	return list
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

// organizations returns organizations that are let in. The field is unread where
// policies that were not read may keep them out.
func (g guards) organizations(r *engine.Reading, entries []iampolicy.Entry, field string) []Admitted {
	if g.certain(r, len(entries) > 0, field) {
		return admitted(entries)
	}
	return nil
}

// others returns the other accounts that a verdict lets in. The field is unread
// where policies that were not read may keep them out.
func (g guards) others(r *engine.Reading, verdict iampolicy.Verdict, field string) []Admitted {
	if others := verdict.Others(); g.certain(r, len(others) > 0, field) {
		return admitted(others)
	}
	return nil
}
