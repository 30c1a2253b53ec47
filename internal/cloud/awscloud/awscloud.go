// Package awscloud makes AWS one of an auditor's clouds: the accounts that
// the configuration and the flags put in scope, the role by which each is
// read, and the rules that judge them.
package awscloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/rules"
	"posture/scanners/aws"
)

// Options says what to read and with which credentials.
type Options struct {
	Config   config.Config
	AWS      awssdk.Config // the credentials to begin with
	Rules    []fs.FS       // rule directories of the user
	Role     aws.Role      // instead of the configured accounts: the one account of this role
	Only     bool          // instead of the configured accounts: the account of the credentials
	Regions  []string      // instead of the configured regions
	Services []string      // instead of the configured services
	Session  string        // session name for assumed roles
	Sample   bool          // read at most one resource of each listing
}

// New checks the options and the rules and returns the cloud. It makes no
// call.
func New(o Options) (audit.Cloud, error) {
	loaded, err := LoadPolicy(o.Config, o.Rules, false)
	if err != nil {
		return audit.Cloud{}, err
	}
	if err := aws.CheckServices(o.services()); err != nil {
		return audit.Cloud{}, err
	}
	c := &cloud{Options: o}
	return audit.Cloud{
		Policy: loaded, Types: aws.TypesOf(o.Config.AWS.Services), Targets: c.targets, Open: c.open, LastChange: c.lastChange,
	}, nil
}

// LoadPolicy reads and compiles the rules for AWS; with their examples
// judged, when asked.
func LoadPolicy(c config.Config, own []fs.FS, examples bool) (*policy.Policy, error) {
	criteria, err := policy.LoadCriteria(rules.Criteria)
	if err != nil {
		return nil, err
	}
	adjusted := setup.RulesFor(posture.AWS, c.Rules)
	return policy.Load(policy.Options{
		Docs: aws.Docs(), Criteria: criteria, Examples: examples, Elsewhere: setup.Elsewhere(posture.AWS),
		Files:    append([]fs.FS{policy.Named{FS: rules.AWS, Name: "built-in rules"}}, own...),
		Disabled: adjusted.Disabled, Params: adjusted.Params, Severities: adjusted.Severities,
	})
}

// Narrowed reports whether the options ask for less than the configuration. A
// configuration that names no account leaves it to the credentials of the day
// which one is read: other accounts are not out of scope then.
func (o Options) Narrowed() bool {
	configured := len(o.Config.AWS.Accounts) > 0 || o.Config.AWS.Organization != nil
	return len(o.Regions) > 0 || len(o.Services) > 0 || !configured || o.Role.ARN != "" || o.Only
}

func (o Options) services() []string {
	if len(o.Services) > 0 {
		return o.Services
	}
	return o.Config.AWS.Services
}

func (o Options) regions() []string {
	if len(o.Regions) > 0 {
		return o.Regions
	}
	return o.Config.AWS.Regions
}

// cloud knows the accounts in scope.
type cloud struct {
	Options

	mu  sync.Mutex
	own aws.Identity // of the credentials, once known
}

// targets lists the accounts in scope.
func (c *cloud) targets(ctx context.Context) ([]posture.Target, error) {
	switch configured := c.Config.AWS; {
	case c.Role.ARN != "":
		return c.roleTarget()
	case c.Only, len(configured.Accounts) == 0 && configured.Organization == nil:
		own, err := c.ownAccount(ctx)
		return []posture.Target{{Provider: posture.AWS, Account: own, Regions: c.regions()}}, err
	default:
		return c.configured(ctx)
	}
}

// roleTarget returns the account that the role is in.
func (c *cloud) roleTarget() ([]posture.Target, error) {
	parsed, err := arn.Parse(c.Role.ARN)
	if err != nil || parsed.Service != "iam" {
		return nil, fmt.Errorf("role %q: expected arn:aws:iam::ACCOUNT:role/NAME", c.Role.ARN)
	}
	return []posture.Target{{Provider: posture.AWS, Account: parsed.AccountID, Regions: c.regions()}}, nil
}

// configured returns the accounts that the configuration names, and those of
// the organization. A name or regions of the former hold for the latter too.
func (c *cloud) configured(ctx context.Context) ([]posture.Target, error) {
	var targets []posture.Target
	named := map[string]bool{}
	for _, account := range c.Config.AWS.Accounts {
		regions := c.regions()
		if len(account.Regions) > 0 && len(c.Regions) == 0 {
			regions = account.Regions
		}
		named[account.ID] = true
		targets = append(targets, posture.Target{Provider: posture.AWS, Account: account.ID, Name: account.Name, Regions: regions})
	}
	if c.Config.AWS.Organization == nil {
		return targets, nil
	}
	members, err := aws.Organization(ctx, c.AWS)
	if err != nil {
		return nil, err
	}
	for _, member := range members {
		if !named[member.Account] && !slices.Contains(c.Config.AWS.Organization.Exclude, member.Account) {
			member.Regions = c.regions()
			targets = append(targets, member)
		}
	}
	return targets, nil
}

// open reaches one account.
func (c *cloud) open(ctx context.Context, target posture.Target) (audit.Scanner, error) {
	cfg, assumed, err := c.credentials(ctx, target.Account)
	if err != nil {
		return nil, err
	}
	options := aws.Options{Services: c.services(), Sample: c.Sample}
	if !assumed {
		options.Identity = c.identity()
	}
	account, err := aws.Open(ctx, cfg, target, options)
	if err != nil {
		return nil, err
	}
	return account, nil
}

// credentials returns those by which an account is read, and whether they are
// those of a role and not the ones at hand.
func (c *cloud) credentials(ctx context.Context, account string) (cfg awssdk.Config, assumed bool, err error) {
	if c.Role.ARN != "" {
		return aws.Assume(c.AWS, aws.Role{ARN: c.Role.ARN, ExternalID: c.Role.ExternalID, Session: c.Session}), true, nil
	}
	for _, known := range c.Config.AWS.Accounts {
		if known.ID == account && known.RoleARN != "" {
			return aws.Assume(c.AWS, aws.Role{ARN: known.RoleARN, ExternalID: known.ExternalID, Session: c.Session}), true, nil
		}
	}
	organization := c.Config.AWS.Organization
	if organization == nil || c.Only {
		return c.AWS, false, nil
	}
	own, err := c.ownAccount(ctx)
	if err != nil || own == account {
		return c.AWS, false, err
	}
	role := fmt.Sprintf("arn:%s:iam::%s:role/%s", partitionOf(c.AWS.Region), account, organization.Role)
	return aws.Assume(c.AWS, aws.Role{ARN: role, ExternalID: organization.ExternalID, Session: c.Session}), true, nil
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

var errNoCredentials = errors.New("no AWS credentials work here: set AWS_PROFILE, pass --profile, or sign in (aws sso login)")

// ownAccount returns the account of the credentials at hand.
func (c *cloud) ownAccount(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own.Account != "" {
		return c.own.Account, nil
	}
	found, err := aws.Identify(ctx, c.AWS)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoCredentials, err)
	}
	c.own = found
	return c.own.Account, nil
}

// identity returns whose the credentials at hand are, as far as that was asked.
func (c *cloud) identity() aws.Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.own
}
