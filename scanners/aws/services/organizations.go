package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"posture/internal/posture"
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
