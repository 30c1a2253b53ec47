package services

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/iampolicy"
)

// mostBorrowers is how many of those who borrow a role are named.
const mostBorrowers = 10

// lendsCalls returns the calls that tell who gets at the role of something.
func lendsCalls() []scanners.Call {
	calls := []scanners.Call{iamDetailsCall, {Op: "iam:GetPolicy"}, {Op: "iam:GetPolicyVersion"}}
	for i := range calls {
		calls[i].For = []string{"lends_to"}
	}
	return calls
}

// iamHolder is a user or role with all its policies, and why some are not known.
type iamHolder struct {
	arn       string
	principal iampolicy.Principal
	missing   error
	more      func() bool // it has full access, or can get it by itself
}

// holders returns a function that collects users and roles when it is first
// asked. Roles that only a service of AWS takes are left out.
func (a iamAccess) holders(account iampolicy.AccountRef) func() []iamHolder {
	return sync.OnceValue(func() []iamHolder {
		var list []iamHolder
		add := func(h holding) {
			principal, missing := a.bounded(h)
			list = append(list, iamHolder{h.arn, principal, missing, sync.OnceValue(func() bool {
				grants := principal.Grants(account)
				taken, _ := a.graph().takes(principal, h.arn, account) // who only may have more already is named all the same
				return grants.Everything || len(grants.Escalates) > 0 || len(taken) > 0
			})})
		}
		for _, user := range a.Users {
			add(holdingOfUser(user))
		}
		for _, role := range a.Roles {
			if !heldByAWS(role) {
				add(holdingOfRole(role))
			}
		}
		return list
	})
}

// readLendsTo names the users and roles that get more than they have by
// something that runs with the role: they decide what it runs. The field
// "lends_to" is unread where somebody may, and nobody certainly does.
func readLendsTo(ctx context.Context, r *engine.Reading, lender iampolicy.Lender, role func(iamAccess) (arn string, known bool)) []string {
	if !r.Wants("lends_to") {
		return nil
	}
	access := readIAMAccess(ctx, r.Place)
	arn, known := role(access)
	if !known {
		r.Got(access.listErr, "lends_to") // what the whole listing lacks is deleted
		return nil
	}
	graph := access.graph()
	if graph.strong[arn] == "" && graph.odd[arn] == nil {
		return nil
	}
	borrowers, gap := access.borrowers(lender, arn, accountOf(r.Place))
	if graph.strong[arn] == "" && (len(borrowers) > 0 || gap != nil) {
		r.Got(graph.odd[arn], "lends_to")
		return nil
	}
	switch {
	case len(borrowers) == 0:
		r.Got(gap, "lends_to")
	case !access.guards.certain(r, true, "lends_to"):
		return nil
	}
	return borrowers
}

// borrowers returns who gets more by a lender, sorted, and why there may be more.
func (a iamAccess) borrowers(lender iampolicy.Lender, role string, account iampolicy.AccountRef) (names []string, gap error) {
	gap = a.listErr
	for _, holder := range a.allHolders() {
		if holder.arn == role {
			continue
		}
		ways, unsure := holder.principal.BorrowsFrom(lender, account)
		switch {
		case len(ways) > 0 && !holder.more():
			names = append(names, holder.arn+" ("+ways[0].String()+")")
		case len(ways) > 0:
		case unsure:
			gap = cmp.Or(gap, notUnderstood(iamDetailsCall.Op))
		default:
			gap = cmp.Or(gap, holder.missing)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), mostBorrowers)], gap
}

// roleNamed finds a role by its ARN.
func roleNamed(arn *string) func(iamAccess) (string, bool) {
	return func(a iamAccess) (string, bool) {
		return aws.ToString(arn), slices.ContainsFunc(a.Roles, func(role types.RoleDetail) bool { return aws.ToString(role.Arn) == aws.ToString(arn) })
	}
}

// roleOfProfile finds the role of an instance profile.
func roleOfProfile(arn *string) func(iamAccess) (string, bool) {
	return func(a iamAccess) (string, bool) {
		for _, role := range a.Roles {
			for _, profile := range role.InstanceProfileList {
				if aws.ToString(profile.Arn) == aws.ToString(arn) {
					return aws.ToString(role.Arn), true
				}
			}
		}
		return "", false
	}
}
