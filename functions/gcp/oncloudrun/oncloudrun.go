// Package oncloudrun is the adapter between the steps of a run and Google
// Cloud's functions: the store and the secret that the environment names,
// events and answers over HTTP or as CloudEvents, logs as Cloud Logging takes
// them. It registers nothing and starts no server. Begin with HTTP.
package oncloudrun

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"posture/internal/cloud"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/internal/store/gcsstore"
	"posture/scanners/gcp"
)

// The environment of a function. What puts Google Cloud in scope is package
// gcpcloud's.
const (
	storeVariable = "POSTURE_STORE" // gs://bucket/prefix
	timeVariable  = "POSTURE_TIME"  // how long one invocation may take, as in 25m
)

// scope is what the runs of the functions cover, in their ids.
const scope = "gcp"

// installation finds what the environment names.
func installation(ctx context.Context) (steps.Installation, error) {
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || url.Scheme != store.SchemeGCS {
		return steps.Installation{}, fmt.Errorf("%s: expected gs://bucket/prefix", storeVariable)
	}
	client, err := gcsstore.NewClient(ctx, storeOptions()...)
	if err != nil {
		return steps.Installation{}, err
	}
	return steps.Installation{
		Store: gcsstore.New(client, url.Bucket, url.Prefix), Scope: scope, Secret: secret,
		Clouds: []cloud.Cloud{gcpcloud.New(credentials)}, Close: func() { _ = client.Close() },
	}, nil
}

// credentials returns those of the function, or of the account that it is to
// impersonate.
func credentials(ctx context.Context, account string, _ func(string) string) (gcp.Options, error) {
	options := gcp.Options{Client: inventoryOptions(), REST: restOptions(), Caller: account}
	if account == "" {
		return options, nil
	}
	source, err := impersonate.CredentialsTokenSource(ctx, impersonate.CredentialsConfig{
		TargetPrincipal: account, Scopes: []string{"https://www.googleapis.com/auth/cloud-platform"},
	})
	if err != nil {
		return gcp.Options{}, fmt.Errorf("read as %s: %w", account, err)
	}
	options.Client = append(options.Client, option.WithTokenSource(source))
	if options.REST != nil {
		options.REST = append(options.REST, option.WithTokenSource(source))
	}
	return options, nil
}

var errNoSecret = errors.New("the secret has no value: add a version with gcloud secrets versions add")

// secret reads the newest version of a secret, projects/P/secrets/S, from
// Secret Manager (secretmanager.versions.access).
func secret(name string) slack.Secret {
	return setup.CachedSecret(func(ctx context.Context) (string, error) {
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

// secretText returns what a version of a secret holds.
func secretText(version *secretmanager.AccessSecretVersionResponse) (string, error) {
	if version.Payload == nil || version.Payload.Data == "" {
		return "", errNoSecret
	}
	text, err := base64.StdEncoding.DecodeString(version.Payload.Data)
	if err != nil { // its text could quote the secret
		return "", fmt.Errorf("decode the secret: %w", errNoSecret)
	}
	return string(text), nil
}
