package services

import (
	"cmp"
	"slices"

	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// IAMGrants is what rules may ask of what identity policies grant.
type IAMGrants struct {
	Everything     bool     `json:"everything"`       // all actions on all resources, or all of IAM and with it the rest
	WholeServices  []string `json:"whole_services"`   // services whose every action is allowed on all resources
	DecryptsAnyKey bool     `json:"decrypts_any_key"` // kms:Decrypt or kms:ReEncryptFrom is allowed on every key of a region
	StopsAuditing  []string `json:"stops_auditing"`   // actions that are allowed and stop or delete CloudTrail, Config or GuardDuty
	Escalates      []string `json:"escalates"`        // allowed combinations by which the holder can give itself more
}

// readGrants says what one policy grants, for the field "grants".
func readGrants(r *engine.Reading, document *string) IAMGrants {
	doc, err := parseGrants(document)
	if !r.Got(err, "grants") {
		return IAMGrants{}
	}
	grants, unsure := grantsOf(r.Place, iampolicy.Principal{Policies: []iampolicy.Document{doc}})
	r.Got(notUnderstood("iam:GetAccountAuthorizationDetails"), unsure...)
	return grants
}

// grantsOf returns what a principal may do by its policies, and the fields in
// which nothing was found although there may be something.
func grantsOf(p *engine.Place, principal iampolicy.Principal) (grants IAMGrants, unsure []string) {
	found := principal.Grants(accountOf(p))
	grants = IAMGrants{
		Everything: found.Everything, WholeServices: found.WholeServices, DecryptsAnyKey: found.DecryptsAnyKey,
		StopsAuditing: found.StopsAuditing, Escalates: waysOf(found.Escalates),
	}
	nothing := grants.nothing()
	for _, name := range found.Unsure {
		if field := "grants." + grantNames[name]; slices.Contains(nothing, field) {
			unsure = append(unsure, field)
		}
	}
	return grants, unsure
}

// grantNames holds the fields of IAMGrants by the evaluator's names.
var grantNames = map[string]string{
	"Everything": "everything", "WholeServices": "whole_services", "DecryptsAnyKey": "decrypts_any_key",
	"StopsAuditing": "stops_auditing", "Escalates": "escalates",
}

func waysOf(ways []iampolicy.Way) []string {
	var list []string
	for _, way := range ways {
		list = append(list, way.String())
	}
	return list
}

// nothing returns the fields in which nothing was found.
func (g IAMGrants) nothing() []string {
	var fields []string
	for _, field := range []struct {
		name  string
		found bool
	}{
		{"everything", g.Everything}, {"whole_services", len(g.WholeServices) > 0}, {"decrypts_any_key", g.DecryptsAnyKey},
		{"stops_auditing", len(g.StopsAuditing) > 0}, {"escalates", len(g.Escalates) > 0},
	} {
		if !field.found {
			fields = append(fields, "grants."+field.name)
		}
	}
	return fields
}

// readAccess says whether all the policies of a user, group or role together
// allow everything and, where they do not, by what its holder can get more,
// roles that it may take included. What was not found is unread where a policy
// is not known, which may grant it, and what was found where a policy of the
// organization is not, which may forbid it.
func (a iamAccess) readAccess(r *engine.Reading, h holding) (administrator bool, escalates []string) {
	administrator, escalates = a.unguarded(r, h)
	if !ofService(h.arn) && (administrator || len(escalates) > 0) && !a.guards.certain(r, true, grantFields...) {
		return false, nil
	}
	return administrator, escalates
}

func (a iamAccess) unguarded(r *engine.Reading, h holding) (administrator bool, escalates []string) {
	if h.boundary != "" && !r.Got(a.document(h.boundary).err, grantFields...) {
		return false, nil
	}
	principal, missing := a.bounded(h)
	grants, unsure := grantsOf(r.Place, principal)
	if grants.Everything {
		return true, nil
	}
	if missing != nil {
		r.Got(missing, "administrator")
	} else if slices.Contains(unsure, "grants.everything") {
		from(iamDetailsCall.Op, "administrator").unclear(r)
	}
	if len(grants.Escalates) > 0 {
		return false, grants.Escalates
	}
	taken, gap := a.graph().takes(principal, h.arn, accountOf(r.Place))
	switch {
	case len(taken) > 0:
	case missing != nil:
		r.Got(missing, "escalates")
	case slices.Contains(unsure, "grants.escalates"):
		from(iamDetailsCall.Op, "escalates").unclear(r)
	default:
		r.Got(cmp.Or(gap, a.listErr), "escalates")
	}
	return false, taken
}
