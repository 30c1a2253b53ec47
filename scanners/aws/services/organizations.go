package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"posture/internal/posture"
	"posture/scanners/aws/engine"
)

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
		if account.State == types.AccountStateActive {
			targets = append(targets, posture.Target{
				Provider: posture.AWS, Account: aws.ToString(account.Id), Name: aws.ToString(account.Name),
			})
		}
	}
	return targets, nil
}
