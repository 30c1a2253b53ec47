package gcp

import (
	"slices"
	"strings"

	"cloud.google.com/go/auth"
	"google.golang.org/api/option"

	"posture/internal/posture"
	"posture/scanners/gcp/engine"
)

// InOrganization returns the scope of an organization, given its number.
func InOrganization(id string) (Scope, error) { return engine.InOrganization(id) }

// InFolder returns the scope of a folder, given its number.
func InFolder(id string) (Scope, error) { return engine.InFolder(id) }

// InProject returns the scope of a project, given its id or its number.
func InProject(id string) (Scope, error) { return engine.InProject(id) }

// NewQuota returns engine's.
func NewQuota(calls int) *Quota { return engine.NewQuota(calls) }

// Credentials returns engine's.
func Credentials(impersonated string) ([]option.ClientOption, string, error) {
	return engine.Credentials(impersonated)
}

// As returns engine's.
func As(own *auth.Credentials, caller, impersonated string) ([]option.ClientOption, string, error) {
	return engine.As(own, caller, impersonated)
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
