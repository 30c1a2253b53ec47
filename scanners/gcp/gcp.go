package gcp

import (
	"context"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// Catalogue returns all that is declared of Google Cloud.
func Catalogue() scanners.Catalogue {
	r := registered()
	return r.catalogue()
}

// Open prepares a pass over the scope. It makes no call. Close it when its
// projects are scanned.
func Open(ctx context.Context, scope Scope, o Options) (*Inventory, error) {
	return openScope(ctx, registered(), scope, o)
}

// FromExport reads exports instead of asking the inventory.
func FromExport(exports []Export, o Options) (*Inventory, error) {
	return fromExport(registered(), exports, o)
}

// Docs returns Catalogue's.
func Docs() map[string]any { return Catalogue().Docs() }

// Services returns Catalogue's.
func Services() []string { return Catalogue().Services() }

// TypesOf returns Catalogue's.
func TypesOf(services []string) []string { return Catalogue().TypesOf(services) }

// CheckServices returns Catalogue's.
func CheckServices(services []string) error { return Catalogue().CheckServices(services) }

// Permissions returns Catalogue's.
func Permissions(services ...string) []string { return Catalogue().Permissions(services...) }

// Call is a call that a scan makes, and the permission that it needs.
type Call struct {
	Op         string
	Permission string
}

// Calls returns the calls that a scan makes for what rules read, each once.
func Calls(want posture.Want, services ...string) []Call {
	var calls []Call
	for _, c := range Catalogue().Calls(want, services...) {
		calls = append(calls, Call{c.Op, c.Needs()})
	}
	slices.SortFunc(calls, func(a, b Call) int { return strings.Compare(a.Op, b.Op) })
	return slices.Compact(calls)
}
