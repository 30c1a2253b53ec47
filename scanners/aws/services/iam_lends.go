package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
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
			principal, missing := a.bounded(h, "")
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

// roleOf finds a role among those of the account. That there is neither a role nor
// an error means that it was deleted.
type roleOf func(iamAccess) (arn string, err error)

// readLendsTo names the users and roles that get more than they have by
// something that runs with one of the roles: they decide what it runs. The field
// "lends_to" is unread where somebody may, and nobody certainly does.
func readLendsTo(ctx context.Context, r *engine.Reading, lender iampolicy.Lender, roles ...roleOf) []string {
	if !r.Wants("lends_to") {
		return nil
	}
	access := readIAMAccess(ctx, r.Place)
	var names []string
	var gap error
	for _, role := range roles {
		borrowers, missing := access.borrowersOf(role, lender, accountOf(r.Place))
		names, gap = append(names, borrowers...), cmp.Or(gap, missing)
	}
	switch {
	case len(names) == 0:
		r.Got(gap, "lends_to")
	case !access.guards.certain(r, true, "lends_to"):
		return nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), mostBorrowers)]
}

// readLendsRole does so for something that always runs with a role, for which the
// operation answers its ARN.
func readLendsRole(ctx context.Context, r *engine.Reading, lender iampolicy.Lender, operation string, role *string) []string {
	if aws.ToString(role) == "" {
		r.Absent(operation, "lends_to")
		return nil
	}
	return readLendsTo(ctx, r, lender, roleNamed(role))
}

// borrowersOf returns who certainly gets more by a lender with that role, and
// otherwise why somebody may.
func (a iamAccess) borrowersOf(role roleOf, lender iampolicy.Lender, account iampolicy.AccountRef) ([]string, error) {
	arn, err := role(a)
	graph := a.graph()
	if arn == "" || !graph.isStrong(arn) && graph.odd[arn] == nil {
		return nil, err
	}
	borrowers, gap := a.borrowers(lender, arn, account)
	if !graph.isStrong(arn) && (len(borrowers) > 0 || gap != nil) {
		return nil, graph.odd[arn]
	}
	return borrowers, gap
}

// borrowers returns who gets more by a lender, and why there may be more.
func (a iamAccess) borrowers(lender iampolicy.Lender, role string, account iampolicy.AccountRef) (names []string, gap error) {
	gap = a.listErr
	for _, holder := range a.allHolders() {
		if holder.arn == role {
			continue
		}
		ways, unsure := holder.principal.BorrowsFrom(lender, account)
		switch {
		case len(ways) > 0 && !holder.more():
			names = append(names, holder.arn+" ("+ways[0].String()+", through "+strings.Join(wayBy(ways[0]), "; ")+")")
		case len(ways) > 0:
		case unsure:
			gap = cmp.Or(gap, notUnderstood(iamDetailsCall.Op))
		default:
			gap = cmp.Or(gap, holder.missing)
		}
	}
	return names, gap
}

// roleNamed finds a role by its ARN.
func roleNamed(arn *string) roleOf {
	return func(a iamAccess) (string, error) {
		if slices.ContainsFunc(a.Roles, func(role types.RoleDetail) bool { return aws.ToString(role.Arn) == *arn }) {
			return *arn, nil
		}
		return "", a.listErr
	}
}

// roleCalled finds a role by its ARN, or by its name with or without its path.
func roleCalled(given string) roleOf {
	return func(a iamAccess) (string, error) {
		name := given[strings.LastIndexByte(given, '/')+1:]
		for _, role := range a.Roles {
			if arn := aws.ToString(role.Arn); arn == given || !strings.HasPrefix(given, "arn:") && aws.ToString(role.RoleName) == name {
				return arn, nil
			}
		}
		return "", a.listErr
	}
}

// roleOfProfile finds the role of an instance profile, for which the operation
// answers its ARN or its name.
func roleOfProfile(operation, profile string) roleOf {
	return func(a iamAccess) (string, error) {
		if profile == "" {
			return "", engine.Malformed(operation, errNoValue)
		}
		for _, role := range a.Roles {
			for _, p := range role.InstanceProfileList {
				if aws.ToString(p.Arn) == profile || aws.ToString(p.InstanceProfileName) == profile {
					return aws.ToString(role.Arn), nil
				}
			}
		}
		return "", a.listErr
	}
}

// roleUnread stands for the role of something whose role is not known.
func roleUnread(err error) roleOf {
	return func(iamAccess) (string, error) { return "", err }
}
