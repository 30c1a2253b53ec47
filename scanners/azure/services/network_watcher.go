package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// NetworkLocation is what rules may ask of a region that has virtual networks.
type NetworkLocation struct {
	Watched bool `json:"watched"` // Network Watcher is on
}

const typeNetworkWatcher = "Microsoft.Network/networkWatchers"

var networkLocations = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Network/locations",
		Service: "network",
		Doc:     NetworkLocation{},
		Console: scanners.Console{None: "regions have no page"},
	},
	Of:    typeVirtualNetwork,
	Joins: []engine.Join{{Type: typeNetworkWatcher, For: []string{"watched"}, List: networkVersion}},
	Get:   networkVersion,
	Read:  readNetworkLocation,
}

// networkWatcher is what is read of a network watcher
// (learn.microsoft.com/rest/api/network-watcher/network-watchers/get).
type networkWatcher struct {
	Properties struct{ ProvisioningState string }
}

// readNetworkLocation reads the first network of each region as the region.
func readNetworkLocation(r *engine.Reading) any {
	location := strings.ToLower(r.Row.Location)
	first, _ := engine.Once(r, "location "+location, func() (string, error) { return r.Row.ID, nil })
	if first != r.Row.ID {
		return nil
	}
	r.ID, r.Name, r.Row.Tags = "/subscriptions/"+r.Row.Subscription+"/providers/microsoft.network/locations/"+location, location, nil
	doc := &NetworkLocation{}
	for _, watcher := range engine.Siblings[networkWatcher](r, typeNetworkWatcher, "watched") {
		if !strings.EqualFold(watcher.Location, location) {
			continue
		}
		switch strings.ToLower(watcher.Data.Properties.ProvisioningState) {
		case "succeeded", "updating": // it works while it is changed
			doc.Watched = true
		case "deleting", "failed":
		default:
			oneOf(r, "state of a watcher", watcher.Data.Properties.ProvisioningState, "watched")
		}
	}
	return doc
}
