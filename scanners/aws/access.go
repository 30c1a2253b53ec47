package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"posture/internal/posture"
)

// Role is a role of another account, to be assumed for reading it.
type Role struct {
	ARN        string
	ExternalID string // "" for none
	Session    string // session name, which the account's audit log shows
}

// Assume returns a configuration whose credentials come from assuming the
// role (sts:AssumeRole) when they are first needed. They last an hour and are
// kept in memory only.
func Assume(cfg aws.Config, role Role) aws.Config {
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role.ARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = role.Session
		if role.ExternalID != "" {
			o.ExternalID = aws.String(role.ExternalID)
		}
	})
	assumed := cfg.Copy()
	assumed.Credentials = aws.NewCredentialsCache(provider)
	return assumed
}

// Organization lists the active accounts of the caller's organization
// (organizations:ListAccounts), which only its management account or a
// delegated administrator may do.
func Organization(ctx context.Context, cfg aws.Config) ([]posture.Target, error) {
	var targets []posture.Target
	pages := organizations.NewListAccountsPaginator(organizations.NewFromConfig(cfg), &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, Refusal("list the organization's accounts", err)
		}
		for _, account := range page.Accounts {
			if account.State == types.AccountStateActive {
				targets = append(targets, posture.Target{
					Provider: posture.AWS, Account: aws.ToString(account.Id), Name: aws.ToString(account.Name),
				})
			}
		}
	}
	return targets, nil
}
