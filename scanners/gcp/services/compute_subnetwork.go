package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Subnetwork is what rules may ask of a subnet of a VPC network.
type Subnetwork struct {
	CannotLog     bool   `json:"cannot_log"`     // it is for the use of Google's proxies, for which there are no flow logs
	FlowLogs      bool   `json:"flow_logs"`      // flows are logged
	SamplePercent int    `json:"sample_percent"` // how many of a hundred log entries are kept
	Interval      string `json:"interval"`       // over which flows are added up: "INTERVAL_5_SEC"
}

var subnetworks = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/Subnetwork",
		Doc:     Subnetwork{},
		Console: scanners.Console{Path: "/networking/subnetworks/details/{regions}/{subnetworks}?project={project}"},
	},
	Versions: computeVersions,
	Get:      []engine.Get{computeGet("subnetworks")},
	Read:     readSubnetwork,
}

// subnetworkData is what is read of a subnet (compute.subnetworks.get). Logs
// that nobody has switched on do not appear, and are off.
type subnetworkData struct {
	Purpose   string `gives:"cannot_log"`                                     // PRIVATE where it is left out
	FlowLogs  bool   `json:"enableFlowLogs" gives:"flow_logs,sample_percent"` // what there was before logConfig
	LogConfig struct {
		Enable   bool     `gives:"flow_logs,sample_percent"`
		Sampling *float64 `json:"flowSampling" gives:"sample_percent"` // 0.5 where it is left out
		Interval string   `json:"aggregationInterval" gives:"interval"`
	} `gives:"flow_logs,sample_percent,interval"`
}

func readSubnetwork(_ context.Context, r *engine.Reading) any {
	var data subnetworkData
	r.Decode(&data)
	doc := &Subnetwork{
		CannotLog: purposesWithoutLogs[data.Purpose],
		FlowLogs:  data.FlowLogs || data.LogConfig.Enable, Interval: data.LogConfig.Interval,
	}
	if doc.FlowLogs {
		doc.SamplePercent = percent(data.LogConfig.Sampling, 0.5)
	}
	return doc
}

// percent returns a rate from 0 to 1 in hundredths, and another one where
// there is none.
func percent(rate *float64, otherwise float64) int {
	if rate == nil {
		rate = &otherwise
	}
	return int(*rate*100 + 0.5)
}

// purposesWithoutLogs are the purposes of subnets that hold no machines of the
// customer.
var purposesWithoutLogs = map[string]bool{
	"REGIONAL_MANAGED_PROXY": true, "GLOBAL_MANAGED_PROXY": true, "INTERNAL_HTTPS_LOAD_BALANCER": true,
	"PRIVATE_SERVICE_CONNECT": true, "PRIVATE_NAT": true,
}
