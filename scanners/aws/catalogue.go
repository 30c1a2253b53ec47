package aws

import (
	"fmt"
	"slices"
	"strings"

	"posture/scanners"
)

// Catalogue returns all that can be read of AWS, and the calls that it takes.
func Catalogue() scanners.Catalogue {
	c := scanners.Catalogue{Opening: declared(opening), Beside: declared(attributing)}
	for _, s := range all {
		c.Types = append(c.Types, scanners.Type{
			Name: s.Type, Service: s.service(), Doc: s.Doc, Global: s.Global, Calls: declared(s.Calls),
		})
	}
	return c
}

// declared returns calls as all clouds declare them.
func declared(calls []call) []scanners.Call {
	var all []scanners.Call
	for _, c := range calls {
		all = append(all, scanners.Call{Op: c.Op, Permission: c.Action, For: c.For, Each: c.Each})
	}
	return all
}

// Docs returns a zero document of every resource type that can be read, for
// rules to be checked against.
func Docs() map[string]any {
	docs := map[string]any{}
	for _, s := range all {
		docs[s.Type] = s.Doc
	}
	return docs
}

// Services returns the names by which services can be selected, sorted.
func Services() []string {
	var names []string
	for _, s := range all {
		names = append(names, s.service())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TypesOf returns the resource types of the services, nil when none is named.
func TypesOf(services []string) []string {
	if len(services) == 0 {
		return nil
	}
	o := Options{Services: services}
	var types []string
	for _, s := range all {
		if o.reads(s.service()) {
			types = append(types, s.Type)
		}
	}
	return types
}

// CheckServices returns an error that names the first unknown service.
func CheckServices(services []string) error {
	known := Services()
	for _, service := range services {
		if !slices.Contains(known, service) {
			return fmt.Errorf("unknown service %q: expected one of %s", service, strings.Join(known, ", "))
		}
	}
	return nil
}

// reads reports whether the service was selected.
func (o Options) reads(service string) bool {
	return len(o.Services) == 0 || slices.Contains(o.Services, service)
}

// opening holds the calls that opening an account takes.
var opening = []call{
	{Op: "sts:GetCallerIdentity"},
	{Op: "ec2:DescribeRegions"},
}

// actionsByOp returns the IAM action of every operation that is ever called.
func actionsByOp() map[string]string {
	actions := map[string]string{}
	for _, c := range opening {
		actions[c.Op] = c.action()
	}
	for _, s := range all {
		for _, c := range s.Calls {
			actions[c.Op] = c.action()
		}
	}
	return actions
}

// Actions returns the IAM actions that reading the services takes, and asking
// who changed something, sorted; all services when none is named.
func Actions(services ...string) []string {
	o := Options{Services: services}
	var actions []string
	for _, c := range slices.Concat(opening, attributing) {
		actions = append(actions, c.action())
	}
	for _, s := range all {
		if !o.reads(s.service()) {
			continue
		}
		for _, c := range s.Calls {
			actions = append(actions, c.action())
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}
