// Package readgcp gives Google Cloud to the Lambda function that reads it, by
// the AWS identity of that function: no key is stored. Clouds is
// handed to onlambda.Start.
package readgcp

import (
	"context"
	"errors"
	"fmt"
	"os"

	"google.golang.org/api/option"

	"posture/functions/aws/onlambda"
	"posture/internal/cloud"
	"posture/internal/cloud/federation"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/store"
	"posture/scanners/gcp"
)

// Scope is what the runs of Google Cloud cover, in their ids.
const Scope = "gcp"

// fileVariable names a file of the function's own, instead of that in the
// store.
const fileVariable = "GOOGLE_APPLICATION_CREDENTIALS"

// fileKey is where the file is that says how to exchange the AWS
// identity.
const fileKey = "config/google.json"

// Clouds returns Google Cloud.
func Clouds(_ context.Context, s onlambda.Site) ([]cloud.Cloud, error) {
	return []cloud.Cloud{gcpcloud.New(func(ctx context.Context, impersonate string, _ func(string) string) (o gcp.Options, err error) {
		o.Client, o.Caller, err = credentials(ctx, s, impersonate)
		return o, err
	})}, nil
}

// credentials returns those of the function's own file, if it has one, else
// those that the file in the store gives the function's AWS identity.
func credentials(ctx context.Context, s onlambda.Site, impersonate string) ([]option.ClientOption, string, error) {
	if os.Getenv(fileVariable) != "" {
		return gcp.Credentials(ctx, impersonate)
	}
	name := s.Store.String() + "/" + fileKey
	text, _, err := store.Read(ctx, s.Store, fileKey, 1<<16)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", fmt.Errorf("%s: there is no such object: put the file of gcloud iam workload-identity-pools create-cred-config --aws there", name)
	}
	if err != nil {
		return nil, "", err
	}
	own, caller, err := federation.Credentials(name, text, federation.Identity{Credentials: s.AWS.Credentials, Region: s.AWS.Region})
	if err != nil {
		return nil, "", err
	}
	return gcp.As(ctx, own, caller, impersonate)
}
