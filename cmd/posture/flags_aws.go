package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"

	"posture/internal/audit"
	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	scanner "posture/scanners/aws"
)

// awsFlags say which AWS accounts to read, and with which credentials.
type awsFlags struct {
	profile    string
	roleARN    string
	externalID string
	regions    []string
	services   []string
}

func (f *awsFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.profile, "profile", "", "`name` of the AWS profile whose account to read")
	flags.StringVar(&f.roleARN, "role-arn", "", "`ARN` of a role to assume; its account is read")
	flags.StringVar(&f.externalID, "external-id", "", "external `id` to assume the role with")
	flags.StringSliceVar(&f.regions, "regions", nil, "`regions` to read (default: every enabled one)")
	f.addServices(cmd)
}

func (f *awsFlags) addServices(cmd *cobra.Command) {
	cmd.Flags().Var(&choices[string]{values: &f.services, of: "service", allowed: scanner.Services()}, "services", "`services` to read (default: all)")
	complete(cmd, "services", scanner.Services())
}

// check refuses flags that make no sense together.
func (f *awsFlags) check() error {
	if f.externalID != "" && f.roleARN == "" {
		return errors.New("--external-id needs --role-arn")
	}
	return nil
}

// options returns what to read. It loads no credentials.
func (f *awsFlags) options(c *common, cfg config.Config) (awscloud.Options, error) {
	own, err := ruleDirectories(append(cfg.Rules.Directories, c.rules...))
	return awscloud.Options{
		Config: cfg, Rules: own, Only: f.profile != "",
		Role:    scanner.Role{ARN: f.roleARN, ExternalID: f.externalID},
		Regions: slices.Compact(slices.Sorted(slices.Values(f.regions))), Services: f.services, Session: "posture",
	}, err
}

// cloud makes AWS one of the clouds to read, once credentials are at hand.
func (f *awsFlags) cloud(ctx context.Context, options awscloud.Options) (audit.Cloud, error) {
	if _, wrong := setup.Known(options.Config, options.Rules); len(wrong) > 0 {
		return audit.Cloud{}, errors.Join(wrong...)
	}
	_, err := awscloud.New(options) // what is wrong with the rules is told without credentials
	if err != nil {
		return audit.Cloud{}, err
	}
	if options.AWS, err = loadAWS(ctx, f.profile); err != nil {
		return audit.Cloud{}, err
	}
	if _, err := options.AWS.Credentials.Retrieve(ctx); err != nil {
		return audit.Cloud{}, fmt.Errorf("no AWS credentials were found: set AWS_PROFILE, pass --profile NAME, or sign in with aws sso login (%w)", err)
	}
	return awscloud.New(options)
}

// loadAWS returns the SDK's configuration as environment and files make it.
func loadAWS(ctx context.Context, profile string) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(logging.Nop{})}
	if profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	return cfg, nil
}

// ids returns the ids of rules.
func ids(rules []posture.Rule) []string {
	var list []string
	for _, rule := range rules {
		list = append(list, rule.ID)
	}
	return list
}
