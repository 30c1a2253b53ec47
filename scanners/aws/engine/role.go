package engine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Identity is whom credentials belong to.
type Identity struct{ Account, ARN string }

// Identify asks whom credentials belong to (sts:GetCallerIdentity). The error's
// text holds no secret.
func Identify(ctx context.Context, cfg aws.Config) (Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	found, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return Identity{}, Refusal("identify the caller", err)
	}
	return Identity{Account: aws.ToString(found.Account), ARN: aws.ToString(found.Arn)}, nil
}

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
