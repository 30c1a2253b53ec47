package services

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
	"posture/scanners/network"
)

// firewallPolicyData is what is read of a firewall policy
// (compute.firewallPolicies.get, compute.networkFirewallPolicies.get and
// compute.regionNetworkFirewallPolicies.get).
type firewallPolicyData struct {
	Region       string `gives:"open_ingress,doubtful_ingress,doubtful_open"` // URL of the region of one that is for a part of a network
	Associations []struct {
		Target string `json:"attachmentTarget"`
	} `gives:"attached_to,admits,logging,open_ingress,doubtful_ingress,doubtful_open"`
	Rules []policyRuleData `gives:"admits,logging,open_ingress,doubtful_ingress,doubtful_open"`
}

// policyRuleData is one rule of it.
type policyRuleData struct {
	Action       string // allow, deny, goto_next or apply_security_profile_group
	Direction    string // INGRESS or EGRESS
	Disabled     bool
	Logging      bool                    `json:"enableLogging" gives:"logging"`
	Priority     engine.Integer          `gives:"open_ingress,doubtful_ingress,doubtful_open"` // the lower comes first
	Networks     []string                `json:"targetResources" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	Accounts     []string                `json:"targetServiceAccounts" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	Tags         []struct{ Name string } `json:"targetSecureTags" gives:"open_ingress,doubtful_ingress,doubtful_open"`
	Kind         string                  `json:"targetType"` // INSTANCES, or INTERNAL_MANAGED_LB, which the internet does not reach
	ForwardRules []string                `json:"targetForwardingRules"`
	Match        policyMatch             `gives:"open_ingress,doubtful_ingress,doubtful_open"`
}

type policyMatch struct {
	Ranges       []string   `json:"srcIpRanges"`
	Tags         []struct{} `json:"srcSecureTags"`
	Names        []string   `json:"srcFqdns"`
	Countries    []string   `json:"srcRegionCodes"`
	Lists        []string   `json:"srcThreatIntelligences"`
	Groups       []string   `json:"srcAddressGroups"`
	NetworkType  string     `json:"srcNetworkType"`    // INTERNET, NON_INTERNET, VPC_NETWORKS or INTRA_VPC
	Context      string     `json:"srcNetworkContext"` // its newer name
	Destinations []string   `json:"destIpRanges"`
	DestNames    []string   `json:"destFqdns"`
	DestLands    []string   `json:"destRegionCodes"`
	DestLists    []string   `json:"destThreatIntelligences"`
	DestGroups   []string   `json:"destAddressGroups"`
	DestType     string     `json:"destNetworkType"`
	DestContext  string     `json:"destNetworkContext"`
	Layer4       []struct {
		Protocol string `json:"ipProtocol"`
		Ports    []string
	} `json:"layer4Configs"`
}

// on reports whether the rule bears on traffic that comes in to machines.
func (d *policyRuleData) on() bool {
	return !d.Disabled && d.Direction != "EGRESS" && d.Kind != "INTERNAL_MANAGED_LB" && len(d.ForwardRules) == 0
}

// admits reports whether the rule lets traffic in. What is inspected on the way
// is let in.
func (d *policyRuleData) admits() bool {
	return d.on() && (d.Action == "allow" || d.Action == "apply_security_profile_group")
}

// rule returns the rule in the form in which rules are put in order.
func (d *policyRuleData) rule() (trafficRule, error) {
	m := &d.Match
	t := trafficRule{Priority: int64(d.Priority), Sources: m.Ranges, Doubts: m.doubts(), Narrow: m.narrow()}
	switch d.Action {
	case "deny":
		t.Action = denies
	case "goto_next":
		t.Action = passes
	}
	scope := m.NetworkType + m.Context
	switch {
	case scope != "" && scope != "UNSPECIFIED" && scope != "INTERNET":
		t.Sources, t.Doubts, t.Narrow = nil, nil, true // it is about traffic from elsewhere
	case len(m.Ranges)+len(m.Tags)+len(m.Names)+len(t.Doubts) == 0:
		t.Sources = []string{"0.0.0.0/0", "::/0"}
	}
	for _, account := range d.Accounts {
		t.Targets = append(t.Targets, "account "+strings.ToLower(account))
	}
	for _, tag := range d.Tags {
		t.Targets = append(t.Targets, "secure tag "+tag.Name)
	}
	for _, url := range d.Networks {
		t.Networks = append(t.Networks, path(url))
	}
	var entries []firewallPorts
	for _, l := range m.Layer4 {
		entries = append(entries, firewallPorts{l.Protocol, l.Ports})
	}
	err := t.add(entries)
	return t, err
}

// doubts returns the sources of which nobody can tell here which addresses they
// are. Names of hosts and tags of machines are never the internet.
func (m *policyMatch) doubts() []string {
	var found []string
	for what, names := range map[string][]string{"countries: ": m.Countries, "lists: ": m.Lists, "address groups: ": m.Groups} {
		if len(names) > 0 {
			found = append(found, what+strings.Join(names, ", "))
		}
	}
	slices.Sort(found)
	return found
}

// narrow reports whether the rule is limited by where the traffic goes.
func (m *policyMatch) narrow() bool {
	limited := slices.ContainsFunc(m.Destinations, func(d string) bool { return d != "0.0.0.0/0" && d != "::/0" })
	return limited || len(m.DestNames)+len(m.DestLands)+len(m.DestLists)+len(m.DestGroups) > 0 || m.DestType+m.DestContext != ""
}

var nodeKey = regexp.MustCompile(`\b(?:organizations|folders)/[0-9]+$`)

// targets returns where the policy is in force: keys of folders and
// organizations, and paths of networks.
func (d *firewallPolicyData) targets() []string {
	var found []string
	for _, a := range d.Associations {
		target := path(a.Target)
		if key := nodeKey.FindString(a.Target); key != "" {
			target = key
		}
		found = append(found, target)
	}
	return found
}

// rules returns the rules that are on, in order. One that cannot be read and
// lets something in may let in anything; one that stops something is left out,
// and is an error.
func (d *firewallPolicyData) rules() (found []trafficRule, misread error) {
	for i := range d.Rules {
		rule, err := d.Rules[i].rule()
		switch {
		case err != nil && d.Rules[i].admits():
			found = append(found, trafficRule{Priority: rule.Priority, Ports: []network.Ports{{Protocol: "all", To: network.LastPort}}, Doubts: []string{"a rule that is not understood"}})
		case err == nil && d.Rules[i].on():
			found = append(found, rule)
		case d.Rules[i].on():
			misread = errors.Join(misread, scanners.Failed("read "+typeFirewallPolicy, err))
		}
	}
	return inOrder(found), misread
}

// readFirewallPolicy reads all rules of a policy together, wherever it is in
// force.
func readFirewallPolicy(ctx context.Context, r *engine.Reading) any {
	var data firewallPolicyData
	r.Decode(&data)
	doc := &Firewall{Policy: true, AttachedTo: data.targets(), Logging: true}
	for i := range data.Rules {
		if data.Rules[i].admits() && len(doc.AttachedTo) > 0 {
			doc.Admits, doc.Logging = true, doc.Logging && data.Rules[i].Logging
		}
	}
	if !r.Wants(ingressFields...) || !doc.Admits {
		return doc
	}
	rules, misread := data.rules()
	if !slices.ContainsFunc(rules, func(rule trafficRule) bool { return rule.open() }) {
		return doc
	}
	order := orderOf(ctx, r)
	for _, target := range doc.AttachedTo {
		above := order.aboveTarget(ctx, r, target)
		for i := range rules {
			before := order.beforePolicy(above, &rules[i], target, data.Region != "")
			before.rules = append(stopping(rules[:i], &rules[i], networkOf(target), true), before.rules...)
			before.unread = errors.Join(misread, before.unread)
			readIngress(r, doc, &before, &rules[i])
		}
	}
	return doc
}

// networkOf returns the path of a network where that is what a policy is
// attached to, "" for a folder or an organization.
func networkOf(target string) string {
	if strings.HasPrefix(target, "projects/") {
		return target
	}
	return ""
}
