package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// inactive are the states in which an account cannot be scanned. One whose state
// is not known is opened, which tells.
var inactive = []types.AccountState{
	types.AccountStatePendingActivation, types.AccountStateSuspended, types.AccountStatePendingClosure, types.AccountStateClosed,
}

// Organization lists the active accounts of the caller's organization
// (organizations:ListAccounts), which only its management account or a
// delegated administrator may do.
func Organization(ctx context.Context, cfg aws.Config) ([]posture.Target, error) {
	pages := organizations.NewListAccountsPaginator(organizations.NewFromConfig(cfg), &organizations.ListAccountsInput{})
	accounts, err := engine.ListAll(ctx, pages, func(page *organizations.ListAccountsOutput) []types.Account { return page.Accounts })
	if err != nil {
		return nil, engine.Refusal("list the organization's accounts", err)
	}
	var targets []posture.Target
	for _, account := range accounts {
		if slices.Contains(inactive, account.State) {
			continue
		}
		targets = append(targets, posture.Target{
			Provider: posture.AWS, Account: aws.ToString(account.Id), Name: aws.ToString(account.Name),
		})
	}
	return targets, nil
}

// ownOrganizationCall reads which organization an account is in. A member may
// ask it too.
func ownOrganizationCall(fields ...string) scanners.Call {
	return scanners.Call{Op: "organizations:DescribeOrganization", For: fields}
}

// describeOrganization returns the organization that the account is in, nil
// where it is in none. It is asked once per account.
func describeOrganization(ctx context.Context, p *engine.Place) (*types.Organization, error) {
	return engine.Once(p.Home(), "own organization", func() (*types.Organization, error) {
		out, err := engine.Client(p.Home(), organizations.NewFromConfig).DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		if err != nil {
			return nil, engine.NotConfigured(err, "AWSOrganizationsNotInUseException")
		}
		if out.Organization == nil || out.Organization.MasterAccountId == nil {
			return nil, engine.Malformed("organizations:DescribeOrganization", errNoValue)
		}
		return out.Organization, nil
	})
}

// readOwnOrganization returns the id of the account's own organization, for those
// that a policy lets in to be told from it. Where none is let in nobody is asked.
func readOwnOrganization(ctx context.Context, r *engine.Reading, letIn []Admitted, field string) string {
	top, _, _ := strings.Cut(field, ".")
	if len(letIn) == 0 || !r.Wants(top) {
		return ""
	}
	own, err := describeOrganization(ctx, r.Place)
	if !r.Got(err, field) || own == nil {
		return ""
	}
	if aws.ToString(own.Id) == "" {
		r.Absent("organizations:DescribeOrganization", field)
	}
	return aws.ToString(own.Id)
}
