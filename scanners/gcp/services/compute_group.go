package services

import (
	"context"
	"maps"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// ManagedGroup is what rules may ask of a managed instance group.
type ManagedGroup struct {
	GKE         bool `json:"gke"`          // it holds nodes of a GKE cluster, which the cluster's rules judge
	Dataflow    bool `json:"dataflow"`     // it holds workers of a job of Dataflow, which makes it and deletes it
	ServiceMade bool `json:"service_made"` // another service makes it and keeps it: Dataproc, for secondary workers, or App Engine's flexible environment
	Autohealing bool `json:"autohealing"`  // VMs whose application does not answer are made anew
	Balanced    bool `json:"balanced"`     // a load balancer sends traffic to it
	Zones       int  `json:"zones"`        // in how many zones it makes VMs
}

var managedGroups = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/InstanceGroupManager",
		Doc:     ManagedGroup{},
		Console: scanners.Console{Path: "/compute/instanceGroups/details/{place}/{instanceGroupManagers}?project={project}"},
	},
	Versions: computeVersions,
	Joins: []engine.Join{
		{Type: typeBackendService, For: []string{"balanced"}},
		{Type: typeRegionBackendService, For: []string{"balanced"}},
		{Type: dataprocClusters.Name, For: []string{"service_made"}},
	},
	Get:  []engine.Get{computeGet("instanceGroupManagers")},
	Read: readManagedGroup,
}

// groupData is what is read of a managed instance group
// (compute.instanceGroupManagers.get).
type groupData struct {
	Name        string                                   `gives:"gke,dataflow,service_made"`
	Template    string                                   `json:"instanceTemplate" gives:"gke,dataflow,service_made"`
	Group       string                                   `json:"instanceGroup" gives:"balanced"` // URL by which load balancers name it
	TargetPools []string                                 `json:"targetPools" gives:"balanced"`   // what older load balancers have
	Healing     []struct{ HealthCheck string }           `json:"autoHealingPolicies" gives:"autohealing"`
	Zone        string                                   `gives:"zones"`                           // of a group in one zone
	Spread      *struct{ Zones []struct{ Zone string } } `json:"distributionPolicy" gives:"zones"` // of a regional group
}

func readManagedGroup(_ context.Context, r *engine.Reading) any {
	var data groupData
	r.Decode(&data)
	doc := &ManagedGroup{GKE: gkeName(data.Name) && gkeName(engine.LastOf(data.Template)), Dataflow: workerGroup.MatchString(data.Name) && workerGroup.MatchString(engine.LastOf(data.Template)), Zones: 1}
	doc.ServiceMade = r.Wants("service_made") && (flexible.MatchString(data.Name) && flexible.MatchString(engine.LastOf(data.Template)) || secondaryWorkers(r, data.Name))
	for _, policy := range data.Healing {
		doc.Autohealing = doc.Autohealing || policy.HealthCheck != ""
	}
	if data.Zone == "" {
		doc.Zones = len(engine.Need(r, data.Spread, "zones").Zones)
	}
	if data.Group == "" {
		r.Lacks(r.Type, "balanced")
	}
	doc.Balanced = len(data.TargetPools) > 0 || balancedGroups(r)[path(data.Group)]
	return doc
}

// dataprocGroups is what a group looks at of clusters of Dataproc.
type dataprocGroups struct {
	Config struct {
		Secondary struct {
			Managed struct {
				Group string `json:"instanceGroupManagerName"`
			} `json:"managedGroupConfig"`
		} `json:"secondaryWorkerConfig"`
	}
}

// secondaryWorkers reports whether a group holds the secondary workers of a
// cluster of Dataproc, which names it. Dataproc's names begin with its own.
func secondaryWorkers(r *engine.Reading, name string) bool {
	if !strings.HasPrefix(name, "dataproc-") {
		return false
	}
	return engine.Sibling(r, dataprocClusters.Name, func(c *engine.Joined[dataprocGroups]) bool { return c.Data.Config.Secondary.Managed.Group == name }, "service_made") != nil
}

// backendGroups is what a group looks at of backend services.
type backendGroups struct {
	Backends []struct{ Group string }
}

// balancedGroups returns the paths of the groups to which the project's load
// balancers send traffic.
func balancedGroups(r *engine.Reading) map[string]bool {
	found := map[string]bool{}
	for _, typ := range []string{typeBackendService, typeRegionBackendService} {
		maps.Copy(found, indexOf(r, typ, "balanced", func(services []engine.Joined[backendGroups]) map[string]bool {
			groups := map[string]bool{}
			for _, service := range services {
				for _, backend := range service.Data.Backends {
					groups[path(backend.Group)] = true
				}
			}
			return groups
		}))
	}
	return found
}
