// Package oncloudrun is what the functions on Google Cloud do: it wires an
// auditor from the environment, the configuration and the rules in the store,
// does the steps of a run by the same auditor as everywhere else, and answers
// over HTTP or to a CloudEvent. It registers nothing and starts no server.
package oncloudrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"posture/internal/audit"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/config"
	"posture/internal/posture"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/store"
	"posture/internal/store/gcsstore"
	"posture/scanners/gcp"
)

// The environment of a function.
const (
	storeVariable  = "POSTURE_STORE"        // gs://bucket/prefix
	scopeVariable  = "POSTURE_GCP_SCOPE"    // organizations/N, folders/N or projects/ID, where no configuration says
	secretVariable = "POSTURE_SLACK_SECRET" //nolint:gosec // the variable's name; it holds the secret's: projects/P/secrets/S
	timeVariable   = "POSTURE_TIME"         // how long one invocation may take, as in 25m
)

// scope is what the runs of the functions cover, in their ids.
const scope = "gcp"

// site is what one invocation works with. Nothing of it is kept for the next
// one.
type site struct {
	*audit.Auditor
	cloud *gcpcloud.Cloud
	close func()
}

// open wires an auditor by the environment. Close the site after use.
func open(ctx context.Context) (*site, error) {
	kept, done, err := openStore(ctx)
	if err != nil {
		return nil, err
	}
	s, err := wire(ctx, kept)
	if err != nil {
		done()
		return nil, err
	}
	s.close = func() {
		_ = s.cloud.Close() // nothing is written through it
		done()
	}
	return s, nil
}

// wire makes the auditor of a store.
func wire(ctx context.Context, kept store.Store) (*site, error) {
	settings, err := stored(ctx, kept)
	if err != nil {
		return nil, err
	}
	own, err := setup.StoredRules(ctx, kept)
	if err != nil {
		return nil, err
	}
	settings, unknown := setup.Known(settings, own)
	options, err := reading(ctx, settings.GCP)
	if err != nil {
		return nil, err
	}
	cloud, err := gcpcloud.New(gcpcloud.Options{Config: settings, Rules: own, GCP: options})
	if err != nil {
		return nil, err
	}
	a := &audit.Auditor{
		Store: kept, Config: settings, Clouds: map[posture.Provider]audit.Cloud{posture.GCP: cloud.Cloud()},
		Now: time.Now, Attempt: setup.Attempt, Tool: setup.Version, Build: setup.Build(), Expected: []string{scope},
		Warnings: setup.Warnings(unknown...),
	}
	if name := os.Getenv(secretVariable); name != "" {
		err = setup.Tell(ctx, a, secret(name))
	}
	return &site{Auditor: a, cloud: cloud}, err
}

// stored returns the configuration in the store, with the scope of the
// environment where it names none.
func stored(ctx context.Context, kept store.Store) (config.Config, error) {
	settings, err := setup.StoredConfig(ctx, kept)
	if err != nil {
		return config.Config{}, err
	}
	if err := gcpcloud.InScope(os.Getenv(scopeVariable), &settings.GCP); err != nil {
		return config.Config{}, fmt.Errorf("%s: %w", scopeVariable, err)
	}
	return settings, nil
}

// openStore opens the store that the environment names.
func openStore(ctx context.Context) (store.Store, func(), error) {
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || url.Scheme != store.SchemeGCS {
		return nil, nil, fmt.Errorf("%s: expected gs://bucket/prefix", storeVariable)
	}
	client, err := gcsstore.NewClient(ctx, storeOptions()...)
	if err != nil {
		return nil, nil, err
	}
	return gcsstore.New(client, url.Bucket, url.Prefix), func() { _ = client.Close() }, nil
}

// reading says with which credentials to read.
func reading(ctx context.Context, g config.GCP) (gcp.Options, error) {
	options := gcp.Options{Services: g.Services, Client: inventoryOptions(), REST: restOptions(), Caller: g.Impersonate}
	if g.Impersonate == "" {
		return options, nil
	}
	source, err := impersonate.CredentialsTokenSource(ctx, impersonate.CredentialsConfig{
		TargetPrincipal: g.Impersonate, Scopes: []string{"https://www.googleapis.com/auth/cloud-platform"},
	})
	if err != nil {
		return gcp.Options{}, fmt.Errorf("read as %s: %w", g.Impersonate, err)
	}
	options.Client = append(options.Client, option.WithTokenSource(source))
	if options.REST != nil {
		options.REST = append(options.REST, option.WithTokenSource(source))
	}
	return options, nil
}

var errNoSecret = errors.New("the secret has no value: add a version with gcloud secrets versions add")

// secret reads the newest version of a secret from Secret Manager
// (secretmanager.versions.access).
func secret(name string) slack.Secret {
	return setup.Kept(func(ctx context.Context) (string, error) {
		service, err := secretmanager.NewService(ctx, secretOptions()...)
		if err != nil {
			return "", fmt.Errorf("make a Secret Manager client: %w", err)
		}
		version, err := service.Projects.Secrets.Versions.Access(name + "/versions/latest").Context(ctx).Do()
		if err != nil {
			return "", fmt.Errorf("read the secret %s: %w", name, err)
		}
		return secretText(version)
	})
}
