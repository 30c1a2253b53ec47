package services

import (
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/network"
)

// Firewall is what rules may ask of a firewall rule of a VPC network.
type Firewall struct {
	Network     string                `json:"network"`      // name of the network
	Admits      bool                  `json:"admits"`       // it is on and allows traffic in
	OpenIngress []network.OpenIngress `json:"open_ingress"` // what it lets in from the internet; nothing when it is off
	Logging     bool                  `json:"logging"`      // connections that it decides on are logged
}

var firewalls = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/Firewall",
		Doc:     Firewall{},
		Console: scanners.Console{Path: "/networking/firewalls/details/{firewalls}?project={project}"},
	},
	Versions: []string{"v1", "beta", "alpha"},
	Get:      []engine.Get{computeGet("firewalls")},
	Read:     readFirewall,
}

// firewallData is what is read of a firewall rule (compute.firewalls.get).
type firewallData struct {
	Network        string
	Direction      string // INGRESS or EGRESS
	Disabled       bool
	Allowed        []firewallPorts
	SourceRanges   []string `json:"sourceRanges"`
	SourceTags     []string `json:"sourceTags"`
	SourceAccounts []string `json:"sourceServiceAccounts"`
	LogConfig      struct{ Enable bool }
}

type firewallPorts struct {
	Protocol string   `json:"IPProtocol"`
	Ports    []string // "22", "8000-8080"; none: all
}

func readFirewall(_ context.Context, r *engine.Reading) any {
	var data firewallData
	r.Decode(&data)
	doc := &Firewall{Network: engine.LastOf(data.Network), Logging: data.LogConfig.Enable}
	doc.Admits = !data.Disabled && data.Direction != "EGRESS" && len(data.Allowed) > 0
	if !doc.Admits {
		return doc
	}
	open, err := data.openIngress()
	if r.Got(engine.Failed("read "+r.Type, err), "open_ingress") {
		doc.OpenIngress = open
	}
	return doc
}

// openIngress returns what the rule opens to the internet. One without any
// source is for all.
func (d *firewallData) openIngress() ([]network.OpenIngress, error) {
	ranges := d.SourceRanges
	if len(d.SourceRanges)+len(d.SourceTags)+len(d.SourceAccounts) == 0 {
		ranges = []string{"0.0.0.0/0"}
	}
	sources, err := network.Open(ranges)
	if err != nil {
		return nil, err
	}
	var open []network.OpenIngress
	for _, allowed := range d.Allowed {
		all, err := allowed.ranges()
		if err != nil {
			return nil, err
		}
		for _, ports := range all {
			for _, source := range sources {
				open = append(open, ports.OpenTo(source))
			}
		}
	}
	return open, nil
}

// ranges returns the ranges of ports that an entry allows.
func (p *firewallPorts) ranges() ([]network.Ports, error) {
	texts := p.Ports
	if len(texts) == 0 {
		texts = []string{""}
	}
	var all []network.Ports
	for _, text := range texts {
		ports, err := network.ParsePorts(p.Protocol, text)
		if err != nil {
			return nil, err
		}
		all = append(all, ports)
	}
	return all, nil
}
