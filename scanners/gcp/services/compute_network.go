package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Network is what rules may ask of a VPC network.
type Network struct {
	Default     bool     `json:"default"`      // the one that Google makes in a new project, open to SSH and RDP
	Legacy      bool     `json:"legacy"`       // of the kind without subnets
	DNSPolicies []string `json:"dns_policies"` // DNS server policies that apply to it
	LogsDNS     bool     `json:"logs_dns"`     // one of them logs queries
}

const (
	typeNetwork   = "compute.googleapis.com/Network"
	typeDNSPolicy = "dns.googleapis.com/Policy"
)

var networks = engine.Service{
	Type: scanners.Type{
		Name:    typeNetwork,
		Doc:     Network{},
		Console: scanners.Console{Path: "/networking/networks/details/{networks}?project={project}"},
	},
	Versions: computeVersions,
	Joins:    []engine.Join{{Type: typeDNSPolicy, For: []string{"dns_policies", "logs_dns"}}},
	Get:      []engine.Get{computeGet("networks")},
	Read:     readNetwork,
}

// networkData is what is read of a network (compute.networks.get).
type networkData struct {
	linked `gives:"dns_policies,logs_dns"`
	Name   string `gives:"default"`
	Range  string `json:"IPv4Range" gives:"legacy"`
}

// dnsPolicyData is what is read of a DNS server policy (dns.policies.get).
type dnsPolicyData struct {
	Name     string `joined:"dns_policies"`
	Logging  bool   `json:"enableLogging" joined:"logs_dns"`
	Networks []struct {
		URL string `json:"networkUrl"`
	}
}

func readNetwork(_ context.Context, r *engine.Reading) any {
	var data networkData
	r.Decode(&data)
	doc := &Network{Default: data.Name == "default", Legacy: data.Range != ""}
	own := pathOfItself(r, data.linked, "dns_policies", "logs_dns")
	for _, policy := range engine.Siblings[dnsPolicyData](r, typeDNSPolicy, "dns_policies", "logs_dns") {
		for _, network := range policy.Data.Networks {
			if path(network.URL) == own {
				doc.DNSPolicies = append(doc.DNSPolicies, policy.Data.Name)
				doc.LogsDNS = doc.LogsDNS || policy.Data.Logging
			}
		}
	}
	return doc
}
