package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// MessagingNamespace is what rules may ask of a namespace of Service Bus or
// Event Hubs.
type MessagingNamespace struct {
	EventHubs      bool     `json:"event_hubs"`     // it is one of Event Hubs, which have no dead letters
	ZoneRedundant  bool     `json:"zone_redundant"` // it lies in several zones
	RegionHasZones bool     `json:"region_has_zones"`
	DroppingQueues []string `json:"dropping_queues"` // names of queues that drop messages when their time is up
	Managed        bool     `json:"managed"`         // another service made it and keeps it
}

const (
	readQueues       = "Microsoft.ServiceBus/namespaces/queues/read"
	messagingVersion = "2024-01-01" // of the APIs of Service Bus and Event Hubs
)

var messagingNamespaces = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.ServiceBus/namespaces",
		Service: "messaging",
		Doc:     MessagingNamespace{},
		Calls:   []scanners.Call{zonesCall("region_has_zones"), {Op: readQueues, Each: true, For: []string{"dropping_queues"}}},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also:    []string{"Microsoft.EventHub/namespaces"},
	Get:     messagingVersion,
	AlsoGet: map[string]string{"Microsoft.EventHub/namespaces": messagingVersion},
	Read:    readMessagingNamespace,
}

func readMessagingNamespace(r *engine.Reading) any {
	var data struct {
		Properties struct{ ZoneRedundant *bool }
	}
	r.Decode(&data)
	doc := &MessagingNamespace{
		EventHubs:      strings.Contains(r.Row.ID, "/providers/microsoft.eventhub/"),
		ZoneRedundant:  engine.Need(r, data.Properties.ZoneRedundant, "zone_redundant"),
		RegionHasZones: hasZones(r, "region_has_zones"),
		Managed:        r.Managed(),
	}
	if !doc.EventHubs {
		doc.DroppingQueues = readDroppingQueues(r)
	}
	return doc
}

// readDroppingQueues returns the queues that do not keep messages whose time
// is up (learn.microsoft.com/rest/api/servicebus/queues/list-by-namespace).
func readDroppingQueues(r *engine.Reading) []string {
	if !r.Wants("dropping_queues") {
		return nil
	}
	all, err := engine.FetchAll[struct {
		Name       string
		Properties struct{ DeadLetteringOnMessageExpiration *bool }
	}](r, readQueues, "/queues", "2024-01-01")
	r.Got(err, "dropping_queues")
	var names []string
	for _, q := range all {
		if !engine.Need(r, q.Properties.DeadLetteringOnMessageExpiration, "dropping_queues") {
			names = append(names, q.Name)
		}
	}
	slices.Sort(names)
	return names
}
