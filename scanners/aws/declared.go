package aws

import "posture/internal/posture"

// Docs returns a zero document of every resource type.
func Docs() map[string]any { return Catalogue().Docs() }

// Services returns the names by which services can be selected, sorted.
func Services() []string { return Catalogue().Services() }

// TypesOf returns the resource types of the services, nil when none is named.
func TypesOf(services []string) []string { return Catalogue().TypesOf(services) }

// CheckServices returns an error that names the first unknown service.
func CheckServices(services []string) error { return Catalogue().CheckServices(services) }

// Actions returns the IAM actions that reading the services takes.
func Actions(services ...string) []string { return Catalogue().Permissions(services...) }

// Call is an API call that a scan takes, as its type declares it.
type Call struct {
	Type, Op, Action string
	Global, Each     bool
}

// Calls returns the calls that reading what is wanted of the services takes.
func Calls(want posture.Want, services ...string) []Call {
	var calls []Call
	for _, c := range Catalogue().Calls(want, services...) {
		calls = append(calls, Call{Type: c.Type, Op: c.Op, Action: c.Needs(), Global: c.Global, Each: c.Each})
	}
	return calls
}
