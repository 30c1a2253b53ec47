// Package azure reads the settings of Azure subscriptions from Resource Graph, many types and subscriptions at a time, and
// directly, with calls that only read, what the graph lacks. It never judges.
//
// Begin with Open, given a Root and Options; then Targets and Slices. What can
// be read is in package services, one file per service, how in package engine.
package azure

import (
	"posture/scanners"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/services"
)

// Root is what is read: a tenant, a management group or subscriptions.
type Root = engine.Root

// Options says how to read.
type Options = engine.Options

// Cloud is where Azure is: the public one or a sovereign one.
type Cloud = engine.Cloud

// Estate is what is in scope, ready to be read.
type Estate = engine.Estate

// Slice is what was read of some subscriptions, together.
type Slice = engine.Slice

// Subscription is one target of a slice, ready to be scanned.
type Subscription = engine.Subscription

// Ask is what slices are asked for.
type Ask = engine.Ask

// Clouds returns the clouds that there are, by the names that the Azure CLI
// gives them.
func Clouds() map[string]Cloud { return engine.Clouds() }

// Catalogue returns all that can be read of Azure, and the calls that it takes.
func Catalogue() scanners.Catalogue {
	registry := services.Registry()
	return registry.Catalogue()
}

// Export is a file that az graph query wrote.
type Export = engine.Export

// FromExport reads exports instead of asking Azure.
func FromExport(exports []Export, o Options) (*Estate, error) {
	return engine.FromExport(services.Registry(), exports, o)
}

// Open prepares reading what is in scope. It makes no call.
func Open(root Root, o Options) (*Estate, error) { return engine.Open(services.Registry(), root, o) }
