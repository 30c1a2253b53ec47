// Package onlambda wires an auditor inside a Lambda function: the store and
// the secret that the environment names, the configuration and the rules that
// are in the store.
package onlambda

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"posture/functions/setup"
	"posture/functions/setup/awscloud"
	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/slack"
	"posture/internal/store"
	"posture/internal/store/s3store"
)

// The environment of a function.
const (
	storeVariable  = "POSTURE_STORE"        // s3://bucket/prefix
	secretVariable = "POSTURE_SLACK_SECRET" //nolint:gosec // the variable's name; it holds the secret's name

	// Where no configuration says which accounts to scan: the role of every
	// account of the organization.
	roleVariable     = "POSTURE_ORGANIZATION_ROLE"
	externalVariable = "POSTURE_EXTERNAL_ID"

	// The scopes of which runs are expected, with spaces between; Scope where
	// there is none.
	scopesVariable = "POSTURE_SCOPES"
)

// Auditor returns the auditor of one invocation, which tells nobody. Nothing
// of it is kept for the next one.
func Auditor(ctx context.Context) (*audit.Auditor, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return auditor(ctx, cfg)
}

// Teller is Auditor for the functions that tell people, by Slack when the
// environment or the configuration names the secret for it.
func Teller(ctx context.Context) (*audit.Auditor, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	a, err := auditor(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if name := cmp.Or(os.Getenv(secretVariable), a.Config.Slack.Secret); name != "" {
		err = setup.Tell(ctx, a, secret(cfg, name))
	}
	return a, err
}

func auditor(ctx context.Context, cfg aws.Config) (*audit.Auditor, error) {
	kept, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	settings, err := setup.StoredConfig(ctx, kept)
	if err != nil {
		return nil, err
	}
	if role := os.Getenv(roleVariable); role != "" && len(settings.AWS.Accounts) == 0 && settings.AWS.Organization == nil {
		settings.AWS.Organization = &config.Organization{Role: role, ExternalID: os.Getenv(externalVariable)}
	}
	own, err := setup.StoredRules(ctx, kept)
	if err != nil {
		return nil, err
	}
	cloud, err := awscloud.New(awscloud.Options{Config: settings, AWS: cfg, Rules: own, Session: "posture"})
	if err != nil {
		return nil, err
	}
	return &audit.Auditor{
		Store: kept, Config: settings, Clouds: map[posture.Provider]audit.Cloud{posture.AWS: cloud},
		Now: time.Now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Expected: strings.Fields(cmp.Or(os.Getenv(scopesVariable), Scope)),
	}, nil
}

// openStore opens the store that the environment names.
func openStore(cfg aws.Config) (store.Store, error) {
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || url.Scheme != store.SchemeS3 {
		return nil, fmt.Errorf("%s: expected s3://bucket/prefix", storeVariable)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = cfg.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a line per object that has none
	})
	return s3store.New(client, url.Bucket, url.Prefix), nil
}

// secret reads the secret of a name from Secrets Manager
// (secretsmanager:GetSecretValue).
func secret(cfg aws.Config, name string) slack.Secret {
	return setup.Kept(func(ctx context.Context) (string, error) {
		out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	})
}

// Logger writes JSON lines. No attribute that it is given holds a secret.
func Logger() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stdout, nil)) }

// Scope is what the runs of AWS cover, in their ids.
const Scope = "aws"

// Object returns the bucket and the full key of an object of the store.
func Object(key string) (bucket, object string, err error) {
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil {
		return "", "", err
	}
	return url.Bucket, path.Join(url.Prefix, key), nil
}
