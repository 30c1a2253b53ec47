package services

import (
	"cmp"
	"slices"

	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// IAMGrants is what rules may ask of what identity policies grant.
type IAMGrants struct {
	Everything       bool            `json:"everything"`          // all actions on all resources, or all of IAM and with it the rest
	EverythingBy     []string        `json:"everything_by"`       // the statements that allow it: by their Sid, or their number
	WholeServices    []string        `json:"whole_services"`      // services whose every action is allowed on all resources
	WholeServicesBy  []string        `json:"whole_services_by"`   // the statements that allow that, each with the services
	DecryptsAnyKey   bool            `json:"decrypts_any_key"`    // kms:Decrypt or kms:ReEncryptFrom is allowed on every key of a region
	DecryptsAnyKeyBy []string        `json:"decrypts_any_key_by"` // the statements that allow it
	StopsAuditing    []string        `json:"stops_auditing"`      // actions that are allowed and stop or delete CloudTrail, Config or GuardDuty
	StopsAuditingBy  []string        `json:"stops_auditing_by"`   // the statements that allow them, each with the actions
	Escalates        []IAMEscalation `json:"escalates"`           // ways in which the holder can give itself more
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
		Everything: found.Everything, EverythingBy: statementNames(found.EverythingBy),
		WholeServices: found.WholeServices, WholeServicesBy: givenBy(found.WholeServicesBy),
		DecryptsAnyKey: found.DecryptsAnyKey, DecryptsAnyKeyBy: statementNames(found.DecryptsAnyKeyBy),
		StopsAuditing: found.StopsAuditing, StopsAuditingBy: givenBy(found.StopsAuditingBy),
		Escalates: escalationsOf(found.Escalates),
	}
	return grants, grants.unsureOf(found.Unsure)
}

// unsureOf returns the fields in which nothing was found, of those of which the
// evaluator, by its own names, is not sure.
func (g IAMGrants) unsureOf(names []string) []string {
	var fields []string
	for _, field := range []struct {
		of    string
		found bool
		names []string
	}{
		{"Everything", g.Everything, []string{"grants.everything", "grants.everything_by"}},
		{"WholeServices", len(g.WholeServices) > 0, []string{"grants.whole_services", "grants.whole_services_by"}},
		{"DecryptsAnyKey", g.DecryptsAnyKey, []string{"grants.decrypts_any_key", "grants.decrypts_any_key_by"}},
		{"StopsAuditing", len(g.StopsAuditing) > 0, []string{"grants.stops_auditing", "grants.stops_auditing_by"}},
		{"Escalates", len(g.Escalates) > 0, []string{"grants.escalates"}},
	} {
		if !field.found && slices.Contains(names, field.of) {
			fields = append(fields, field.names...)
		}
	}
	return fields
}

// iamPower is what a user, group or role can do with all its policies.
type iamPower struct {
	administrator bool
	by            []string // the statements that make it an administrator
	escalates     []IAMEscalation
}

// readAccess says whether all the policies of a user, group or role together
// allow everything and, where they do not, by what its holder can get more,
// roles that it may take included. What was not found is unread where a policy
// is not known, which may grant it, and what was found where a policy of the
// organization is not, which may forbid it.
func (a iamAccess) readAccess(r *engine.Reading, h holding) iamPower {
	power := a.unguarded(r, h)
	if !ofService(h.arn) && (power.administrator || len(power.escalates) > 0) && !a.guards.certain(r, true, grantFields...) {
		return iamPower{}
	}
	return power
}

func (a iamAccess) unguarded(r *engine.Reading, h holding) iamPower {
	if h.boundary != "" && !r.Got(a.document(h.boundary).err, grantFields...) {
		return iamPower{}
	}
	principal, missing := a.bounded(h, "")
	grants, unsure := grantsOf(r.Place, principal)
	if grants.Everything {
		return iamPower{administrator: true, by: grants.EverythingBy}
	}
	if missing != nil {
		r.Got(missing, administratorFields...)
	} else if slices.Contains(unsure, "grants.everything") {
		from(iamDetailsCall.Op, administratorFields...).unclear(r)
	}
	if len(grants.Escalates) > 0 {
		return iamPower{escalates: grants.Escalates}
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
	return iamPower{escalates: taken}
}
