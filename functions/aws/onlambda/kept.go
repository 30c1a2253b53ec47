package onlambda

import (
	"context"
	"fmt"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"posture/internal/config"
	"posture/internal/setup"
	"posture/internal/store"
)

// Kept returns the store and the configuration in it, for functions that only
// read what runs have stored.
func Kept(ctx context.Context) (store.Store, config.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, config.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	kept, err := openStore(cfg)
	if err != nil {
		return nil, config.Config{}, err
	}
	settings, err := setup.StoredConfig(ctx, kept)
	return kept, settings, err
}
