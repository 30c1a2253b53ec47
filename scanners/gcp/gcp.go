// Package gcp reads the settings of Google Cloud projects, folders and
// organizations from Cloud Asset Inventory in one pass, and directly, with
// calls that only read, what the inventory lacks. It never judges.
//
// Begin with Open, given a scope and credentials; then Targets and Project's
// Scan, or Slices where time is limited. FromExport reads files instead.
// Package engine is the machinery that reads, package services what is read,
// one file per service of Google's; docs/adding-a-service.md says how to add
// one.
package gcp

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/gcp/services"
)

// What a scan is made of, as package engine has it.
type (
	Scope     = engine.Scope
	Options   = engine.Options
	Quota     = engine.Quota
	Inventory = engine.Inventory
	Project   = engine.Project
	Slice     = engine.Slice
	Ask       = engine.Ask
	Export    = engine.Export
)

// Catalogue returns all that is declared of Google Cloud.
func Catalogue() scanners.Catalogue {
	r := services.Registry()
	return r.Catalogue()
}

// Open prepares a pass over the scope. It makes no call. Close it when its
// projects are scanned.
func Open(ctx context.Context, scope Scope, o Options) (*Inventory, error) {
	return engine.Open(ctx, services.Registry(), scope, o)
}

// FromExport reads files that gcloud asset export wrote instead of asking the
// inventory. What they lack is not known.
func FromExport(exports []Export, o Options) (*Inventory, error) {
	return engine.FromExport(services.Registry(), exports, o)
}
