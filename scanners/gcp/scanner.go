package gcp

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
)

// service declares how one resource type is read. Everything else that is
// known of it (what to list, the permissions, the checks) is derived from
// this.
type service struct {
	Type     string   // the inventory's name of the type: "storage.googleapis.com/Bucket"
	Of       string   // the inventory's type whose assets are read, where Type is not the inventory's
	Also     []string // its names for more of the same kind: "compute.googleapis.com/RegionDisk" beside Disk; what is listed under two is read once
	Doc      any      // a zero document: the struct that rules may ask about
	Versions []string // versions of the API in whose form Read understands the data
	Policies []string // document fields that IAM policies give, the resource's own or those above it
	OrgRules []string // document fields that organization policies give
	Joins    []join
	Calls    []call
	Get      []get // how a resource that fails is read once more, directly; none: see TestEveryServiceIsReread
	Once     bool  // one resource per project, folder or organization, whatever the inventory lists of the type

	// Read returns the document, a pointer to a struct. It is called for every
	// asset of the type; of a service that is read Once for the project itself.
	Read func(ctx context.Context, r *reading) any
}

// join declares another type whose assets a service looks at.
type join struct {
	Type       string
	For        []string // the document fields that it gives
	Policies   bool     // its IAM policies are looked at, not the assets themselves
	Everywhere bool     // those of the whole scope are looked at, not only its own project's
}

// content returns what is listed of the type.
func (j join) content() content {
	if j.Policies {
		return iamPolicies
	}
	return resources
}

// call declares a direct read of what the inventory lacks.
type call = scanners.Call

// service returns the name by which people select the service, taken from its
// type: "storage" of "storage.googleapis.com/Bucket".
func (s service) service() string {
	name, _, _ := strings.Cut(s.Type, ".")
	return name
}

// types returns every name by which the inventory lists what the service reads.
func (s service) types() []string { return append([]string{cmp.Or(s.Of, s.Type)}, s.Also...) }

// typesWithPolicies returns the types of which the service looks at policies.
func (s service) typesWithPolicies() []string {
	types := s.types()
	for _, join := range s.Joins {
		if join.Policies {
			types = append(types, join.Type)
		}
	}
	return types
}

// asks reports whether an enabled rule reads what only a call gives.
func (s service) asks(want posture.Want) bool {
	return slices.ContainsFunc(s.Calls, func(c call) bool {
		return slices.ContainsFunc(c.For, func(field string) bool { return want.Field(s.Type, field) })
	})
}

// addNeeds adds the types that must be listed, given the fields that rules
// read.
func (s service) addNeeds(needs map[content][]string, fields []string) {
	reads := func(given []string) bool {
		return slices.ContainsFunc(given, func(field string) bool { return slices.Contains(fields, top(field)) })
	}
	if !s.Once {
		needs[resources] = append(needs[resources], s.types()...)
	}
	for _, join := range s.Joins {
		if reads(join.For) {
			needs[join.content()] = append(needs[join.content()], join.Type)
		}
	}
	if reads(s.Policies) {
		needs[iamPolicies] = append(append(needs[iamPolicies], hierarchy...), s.types()...)
	}
	if reads(s.OrgRules) {
		needs[orgPolicies] = append(needs[orgPolicies], hierarchy...)
	}
}

// top returns the first part of a field's path.
func top(field string) string {
	first, _, _ := strings.Cut(field, ".")
	return first
}

// selected returns the services that an enabled rule and the options ask for.
func (i *Inventory) selected(want posture.Want) iter.Seq[*service] {
	return func(yield func(*service) bool) {
		for n := range all {
			s := &all[n]
			if _, wanted := want[s.Type]; wanted && i.options.reads(s.service()) && !yield(s) {
				return
			}
		}
	}
}

// all lists every service. A new one adds its line here.
var all = []service{
	projects,
	serviceAccounts, accountKeys, identityProviders, apiKeys,
	accessApprovals, essentialContacts, orgBaseline, directories,
	storageBuckets,
	alloyDBClusters, alloyDBInstances,
	bigQueryDatasets, bigQueryTables,
	redisInstances,
	dataprocClusters,
	pubSubTopics, pubSubSubscriptions,
	spannerDatabases,
	firestoreDatabases,
	firewalls,
	virtualMachines,
	computeProjects,
	disks,
	images,
	managedGroups,
	networks,
	subnetworks,
	backendServices,
	urlMaps,
	tlsProxies,
	gkeClusters,
	dnsZones,
	sqlInstances, sqlBackups,
	kmsKeys, secrets,
	cloudFunctions, runServices,
	logBuckets, logExports, securityCenters, enabledServices,
	auditAlerts, alerting,
}
