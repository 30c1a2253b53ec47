// Package gcp reads the settings of Google Cloud projects, folders and
// organizations from Cloud Asset Inventory in one pass, and directly, with
// calls that only read, what the inventory lacks. It never judges.
//
// Begin with Open, given a scope and Credentials; then Targets and Project's
// Scan, or Slices where time is limited. FromExport reads files instead. What
// can be read is in package services, one file per service of Google's, how in
// package engine.
package gcp

import (
	"context"
	"net/http"

	"cloud.google.com/go/auth"
	"google.golang.org/api/option"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/services"
)

// Root is an organization, a folder or a project, with everything below it.
type Root = engine.Root

// Options says how to read.
type Options = engine.Options

// Quota lets at most so many calls of the inventory begin in any minute.
type Quota = engine.Quota

// Inventory is one pass over what a root holds.
type Inventory = engine.Inventory

// Project is one target of an inventory, ready to be scanned.
type Project = engine.Project

// Slice is a part of an inventory that was read as one.
type Slice = engine.Slice

// Ask is what slices are asked for.
type Ask = engine.Ask

// Export is a file that gcloud asset export wrote.
type Export = engine.Export

// Catalogue returns all that can be read of Google Cloud, and the calls that
// it takes.
func Catalogue() scanners.Catalogue {
	registry := services.Registry()
	return registry.Catalogue()
}

// Open prepares a pass over the root. It makes no call. Close it when its
// projects are scanned.
func Open(ctx context.Context, root Root, o Options) (*Inventory, error) {
	return engine.Open(ctx, services.Registry(), root, o)
}

// FromExport reads exports instead of asking the inventory. What they lack is
// not known.
func FromExport(exports []Export, o Options) (*Inventory, error) {
	return engine.FromExport(services.Registry(), exports, o)
}

// InOrganization returns an organization as a root, given its number.
func InOrganization(id string) (Root, error) { return engine.InOrganization(id) }

// InFolder returns a folder as a root, given its number.
func InFolder(id string) (Root, error) { return engine.InFolder(id) }

// InProject returns a project as a root, given its id or its number.
func InProject(id string) (Root, error) { return engine.InProject(id) }

// NewQuota returns a quota of so many calls a minute; 0: of what the inventory
// allows a project by default.
func NewQuota(calls int) *Quota { return engine.NewQuota(calls) }

// Credentials returns the application default credentials, or with an account
// to impersonate those of it, as options for clients, and whom they stand for,
// "" when they do not tell. It gets a token, as As does.
func Credentials(ctx context.Context, impersonated string) ([]option.ClientOption, string, error) {
	return engine.Credentials(ctx, impersonated)
}

// As is Credentials for given credentials, which stand for the caller.
func As(ctx context.Context, own *auth.Credentials, caller, impersonated string) ([]option.ClientOption, string, error) {
	return engine.As(ctx, own, caller, impersonated)
}

// Refusal says why there is no token, and what to do.
type Refusal = engine.Refusal

// SignInClient returns the client for the calls by which an identity is
// exchanged for a token: it makes a Refusal of every answer without one. A nil
// base is the default transport.
func SignInClient(base http.RoundTripper) *http.Client { return engine.SignInClient(base) }
