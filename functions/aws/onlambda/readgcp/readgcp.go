// Package readgcp gives Google Cloud to the Lambda function that reads it, by
// the AWS identity of that function: no key is stored.
package readgcp

import (
	"context"
	"errors"
	"fmt"
	"os"

	"google.golang.org/api/option"

	"posture/functions/aws/onlambda"
	"posture/internal/audit"
	"posture/internal/cloud/federation"
	"posture/internal/cloud/gcpcloud"
	"posture/internal/posture"
	"posture/internal/store"
	"posture/scanners/gcp"
)

// Scope is what the runs of Google Cloud cover, in their ids.
const Scope = "gcp"

// The environment of the function.
const (
	scopeVariable = "POSTURE_GCP_SCOPE"              // organizations/N, folders/N or projects/ID, where no configuration says
	fileVariable  = "GOOGLE_APPLICATION_CREDENTIALS" // a file of the function's own, instead of that in the store
)

// fileKey is where the file is that says how to exchange the AWS
// identity.
const fileKey = "config/google.json"

// Google is Google Cloud for one invocation.
type Google struct{ cloud *gcpcloud.Cloud }

// Open opens what the configuration or the environment puts in scope. It gets
// a token, so that a refusal is one clear error and not one of each call.
func (g *Google) Open(ctx context.Context, s *onlambda.Site) (posture.Provider, audit.Cloud, error) {
	if err := gcpcloud.InScope(os.Getenv(scopeVariable), &s.Config.GCP); err != nil {
		return "", audit.Cloud{}, fmt.Errorf("%s: %w", scopeVariable, err)
	}
	clients, caller, err := credentials(ctx, s)
	if err != nil {
		return "", audit.Cloud{}, err
	}
	g.cloud, err = gcpcloud.New(gcpcloud.Options{
		Config: s.Config, Rules: s.Rules,
		GCP: gcp.Options{Services: s.Config.GCP.Services, Client: clients, Caller: caller},
	})
	if err != nil {
		return "", audit.Cloud{}, err
	}
	return posture.GCP, g.cloud.Cloud(), nil
}

// Close gives all connections back.
func (g *Google) Close() {
	if g.cloud != nil {
		_ = g.cloud.Close() // nothing is written through it
	}
}

// credentials returns those of the function's own file, if it has one, else
// those that the file in the store gives the function's AWS identity.
func credentials(ctx context.Context, s *onlambda.Site) ([]option.ClientOption, string, error) {
	if os.Getenv(fileVariable) != "" {
		return gcp.Credentials(s.Config.GCP.Impersonate)
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
	if _, err := own.Token(ctx); err != nil {
		return nil, "", fmt.Errorf("exchange the AWS identity for a token of Google Cloud: %w", err)
	}
	return gcp.As(own, caller, s.Config.GCP.Impersonate)
}
