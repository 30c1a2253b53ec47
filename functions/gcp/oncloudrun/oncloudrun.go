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
	"io"
	"os"
	"time"

	"google.golang.org/api/impersonate"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"posture/internal/cloud"
	"posture/internal/cloud/azurecloud"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/setup"
	"posture/internal/slack"
	"posture/internal/steps"
	"posture/internal/store"
	"posture/internal/store/gcsstore"
	"posture/scanners/gcp"
)

// The environment of a function. What puts a cloud in scope is the package's of
// that cloud.
const (
	storeVariable = "POSTURE_STORE" // gs://bucket/prefix
	cloudVariable = "POSTURE_CLOUD" // the cloud that the function reads, which the ids of its runs name: gcp, azure; empty: gcp
)

// defaultTime is for one call: Cloud Run ends a request after an hour.
const defaultTime = 55 * time.Minute

// platform is what calls are done on, with its logs.
func platform(w io.Writer) steps.Platform {
	return steps.Platform{Time: defaultTime, Open: installation, Logs: logs(w)}
}

// installation finds what the environment names.
func installation(ctx context.Context) (steps.Installation, error) {
	url, err := store.ParseURL(os.Getenv(storeVariable))
	if err != nil || url.Scheme != store.SchemeGCS {
		return steps.Installation{}, fmt.Errorf("%s: expected gs://bucket/prefix", storeVariable)
	}
	read, err := reads(os.Getenv(cloudVariable))
	if err != nil {
		return steps.Installation{}, err
	}
	client, err := gcsstore.NewClient(ctx, storeOptions()...)
	if err != nil {
		return steps.Installation{}, err
	}
	return steps.Installation{
		Store: gcsstore.New(client, url.Bucket, url.Prefix), Scope: read.Name, Secret: secret,
		Clouds: []cloud.Cloud{read}, Close: func() { _ = client.Close() },
	}, nil
}

// reads returns the cloud of a name.
func reads(name string) (cloud.Cloud, error) {
	switch name {
	case "", "gcp":
		return gcpcloud.New(credentials), nil
	case "azure":
		return azurecloud.New(azureCredentials), nil
	default:
		return cloud.Cloud{}, fmt.Errorf("%s %q: expected gcp or azure", cloudVariable, name)
	}
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
