package services

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Firewall is what rules may ask of a firewall rule of a VPC network.
type Firewall struct {
	Network     string      `json:"network"`      // name of the network
	Admits      bool        `json:"admits"`       // it is on and allows traffic in
	OpenIngress []OpenPorts `json:"open_ingress"` // what it lets in from the whole internet; nothing when it is off
	Logging     bool        `json:"logging"`      // connections that it decides on are logged
}

// OpenPorts is a range of ports of one protocol that is open to the internet.
type OpenPorts struct {
	Protocol string `json:"protocol"` // tcp, udp, icmp, sctp, esp, ah, ipip, all, or a number
	FromPort int    `json:"from_port"`
	ToPort   int    `json:"to_port"`
	Source   string `json:"source"` // the addresses: "0.0.0.0/0"
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
	source := data.openSource()
	if source == "" {
		return doc
	}
	for _, allowed := range data.Allowed {
		open, err := openPorts(allowed, source)
		r.Got(engine.Failed("read "+r.Type, err), "open_ingress")
		doc.OpenIngress = append(doc.OpenIngress, open...)
	}
	return doc
}

// openSource returns the source range that is the internet, "" for none. A
// rule without any source is for all.
func (d *firewallData) openSource() string {
	for _, source := range d.SourceRanges {
		if wholeInternet(source) {
			return source
		}
	}
	if len(d.SourceRanges)+len(d.SourceTags)+len(d.SourceAccounts) == 0 {
		return "0.0.0.0/0"
	}
	return ""
}

// wholeInternet reports whether a range of addresses is all of them, or the
// half of them that people write to get around a check for all.
func wholeInternet(source string) bool {
	prefix, err := netip.ParsePrefix(source)
	return err == nil && prefix.Bits() <= 1
}

// protocols names protocols that may be written as numbers.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "50": "esp", "51": "ah", "94": "ipip", "132": "sctp"}

// openPorts returns the ranges of ports that an entry allows.
func openPorts(allowed firewallPorts, source string) ([]OpenPorts, error) {
	protocol := strings.ToLower(allowed.Protocol)
	if name, ok := protocols[protocol]; ok {
		protocol = name
	}
	if len(allowed.Ports) == 0 {
		return []OpenPorts{{Protocol: protocol, FromPort: 0, ToPort: 65535, Source: source}}, nil
	}
	var open []OpenPorts
	for _, ports := range allowed.Ports {
		first, last, isRange := strings.Cut(ports, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		if err != nil {
			return open, err
		}
		to, err := strconv.Atoi(last)
		if err != nil {
			return open, err
		}
		open = append(open, OpenPorts{Protocol: protocol, FromPort: from, ToPort: to, Source: source})
	}
	return open, nil
}
