// Package aws reads the settings of an AWS account through its own APIs, with
// calls that only read. It never judges. Begin with Open; what can be read is
// in package services, how in package engine.
package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/aws/services"
)

// Account is an AWS account that answered, ready to be scanned once.
type Account = engine.Account

// Identity is whom credentials belong to.
type Identity = engine.Identity

// Role is a role of another account, to be assumed for reading it.
type Role = engine.Role

// Change is what CloudTrail says of one change of a resource.
type Change = services.Change

// Changed asks for a change of a resource between two times.
type Changed = services.Changed

// Options says how to read accounts.
type Options struct {
	Services []string    // the services to read, by the catalogue's names; empty: all
	Attempts int         // tries of a call; 0: as many as proved right under throttling
	Sample   bool        // read at most one resource of each listing: for trying permissions
	Above    *aws.Config // by which the policies of the organization are read; nil: they are not
	Identity Identity    // whose the credentials are, where that was asked before; zero: it is asked
}

// LogTries makes clients of the SDK tell of each request whoever
// scanners.LogTries named, if they are not those of an Account, which do so.
func LogTries(stack *middleware.Stack) error { return engine.LogTries(stack) }

// Catalogue returns all that can be read of AWS, and the calls that it takes.
func Catalogue() scanners.Catalogue { return services.Catalogue() }

// Open finds out which account the credentials of cfg belong to and which
// regions it has enabled (sts:GetCallerIdentity, ec2:DescribeRegions). It
// fails when the account is not the target's, when that names one, and with
// the provider's error when the credentials do not work; the error's text
// holds no secret.
func Open(ctx context.Context, cfg aws.Config, target posture.Target, o Options) (*Account, error) {
	catalogue := Catalogue()
	if err := catalogue.CheckServices(o.Services); err != nil {
		return nil, err
	}
	selected := slices.DeleteFunc(services.All(), func(s engine.Service) bool {
		return len(o.Services) > 0 && !slices.Contains(o.Services, s.Service)
	})
	return engine.Open(ctx, cfg, target, engine.Options{
		Services: selected, Regions: services.Regions, Link: catalogue.Link,
		Attempts: o.Attempts, Sample: o.Sample, Above: o.Above, Identity: o.Identity,
	})
}

// Identify asks whom credentials belong to (sts:GetCallerIdentity). The error's
// text holds no secret.
func Identify(ctx context.Context, cfg aws.Config) (Identity, error) {
	return engine.Identify(ctx, cfg)
}

// Assume returns a configuration whose credentials come from assuming the
// role (sts:AssumeRole) when they are first needed. They last an hour and are
// kept in memory only.
func Assume(cfg aws.Config, role Role) aws.Config { return engine.Assume(cfg, role) }

// Organization lists the active accounts of the caller's organization
// (organizations:ListAccounts), which only its management account or a
// delegated administrator may do.
func Organization(ctx context.Context, cfg aws.Config) ([]posture.Target, error) {
	return services.Organization(ctx, cfg)
}

// LastChange returns the latest change of a resource that CloudTrail recorded
// (cloudtrail:LookupEvents), nil when there is none.
func LastChange(ctx context.Context, cfg aws.Config, of Changed) (*Change, error) {
	return services.LastChange(ctx, cfg, of)
}
