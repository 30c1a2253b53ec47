package services

import (
	"context"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/network"
)

// Firewall is what rules may ask of a firewall rule of a VPC network, or of all
// rules of a firewall policy together. What is certainly denied before it comes
// to them is not open: by hierarchical policies first, then by the rules and
// the policy of the network.
type Firewall struct {
	Policy          bool                  `json:"policy"`           // it is a firewall policy, of networks, folders or organizations
	Network         string                `json:"network"`          // name of the network; "" of a policy
	AttachedTo      []string              `json:"attached_to"`      // networks, folders and organizations where a policy is in force
	Admits          bool                  `json:"admits"`           // it is on and allows traffic in
	OpenIngress     []network.OpenIngress `json:"open_ingress"`     // what it lets in from the internet; nothing when it is off
	DoubtfulIngress []network.OpenIngress `json:"doubtful_ingress"` // what it lets in from sources that are not known: countries, address groups, lists of Google's
	DoubtfulOpen    bool                  `json:"doubtful_open"`    // those are the internet; always unread where there are any
	Logging         bool                  `json:"logging"`          // connections that it decides on are logged
}

const (
	typeFirewall       = "compute.googleapis.com/Firewall"
	typeFirewallPolicy = "compute.googleapis.com/FirewallPolicy" // of networks, global and regional, and hierarchical
)

// ingressFields are the fields that other rules and policies bear on.
var ingressFields = []string{"open_ingress", "doubtful_ingress", "doubtful_open"}

var firewalls = engine.Service{
	Type: scanners.Type{
		Name:    typeFirewall,
		Doc:     Firewall{},
		Calls:   firewallCalls,
		Console: scanners.Console{Path: "/networking/firewalls/details/{firewalls}?project={project}"},
	},
	Also:     []string{typeFirewallPolicy},
	Versions: computeVersions,
	Joins: []engine.Join{
		{Type: typeFirewall, For: ingressFields, Alike: true},
		{Type: typeFirewallPolicy, For: ingressFields, Alike: true, Everywhere: true},
		{Type: typeNetwork, For: ingressFields},
	},
	Get: []engine.Get{
		computeGet("firewalls"),
		computeGet("regionFirewallPolicies").Only("/regions/"),
		computeGet("firewallPolicies").Only("/firewallPolicies/"),
	},
	Read: readFirewall,
}

// firewallData is what is read of a firewall rule (compute.firewalls.get).
type firewallData struct {
	Network        string                `gives:"network,open_ingress,doubtful_ingress,doubtful_open"`
	Direction      string                `gives:"admits,open_ingress,doubtful_ingress,doubtful_open"` // INGRESS or EGRESS
	Disabled       bool                  `gives:"admits,open_ingress,doubtful_ingress,doubtful_open"`
	Priority       *engine.Integer       `gives:"open_ingress,doubtful_ingress,doubtful_open"` // 1000 where it is left out
	Allowed        []firewallPorts       `gives:"admits,open_ingress,doubtful_ingress,doubtful_open"`
	Denied         []firewallPorts       `gives:"open_ingress,doubtful_ingress,doubtful_open"`
	SourceRanges   []string              `json:"sourceRanges" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	SourceTags     []string              `json:"sourceTags" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	SourceAccounts []string              `json:"sourceServiceAccounts" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	Destinations   []string              `json:"destinationRanges" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	TargetTags     []string              `json:"targetTags" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	TargetAccounts []string              `json:"targetServiceAccounts" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	LogConfig      struct{ Enable bool } `gives:"logging"`
}

type firewallPorts struct {
	Protocol string   `json:"IPProtocol"`
	Ports    []string // "22", "8000-8080"; none: all
}

func readFirewall(ctx context.Context, r *engine.Reading) any {
	if r.Asset.Type == typeFirewallPolicy {
		return readFirewallPolicy(ctx, r)
	}
	var data firewallData
	r.Decode(&data)
	doc := &Firewall{Network: engine.LastOf(data.Network), Logging: data.LogConfig.Enable}
	doc.Admits = !data.Disabled && data.Direction != "EGRESS" && len(data.Allowed) > 0
	if !r.Wants(ingressFields...) || !doc.Admits {
		return doc
	}
	rule, err := data.rule()
	if r.Got(scanners.Failed("read "+r.Type, err), ingressFields...) && rule.open() {
		order, in := orderOf(ctx, r), path(data.Network)
		before := order.beforeRule(order.aboveNetwork(ctx, r, in), &rule, in)
		readIngress(r, doc, &before, &rule)
	}
	return doc
}

// readIngress adds to the document what a rule opens: to the internet, and to
// sources of which that is not known. Where not all was read that may deny them before,
// nobody can tell whether they are open.
func readIngress(r *engine.Reading, doc *Firewall, before *before, rule *trafficRule) {
	found, unread := before.opens(rule)
	r.Got(unread, ingressFields...)
	for _, o := range found {
		list := &doc.OpenIngress
		if o.Doubtful {
			list = &doc.DoubtfulIngress
		}
		if !slices.Contains(*list, o.OpenIngress) {
			*list = append(*list, o.OpenIngress)
		}
	}
	if len(doc.DoubtfulIngress) > 0 && !slices.ContainsFunc(r.Unread(), func(u posture.Unread) bool { return u.Field == "doubtful_open" }) {
		r.Mark(posture.Cause{Reason: posture.Failed, Operation: "read " + r.Type, Code: "sources not known"}, "doubtful_open")
	}
}

// rule returns the firewall rule in the form in which rules are put in order.
// One without any source is for all.
func (d *firewallData) rule() (trafficRule, error) {
	entries, action := d.Allowed, allows
	if len(d.Denied) > 0 {
		entries, action = d.Denied, denies
	}
	rule := trafficRule{Priority: 1000, Action: action, Sources: d.SourceRanges, Narrow: len(d.Destinations) > 0}
	if d.Priority != nil {
		rule.Priority = int64(*d.Priority)
	}
	if len(d.SourceRanges)+len(d.SourceTags)+len(d.SourceAccounts) == 0 {
		rule.Sources = []string{"0.0.0.0/0"}
	}
	for _, tag := range d.TargetTags {
		rule.Targets = append(rule.Targets, "tag "+tag)
	}
	for _, account := range d.TargetAccounts {
		rule.Targets = append(rule.Targets, "account "+strings.ToLower(account))
	}
	err := rule.add(entries)
	return rule, err
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
