package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"posture/internal/posture"
)

// openTimeout is how long credentials have to prove themselves.
const openTimeout = 30 * time.Second

// Options says what to read of an account, and how.
type Options struct {
	Services []Service
	Regions  func(context.Context, aws.Config) (Regions, error) // lists the regions (ec2:DescribeRegions)
	Link     func(posture.Resource) string                      // the console's address of a resource; nil: none
	Attempts int                                                // tries of a call; 0: as many as proved right under throttling
	Sample   bool                                               // read at most one resource of each listing
	Above    *aws.Config                                        // by which the organization is read, of its management account or a delegated administrator; nil: it is not
	Identity Identity                                           // whose the credentials are, where that was asked before; zero: it is asked
}

// Regions are those that there are for an account.
type Regions struct {
	Enabled []string
	Off     []string // that it could enable
}

// Account is an AWS account that answered, ready to be scanned once.
type Account struct {
	cfg     aws.Config
	above   *aws.Config // by which the organization is read; nil: it is not
	options Options
	target  posture.Target

	caller      string // ARN of the identity that reads
	partition   string
	homeRegion  string
	everyRegion bool     // the target has every enabled region
	off         []string // regions of the target that the account has not enabled
	unlisted    bool     // which regions the account has enabled is not known
	record      *record
}

// Open finds out which account the credentials of cfg belong to and which
// regions it has enabled. It does not ask for an identity that the options
// hold, and counts that call all the same: it was made for this account. It
// fails when the account is not the target's, when that names one, and with
// the provider's error when the credentials do not work; the error's text
// holds no secret.
func Open(ctx context.Context, cfg aws.Config, target posture.Target, options Options) (*Account, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	a := &Account{cfg: cfg.Copy(), options: options, target: target, record: newRecord()}
	if a.cfg.Region == "" {
		a.cfg.Region = "us-east-1"
	}
	a.cfg.HTTPClient = httpClient(a.cfg)
	a.cfg.APIOptions = append(slices.Clone(a.cfg.APIOptions), a.record.watch)
	if options.Above != nil {
		above := options.Above.Copy()
		above.HTTPClient, above.APIOptions = a.cfg.HTTPClient, append(slices.Clone(above.APIOptions), a.record.watch)
		a.above = &above
	}
	if err := a.identify(ctx); err != nil {
		return nil, err
	}
	return a, a.findRegions(ctx)
}

// Target returns the target with its account and regions filled in.
func (a *Account) Target() posture.Target { return a.target }

// identify checks the identity against the target and keeps what it tells.
func (a *Account) identify(ctx context.Context) error {
	identity, err := a.identity(ctx)
	if err != nil {
		return err
	}
	if a.target.Account != "" && a.target.Account != identity.Account {
		return &posture.ReadError{
			Cause: posture.Cause{Reason: posture.OtherAccount, Operation: "sts:GetCallerIdentity", Code: "credentials of " + identity.Account},
			Err:   fmt.Errorf("the credentials belong to account %s, not to %s: check the profile or the role", identity.Account, a.target.Account),
		}
	}
	parsed, err := arn.Parse(identity.ARN)
	if err != nil {
		return fmt.Errorf("parse the caller's ARN: %w", err)
	}
	a.target.Provider, a.target.Account = posture.AWS, identity.Account
	a.caller, a.partition, a.homeRegion = parsed.String(), parsed.Partition, HomeRegion(parsed.Partition)
	return nil
}

func (a *Account) identity(ctx context.Context) (Identity, error) {
	if a.options.Identity == (Identity{}) {
		return Identify(ctx, a.cfg)
	}
	a.record.count("sts:GetCallerIdentity")
	return a.options.Identity, nil
}

// findRegions asks for the regions and checks the wanted ones against them.
// One that is off is left unread; what is no region is a mistake. Without a
// list the wanted ones stand; each answers for itself.
func (a *Account) findRegions(ctx context.Context) error {
	cfg := a.cfg.Copy()
	if a.partition != "aws" {
		cfg.Region = a.homeRegion
	}
	found, err := a.options.Regions(ctx, cfg)
	wanted := a.target.Regions
	switch {
	case err != nil && len(wanted) > 0:
		a.unlisted = true
		return nil
	case err != nil:
		return Refusal("list the enabled regions", err)
	}
	slices.Sort(found.Enabled)
	if len(wanted) == 0 {
		a.target.Regions = found.Enabled
	}
	for _, region := range wanted {
		switch {
		case slices.Contains(found.Off, region):
			a.off = append(a.off, region)
		case !slices.Contains(found.Enabled, region):
			return fmt.Errorf("region %q is not enabled in account %s: expected one of %s", region, a.target.Account, strings.Join(found.Enabled, ", "))
		}
	}
	a.everyRegion = !slices.ContainsFunc(found.Enabled, func(region string) bool { return !slices.Contains(a.target.Regions, region) })
	return nil
}

// PartitionOf returns the partition of an ARN, "aws" for what is none.
func PartitionOf(id string) string {
	parts := strings.SplitN(id, ":", 3)
	if len(parts) < 3 || parts[0] != "arn" {
		return "aws"
	}
	return parts[1]
}

// HomeRegion returns the region in which a partition's global services answer.
func HomeRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}
