package services

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// iamRoleGraph is which roles of an account can be taken by some of its
// identities, and which of them hold full access or can get it.
type iamRoleGraph struct {
	roles  []iampolicy.Role
	strong map[string]worth // by ARN: what makes a role worth taking
	odd    map[string]error // by ARN: why nobody can say what a role is worth
	gap    error            // why somebody may be able to take a role that is not in roles
}

// worth is what makes a role worth taking.
type worth struct {
	what string   // "full access", or how more is got
	by   []string // the statements that allow it
}

// roleGraph returns a function that reads the roles once, when it is first
// asked. Roles that anybody may take are left out: nobody gains by them what
// strangers do not have, and they are findings of their own.
func (a iamAccess) roleGraph(account iampolicy.AccountRef) func() iamRoleGraph {
	return sync.OnceValue(func() iamRoleGraph {
		g := iamRoleGraph{strong: map[string]worth{}, odd: map[string]error{}}
		for _, detail := range sortedRoles(a.Roles) {
			trust, err := parseGrants(detail.AssumeRolePolicyDocument)
			ask := iampolicy.Ask{Account: account.ID}
			if !ofService(aws.ToString(detail.Arn)) {
				ask.Guards = a.guards.resources
			}
			if err == nil && iampolicy.Trust(trust, ask).Anyone() {
				continue
			}
			h := holdingOfRole(detail)
			arn := aws.ToString(detail.Arn)
			principal, missing := a.bounded(h, ofHolder(arn))
			g.weigh(arn, principal.Grants(account), missing)
			switch {
			case err == nil:
				trust = trust.Of("the trust policy" + ofHolder(arn))
				g.roles = append(g.roles, iampolicy.Role{Principal: principal, ARN: arn, Trust: trust})
			case g.isStrong(arn) || g.odd[arn] != nil:
				g.gap = cmp.Or(g.gap, notUnderstood(iamDetailsCall.Op))
			}
		}
		return g
	})
}

// sortedRoles returns roles by their ARNs: whichever way there is through several,
// the same one is found each time.
func sortedRoles(roles []types.RoleDetail) []types.RoleDetail {
	return slices.SortedFunc(slices.Values(roles), func(a, b types.RoleDetail) int {
		return strings.Compare(aws.ToString(a.Arn), aws.ToString(b.Arn))
	})
}

func (g iamRoleGraph) isStrong(arn string) bool { return g.strong[arn].what != "" }

// weigh notes what a role is worth to whoever takes it.
func (g iamRoleGraph) weigh(arn string, grants iampolicy.Grants, missing error) {
	switch {
	case grants.Everything:
		g.strong[arn] = worth{"full access", statementNames(grants.EverythingBy)}
	case len(grants.Escalates) > 0:
		g.strong[arn] = worth{grants.Escalates[0].String(), wayBy(grants.Escalates[0])}
	case missing != nil:
		g.odd[arn] = missing
	case slices.Contains(grants.Unsure, "Everything") || slices.Contains(grants.Unsure, "Escalates"):
		g.odd[arn] = notUnderstood(iamDetailsCall.Op)
	}
}

// takes returns the roles, worth taking, that an identity may take one after
// another, and why there may be more.
func (g iamRoleGraph) takes(from iampolicy.Principal, arn string, account iampolicy.AccountRef) (ways []IAMEscalation, gap error) {
	certain, possible := iampolicy.Reaches(from, arn, g.roles, account)
	for _, taken := range certain {
		role := taken.Role()
		if g.isStrong(role) {
			by := cutList(slices.Concat(statementNames(taken.By), g.strong[role].by), mostStatements)
			ways = append(ways, IAMEscalation{"sts:AssumeRole of " + role + " (" + g.strong[role].what + ")", by, taken.Roles})
		}
		gap = cmp.Or(gap, g.odd[role])
	}
	for _, role := range possible {
		if g.isStrong(role) {
			gap = cmp.Or(gap, notUnderstood(iamDetailsCall.Op))
		}
		gap = cmp.Or(gap, g.odd[role])
	}
	return ways, cmp.Or(gap, g.gap)
}

// bounded collects all the policies of a user, group or role, its boundary and
// what its organization forbids it, and returns why some of its own are not
// known. Without its boundary it has nothing. Nothing is forbidden to the roles
// that services of AWS make for themselves.
func (a iamAccess) bounded(h holding, holder string) (iampolicy.Principal, error) {
	principal, missing := a.principal(h, holder)
	if !ofService(h.arn) {
		principal.Guards = a.guards.identities
	}
	if h.boundary == "" {
		return principal, missing
	}
	boundary := a.document(h.boundary)
	if boundary.err != nil {
		return iampolicy.Principal{}, boundary.err
	}
	principal.Boundary = &boundary.doc
	return principal, missing
}

// ofService reports whether a service of AWS made the role for itself.
func ofService(arn string) bool { return strings.Contains(arn, ":role/aws-service-role/") }

func accountOf(p *engine.Place) iampolicy.AccountRef {
	return iampolicy.AccountRef{ID: p.Account, Partition: p.Partition}
}
