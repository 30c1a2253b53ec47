package awscloud

import (
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"posture/internal/cloud"
)

// Environment returns the credentials of whoever runs the program, by the
// environment and the files of the AWS CLI. It tries to get them, so that who
// has none is told at once.
func Environment(ctx context.Context, profile string) (awssdk.Config, error) {
	cfg, err := Load(ctx, profile)
	if err != nil {
		return awssdk.Config{}, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		if cloud.Passing(err) {
			return awssdk.Config{}, fmt.Errorf("get AWS credentials: %w", err)
		}
		return awssdk.Config{}, fmt.Errorf("no AWS credentials were found: set AWS_PROFILE, pass --profile NAME, or sign in with aws sso login (%w)", err)
	}
	return cfg, nil
}

// Load returns the SDK's configuration as the environment and files make it,
// in us-east-1 where they name no region.
func Load(ctx context.Context, profile string) (awssdk.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithLogger(logging.Nop{})}
	if profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return awssdk.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	return cfg, nil
}
