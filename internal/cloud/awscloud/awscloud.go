// Package awscloud attaches AWS to the program: the accounts in scope, the
// credentials that read each of them, and what the command line says and takes
// for it. Begin with New.
package awscloud

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"

	"posture/internal/audit"
	"posture/internal/cloud"
	"posture/internal/config"
	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners"
	"posture/scanners/aws"
)

// Credentials returns the credentials to begin with: those of a profile, or
// those at hand where its name is empty.
type Credentials func(ctx context.Context, profile string) (awssdk.Config, error)

// Given are credentials that are at hand already.
func Given(cfg awssdk.Config) Credentials {
	return func(context.Context, string) (awssdk.Config, error) { return cfg, nil }
}

// New returns AWS, read with the credentials.
func New(credentials Credentials) cloud.Cloud {
	c := cloud.Cloud{
		Cloud: rules.Of(string(posture.AWS)), Catalogue: aws.Catalogue(),
		LookUp: scanners.Call{Op: "cloudtrail:LookupEvents"},
		Choose: func(o cloud.Options) (cloud.Choice, error) {
			s, err := choose(o)
			return s.Choice, err
		},
		Configured: func(cfg config.Config) []string { return cfg.AWS.Services },
		Accounts:   func(cfg config.Config) config.Accounts { return cfg.AWS },
		Command:    command(), Role: role(),
	}
	c.Open = func(ctx context.Context, o cloud.Options) (audit.Cloud, error) { return open(ctx, c, credentials, o) }
	return c
}

// open checks the options and the rules, gets credentials, and returns the
// accounts in scope.
func open(ctx context.Context, c cloud.Cloud, credentials Credentials, o cloud.Options) (audit.Cloud, error) {
	own, err := choose(o)
	if err != nil {
		return audit.Cloud{}, err
	}
	loaded, err := c.Policy(o.Config, o.Rules, false)
	if err != nil {
		return audit.Cloud{}, err
	}
	cfg, err := credentials(ctx, own.profile)
	if err != nil {
		return audit.Cloud{}, err
	}
	return own.cloud(cfg, loaded, c.TypesOf(own.settings.Services)), nil
}

// cloud returns the accounts of a scope.
func (s chosen) cloud(cfg awssdk.Config, rules *policy.Policy, types []string) audit.Cloud {
	a := &accounts{chosen: s, aws: cfg}
	return audit.Cloud{
		Policy: rules, Types: types, Targets: a.targets, Open: a.open, LastChange: a.lastChange,
		Close: func() error { return nil },
	}
}
