package awscloud

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"

	"posture/internal/audit"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/scanners/aws"
)

// accounts reads the accounts of a scope.
type accounts struct {
	chosen
	aws awssdk.Config // the credentials to begin with

	mu  sync.Mutex
	own aws.Identity // of the credentials, once known
}

// targets lists the accounts in scope.
func (a *accounts) targets(ctx context.Context) ([]posture.Target, error) {
	organization := a.settings.Organization
	switch {
	case a.role.ARN != "" || a.profile == "" && organization == nil && len(a.Targets) > 0:
		return a.Targets, nil
	case a.profile != "" || organization == nil:
		own, err := a.ownAccount(ctx)
		return []posture.Target{{Provider: posture.AWS, Account: own, Regions: a.Regions}}, err
	default:
		return a.members(ctx)
	}
}

// members returns the accounts that the configuration names, and those of the
// organization. A name or regions of the former hold for the latter too.
func (a *accounts) members(ctx context.Context) ([]posture.Target, error) {
	found, err := aws.Organization(ctx, a.aws)
	if err != nil {
		return nil, advise(err, "", a.at, false)
	}
	targets := slices.Clone(a.Targets)
	for _, member := range found {
		named := slices.ContainsFunc(a.Targets, func(t posture.Target) bool { return t.Account == member.Account })
		if !named && !slices.Contains(a.settings.Organization.Exclude, member.Account) {
			member.Regions = a.Regions
			targets = append(targets, member)
		}
	}
	return targets, nil
}

// open reaches one account.
func (a *accounts) open(ctx context.Context, target posture.Target) (audit.Scanner, error) {
	cfg, role, err := a.credentials(ctx, target.Account)
	if err != nil {
		return nil, err
	}
	options := aws.Options{Services: a.Services, Sample: a.sample}
	if role.ARN == "" {
		options.Identity = a.identity()
	}
	if a.settings.Organization != nil && a.role.ARN == "" && a.profile == "" {
		options.Above = &a.aws // who lists the accounts may mostly read their policies too
	}
	account, err := aws.Open(ctx, cfg, target, options)
	if err != nil {
		return nil, advise(err, role.ARN, a.at, a.settings.Organization != nil)
	}
	return account, nil
}

// credentials returns those by which an account is read, and the role that they
// are of, an empty one for those at hand.
func (a *accounts) credentials(ctx context.Context, account string) (cfg awssdk.Config, role aws.Role, err error) {
	role, err = a.roleOf(ctx, account)
	if err != nil || role.ARN == "" {
		return a.aws, role, err
	}
	return aws.Assume(a.aws, role), role, nil
}

// roleOf returns the role by which an account is read.
func (a *accounts) roleOf(ctx context.Context, account string) (aws.Role, error) {
	if a.role.ARN != "" {
		return a.role, nil
	}
	for _, known := range a.settings.Accounts {
		if known.ID == account && known.RoleARN != "" {
			return aws.Role{ARN: known.RoleARN, ExternalID: known.ExternalID, Session: a.session}, nil
		}
	}
	organization := a.settings.Organization
	if organization == nil || a.profile != "" {
		return aws.Role{}, nil
	}
	own, err := a.ownAccount(ctx)
	if err != nil || own == account {
		return aws.Role{}, err
	}
	arn := fmt.Sprintf("arn:%s:iam::%s:role/%s", partitionOf(a.aws.Region), account, organization.Role)
	return aws.Role{ARN: arn, ExternalID: organization.ExternalID, Session: a.session}, nil
}

// partitionOf returns the partition of a region.
func partitionOf(region string) string {
	switch {
	case len(region) > 3 && region[:3] == "cn-":
		return "aws-cn"
	case len(region) > 7 && region[:7] == "us-gov-":
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// ownAccount returns the account of the credentials at hand.
func (a *accounts) ownAccount(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own.Account != "" {
		return a.own.Account, nil
	}
	found, err := aws.Identify(ctx, a.aws)
	if err != nil {
		return "", advise(err, "", a.at, false)
	}
	a.own = found
	return a.own.Account, nil
}

// identity returns whose the credentials at hand are, as far as that was asked.
func (a *accounts) identity() aws.Identity {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.own
}

// lastChange asks the account's CloudTrail who changed a resource, with the
// credentials by which the account is read.
func (a *accounts) lastChange(ctx context.Context, of drift.Resource, after, before time.Time) (*drift.Attribution, error) {
	cfg, _, err := a.credentials(ctx, of.Account)
	if err != nil {
		return nil, err
	}
	change, err := aws.LastChange(ctx, cfg, aws.Changed{
		Account: of.Account, Region: of.Region, ID: of.ID, After: after, Before: before,
	})
	if change == nil || err != nil {
		return nil, err
	}
	return &drift.Attribution{Event: change.Event, Time: change.Time, Principal: change.Principal, Session: change.Session}, nil
}
