package services

import (
	"testing"

	"google.golang.org/api/compute/v1"
	"google.golang.org/api/dns/v1"
)

// networkSchemas are Google's own types of the test data.
var networkSchemas = map[string]any{
	"compute.googleapis.com/Network v1":    compute.Network{},
	"compute.googleapis.com/Subnetwork v1": compute.Subnetwork{},
	typeDNSPolicy + " v1":                  dns.Policy{},
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_network", schemas: networkSchemas, types: []string{"compute.googleapis.com/Network"},
		want: map[string]any{
			"main":    &Network{DNSPolicies: []string{"log-queries"}, LogsDNS: true},
			"default": &Network{Default: true, DNSPolicies: []string{"inbound"}},
			"ancient": &Network{Legacy: true},
		},
	}.run(t)
}

func TestSubnetworks(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_network", schemas: networkSchemas, types: []string{"compute.googleapis.com/Subnetwork"},
		want: map[string]any{
			"apps":            &Subnetwork{FlowLogs: true, SamplePercent: 100, Interval: "INTERVAL_5_SEC"},
			"apps-by-default": &Subnetwork{FlowLogs: true, SamplePercent: 50},
			"thin":            &Subnetwork{FlowLogs: true, SamplePercent: 10, Interval: "INTERVAL_10_MIN"},
			"dark":            &Subnetwork{},
			"proxies":         &Subnetwork{CannotLog: true},
		},
	}.run(t)
}
