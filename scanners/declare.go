package scanners

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"posture/internal/posture"
)

// Type declares a resource type: what rules may ask of it, by which name
// people select it, which calls it takes, and where the console shows it. All
// that is known of a cloud beside the reading is derived from these.
type Type struct {
	Name    string // the provider's own name: "AWS::S3::Bucket", "storage.googleapis.com/Bucket"
	Service string // the name by which people select it: "s3"
	Doc     any    // a zero document: the struct that rules may ask about
	Global  bool   // read once per target instead of once per region
	Calls   []Call
	Console Console
}

// Call declares an API call. A call that several types share is declared by
// each of them.
type Call struct {
	Op         string   // the API's operation: "s3:GetBucketEncryption", "sqladmin.backupRuns.list"
	Permission string   // what the caller must be allowed; "": Op itself
	For        []string // the document fields that it gives; none: it lists the type
	Each       bool     // made once per resource of the type, not once per listing
	Again      bool     // made only to read a resource that fails a second time
}

// Needs returns the permission that the call needs.
func (c Call) Needs() string { return cmp.Or(c.Permission, c.Op) }

// Wanted reports whether the call is made for a type when these fields are read.
func (c Call) Wanted(want posture.Want, typ string) bool {
	return len(c.For) == 0 || slices.ContainsFunc(c.For, func(field string) bool { return want.Field(typ, field) })
}

// Catalogue is all that a cloud declares.
type Catalogue struct {
	Types   []Type
	Opening []Call // made to open a target, whatever is read
	Beside  []Call // made only sometimes, and beside the scan: who changed a resource
	// Place returns the origin of the console that shows a resource, and the
	// words that stand for the names in braces in its type's Console. Without
	// an origin there is no link.
	Place func(posture.Resource) (origin string, words map[string]string)
}

// Declared is a call with the type that it is made for.
type Declared struct {
	Call
	Type   string // "" for a call that opens a target
	Global bool   // made once per target, not in each region
}

// Docs returns a zero document of every resource type, for rules to be checked
// against.
func (c Catalogue) Docs() map[string]any {
	docs := map[string]any{}
	for _, t := range c.Types {
		docs[t.Name] = t.Doc
	}
	return docs
}

// Services returns the names by which services are selected, sorted.
func (c Catalogue) Services() []string {
	var names []string
	for _, t := range c.Types {
		names = append(names, t.Service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Selected returns the types of the services, all when none is named.
func (c Catalogue) Selected(services []string) []Type {
	var types []Type
	for _, t := range c.Types {
		if len(services) == 0 || slices.Contains(services, t.Service) {
			types = append(types, t)
		}
	}
	return types
}

// TypesOf returns the names of the types of the services, nil when none is
// named.
func (c Catalogue) TypesOf(services []string) []string {
	if len(services) == 0 {
		return nil
	}
	var names []string
	for _, t := range c.Selected(services) {
		names = append(names, t.Name)
	}
	return names
}

// CheckServices returns an error that names the first unknown service.
func (c Catalogue) CheckServices(services []string) error {
	known := c.Services()
	for _, service := range services {
		if !slices.Contains(known, service) {
			return fmt.Errorf("unknown service %q: expected one of %s", service, strings.Join(known, ", "))
		}
	}
	return nil
}

// Permissions returns all permissions that reading the services takes, with
// what is read beside the scan and a second time, sorted; of all services
// when none is named.
func (c Catalogue) Permissions(services ...string) []string {
	var needed []string
	add := func(calls []Call) {
		for _, call := range calls {
			needed = append(needed, call.Needs())
		}
	}
	add(c.Opening)
	add(c.Beside)
	for _, t := range c.Selected(services) {
		add(t.Calls)
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}

// PermissionsByOp returns the permission of every call that is ever made, by
// its operation.
func (c Catalogue) PermissionsByOp() map[string]string {
	by := map[string]string{}
	add := func(calls []Call) {
		for _, call := range calls {
			by[call.Op] = call.Needs()
		}
	}
	add(c.Opening)
	add(c.Beside)
	for _, t := range c.Types {
		add(t.Calls)
	}
	return by
}

// Calls returns the calls that a scan of the services makes for these fields,
// of all services when none is named: first those that open a target. A call
// that several types share is there for each; one that is made only a second
// time is not there.
func (c Catalogue) Calls(want posture.Want, services ...string) []Declared {
	var calls []Declared
	for _, call := range c.Opening {
		calls = append(calls, Declared{Call: call, Global: true})
	}
	for _, t := range c.Selected(services) {
		if _, wanted := want[t.Name]; !wanted {
			continue
		}
		for _, call := range t.Calls {
			if !call.Again && call.Wanted(want, t.Name) {
				calls = append(calls, Declared{Call: call, Type: t.Name, Global: t.Global})
			}
		}
	}
	return calls
}

// Link returns the address of the resource in the provider's console, "" where
// its type has none or a part of the address is not known.
func (c Catalogue) Link(r posture.Resource) string {
	if c.Place == nil {
		return ""
	}
	i := slices.IndexFunc(c.Types, func(t Type) bool { return t.Name == r.Type })
	if i < 0 {
		return ""
	}
	console := c.Types[i].Console
	origin, words := c.Place(r)
	if console.Words != nil {
		words = maps.Clone(words)
		maps.Copy(words, console.Words(r))
	}
	return console.address(origin, words)
}
