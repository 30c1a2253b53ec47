// Package onlambda wires an auditor inside a Lambda function: the store and
// the secret that the environment names, the configuration and the rules that
// are in the store. The clouds are given to it, so that a function links none
// but those that it reads.
package onlambda

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"posture/internal/audit"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/store"
	"posture/internal/store/s3store"
)

// The environment of a function.
const (
	storeVariable  = "POSTURE_STORE"        // s3://bucket/prefix
	secretVariable = "POSTURE_SLACK_SECRET" //nolint:gosec // the variable's name; it holds the secret's name

	// The scopes of which runs are expected, with spaces between; Scope where
	// there is none.
	scopesVariable = "POSTURE_SCOPES"
)

// Site is what a function finds of its installation.
type Site struct {
	AWS    aws.Config
	Store  store.Store
	Config config.Config
	Rules  []fs.FS // of the user

	Warnings []string // what of the configuration is without effect, in a line each
}

// Cloud opens a cloud to read. It may fill in what the site's configuration
// leaves to the environment.
type Cloud func(context.Context, *Site) (posture.Provider, audit.Cloud, error)

// Auditor returns the auditor of one invocation, which reads the clouds and
// tells nobody. Nothing of it is kept for the next one.
func Auditor(ctx context.Context, clouds ...Cloud) (*audit.Auditor, error) {
	site, err := find(ctx)
	if err != nil {
		return nil, err
	}
	return site.auditor(ctx, clouds)
}

// Teller is Auditor for the functions that tell people, by Slack when the
// environment or the configuration names the secret for it.
func Teller(ctx context.Context, clouds ...Cloud) (*audit.Auditor, error) {
	site, err := find(ctx)
	if err != nil {
		return nil, err
	}
	a, err := site.auditor(ctx, clouds)
	if err != nil {
		return nil, err
	}
	if name := cmp.Or(os.Getenv(secretVariable), a.Config.Slack.Secret); name != "" {
		err = setup.Tell(ctx, a, secret(site.AWS, name))
	}
	return a, err
}

// find reads what the installation holds.
func find(ctx context.Context) (*Site, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	s := &Site{AWS: cfg}
	if s.Store, err = openStore(cfg); err != nil {
		return nil, err
	}
	if s.Config, err = setup.StoredConfig(ctx, s.Store); err != nil {
		return nil, err
	}
	if s.Rules, err = setup.StoredRules(ctx, s.Store); err != nil {
		return nil, err
	}
	var unknown []error
	s.Config, unknown = setup.Known(s.Config, s.Rules)
	s.Warnings = setup.Warnings(unknown...)
	return s, nil
}

// auditor returns an auditor of the site that reads the clouds.
func (s *Site) auditor(ctx context.Context, clouds []Cloud) (*audit.Auditor, error) {
	opened := map[posture.Provider]audit.Cloud{}
	for _, open := range clouds {
		provider, cloud, err := open(ctx, s)
		if err != nil {
			return nil, err
		}
		opened[provider] = cloud
	}
	return &audit.Auditor{
		Store: s.Store, Config: s.Config, Clouds: opened,
		Now: time.Now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(),
		Warnings: s.Warnings,
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
