package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// VirtualNetwork is what rules may ask of a virtual network.
type VirtualNetwork struct {
	Subnets       int64 `json:"subnets"`        // how many it has
	FlowLogs      bool  `json:"flow_logs"`      // the traffic of every subnet is logged, by a flow log of the network, the subnet or the subnet's group
	FlowAnalytics bool  `json:"flow_analytics"` // those logs go to a Log Analytics workspace
	FlowDays      int64 `json:"flow_days"`      // for how many days they are kept in storage, the fewest of all subnets; 36500 where nothing deletes them

	PublicWorkloads int64 `json:"public_workloads"` // machines and application gateways in it with public addresses, of their own or of a load balancer
	Firewalled      bool  `json:"firewalled"`       // the subnets of those machines send what is for the internet to a firewall
	DDOSProtected   bool  `json:"ddos_protected"`   // all those addresses have DDoS protection beyond what everybody has
	Managed         bool  `json:"managed"`          // another service made it and keeps it
}

const (
	typeFlowLog    = "Microsoft.Network/networkWatchers/flowLogs"
	networkVersion = "2024-05-01" // of the API of networks and all that is in them
)

var flowFields = []string{"flow_logs", "flow_analytics", "flow_days"}

var virtualNetworks = engine.Service{
	Type: scanners.Type{
		Name:    typeVirtualNetwork,
		Service: "network",
		Doc:     VirtualNetwork{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Joins: append(publicJoins(), engine.Join{Type: typeFlowLog, For: flowFields}),
	Get:   networkVersion,
	Read:  readVirtualNetwork,
}

func readVirtualNetwork(r *engine.Reading) any {
	var data networkData
	r.Decode(&data)
	doc := &VirtualNetwork{Subnets: int64(len(data.Properties.Subnets)), Managed: r.Managed()}
	if data.Properties.Subnets == nil { // there is always a list
		r.Absent("read "+r.Type, append([]string{"subnets"}, append(flowFields, publicFields...)...)...)
		return doc
	}
	readFlowLogs(r, &data, doc)
	readPublic(r, &data, doc)
	return doc
}

// flowLog is what is read of a flow log
// (learn.microsoft.com/rest/api/network-watcher/flow-logs/get).
type flowLog struct {
	Properties struct {
		TargetResourceID           string
		Enabled                    *bool
		RetentionPolicy            retention // absent: off, and logs are kept until somebody deletes them
		FlowAnalyticsConfiguration struct {
			NetworkWatcherFlowAnalyticsConfiguration struct{ Enabled bool }
		}
	}
}

// PointsTo implements engine.Pointer.
func (f flowLog) PointsTo() []string { return []string{f.Properties.TargetResourceID} }

func (f *flowLog) analyses() bool {
	return f.Properties.FlowAnalyticsConfiguration.NetworkWatcherFlowAnalyticsConfiguration.Enabled
}

// forever is the days of a log that nothing deletes.
const forever = 36500

// days returns for how long the logs are kept; 0 days are no limit.
func (f *flowLog) days() int64 {
	if days := f.Properties.RetentionPolicy.days(); days > 0 {
		return days
	}
	return forever
}

// readFlowLogs reads how the traffic of each subnet is logged.
func readFlowLogs(r *engine.Reading, data *networkData, doc *VirtualNetwork) {
	if !r.Wants(flowFields...) || doc.Subnets == 0 {
		return
	}
	doc.FlowLogs, doc.FlowAnalytics, doc.FlowDays = true, true, forever
	whole := flowLogsOf(r, r.ID)
	for i := range data.Properties.Subnets {
		s := &data.Properties.Subnets[i]
		logs := append(flowLogsOf(r, s.low()), whole...)
		if group := s.Properties.NetworkSecurityGroup.low(); group != "" {
			logs = append(logs, flowLogsOf(r, group)...)
		}
		var days int64
		analyses := false
		for _, log := range logs {
			days, analyses = max(days, log.days()), analyses || log.analyses()
		}
		doc.FlowLogs = doc.FlowLogs && len(logs) > 0
		doc.FlowAnalytics, doc.FlowDays = doc.FlowAnalytics && analyses, min(doc.FlowDays, days)
	}
}

// flowLogsOf returns the flow logs of a resource that are on.
func flowLogsOf(r *engine.Reading, id string) []*flowLog {
	var on []*flowLog
	for _, found := range engine.Pointing[flowLog](r, typeFlowLog, strings.ToLower(id), flowFields...) {
		if engine.Need(r, found.Data.Properties.Enabled, flowFields...) {
			on = append(on, &found.Data)
		}
	}
	return on
}
