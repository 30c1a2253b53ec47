package awscloud

import (
	"context"
	"errors"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"posture/scanners/aws"
)

// Environment returns the credentials of whoever runs the program, by the
// environment and the files of the AWS CLI. It tries to get them, so that who
// has none is told at once.
func Environment(ctx context.Context, profile string) (awssdk.Config, error) {
	cfg, err := load(ctx, profile, awsconfig.WithAPIOptions([]func(*middleware.Stack) error{aws.LogTries}))
	if err != nil {
		return awssdk.Config{}, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return awssdk.Config{}, sourceOf(ctx, profile).explain(err)
	}
	return cfg, nil
}

// Load returns the SDK's configuration as the environment and files make it,
// in us-east-1 where they name no region.
func Load(ctx context.Context, profile string) (awssdk.Config, error) { return load(ctx, profile) }

func load(ctx context.Context, profile string, options ...func(*awsconfig.LoadOptions) error) (awssdk.Config, error) {
	options = append(options, awsconfig.WithLogger(logging.Nop{}))
	if profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return awssdk.Config{}, notLoaded(ctx, err, profile)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	return cfg, nil
}

// notLoaded says what is wrong with the environment or the files.
func notLoaded(ctx context.Context, err error, profile string) error {
	var missing awsconfig.SharedConfigProfileNotExistError
	var mfa awsconfig.AssumeRoleTokenProviderNotSetError
	switch {
	case errors.As(err, &missing):
		return noProfile(missing.Profile)
	case errors.As(err, &mfa):
		name := sourceOf(ctx, profile).profile
		return fmt.Errorf("profile %s asks for an MFA code, which posture cannot take: get its credentials first, with eval \"$(aws configure export-credentials --profile %s --format env)\"", name, name)
	}
	return fmt.Errorf("load the AWS configuration: %w", err)
}
