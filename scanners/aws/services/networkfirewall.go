package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall"
	"github.com/aws/aws-sdk-go-v2/service/networkfirewall/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// NetworkFirewall is what rules may ask of a firewall of AWS Network Firewall.
type NetworkFirewall struct {
	LogTypes        []string `json:"log_types"`        // what it logs: ALERT, FLOW, TLS; sorted
	Zones           int64    `json:"zones"`            // in how many Availability Zones it has endpoints
	DeleteProtected bool     `json:"delete_protected"` // it cannot be deleted before that is turned off
}

const (
	listFirewalls    = "network-firewall:ListFirewalls"
	describeFirewall = "network-firewall:DescribeFirewall"
	firewallLogging  = "network-firewall:DescribeLoggingConfiguration"
)

// firewallFields are the fields that a firewall's description gives.
var firewallFields = []string{"zones", "delete_protected", posture.FieldTags}

var networkFirewalls = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::NetworkFirewall::Firewall",
		Service: "network-firewall",
		Doc:     NetworkFirewall{},
		Calls: []scanners.Call{
			{Op: listFirewalls},
			{Op: describeFirewall, Each: true, For: firewallFields},
			{Op: firewallLogging, Each: true, For: []string{"log_types"}},
			{Op: "ec2:DescribeSubnets", For: []string{"zones"}},
		},
		Console: scanners.Console{Path: "/vpcconsole/home?region={region}#NetworkFirewallDetails:arn={id}"},
	},
	Scan: scanNetworkFirewalls,
}

func networkFirewallClient(p *engine.Place) *networkfirewall.Client {
	return engine.Client(p, networkfirewall.NewFromConfig)
}

func scanNetworkFirewalls(ctx context.Context, p *engine.Place) error {
	pages := networkfirewall.NewListFirewallsPaginator(networkFirewallClient(p), &networkfirewall.ListFirewallsInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *networkfirewall.ListFirewallsOutput) []types.FirewallMetadata { return page.Firewalls }, readNetworkFirewall)
}

func readNetworkFirewall(ctx context.Context, p *engine.Place, firewall types.FirewallMetadata) {
	if !arnOwnedHere(p, firewall.FirewallArn) {
		return
	}
	r := p.Read()
	var doc NetworkFirewall
	tags := readFirewall(ctx, r, firewall.FirewallArn, &doc)
	if r.Wants("log_types") {
		out, err := networkFirewallClient(p).DescribeLoggingConfiguration(ctx, &networkfirewall.DescribeLoggingConfigurationInput{FirewallArn: firewall.FirewallArn})
		if r.Got(err, "log_types") && out.LoggingConfiguration != nil {
			for _, to := range out.LoggingConfiguration.LogDestinationConfigs {
				doc.LogTypes = append(doc.LogTypes, string(choice(r, to.LogType, firewallLogging, "log_types")))
			}
			slices.Sort(doc.LogTypes)
		}
	}
	r.Emit(aws.ToString(firewall.FirewallArn), aws.ToString(firewall.FirewallName), tags, &doc)
}

// readFirewall reads what a firewall's description tells, and returns its tags.
func readFirewall(ctx context.Context, r *engine.Reading, arn *string, doc *NetworkFirewall) map[string]string {
	if !r.Wants(firewallFields...) {
		return nil
	}
	out, err := networkFirewallClient(r.Place).DescribeFirewall(ctx, &networkfirewall.DescribeFirewallInput{FirewallArn: arn})
	if !r.Got(err, firewallFields...) {
		return nil
	}
	if out.Firewall == nil {
		r.Absent(describeFirewall, firewallFields...)
		return nil
	}
	doc.DeleteProtected = out.Firewall.DeleteProtection
	if r.Wants("zones") {
		doc.Zones = firewallZones(ctx, r, out.Firewall)
	}
	return engine.Tags(out.Firewall.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}

// firewallZones returns in how many zones a firewall has endpoints: in subnets of
// its VPC or, where it is attached to a transit gateway, in zones that it names.
func firewallZones(ctx context.Context, r *engine.Reading, firewall *types.Firewall) int64 {
	var names []string
	for _, mapping := range firewall.AvailabilityZoneMappings {
		names = append(names, aws.ToString(mapping.AvailabilityZone))
	}
	if len(firewall.SubnetMappings) == 0 && len(names) == 0 {
		r.Absent(describeFirewall, "zones")
		return 0
	}
	if len(firewall.SubnetMappings) > 0 {
		zones, err := subnetZones(ctx, r.Place)
		for _, mapping := range firewall.SubnetMappings {
			zone := zones[aws.ToString(mapping.SubnetId)]
			if zone == "" && r.Got(err, "zones") {
				r.Got(engine.Malformed("ec2:DescribeSubnets", errSubnetNotListed), "zones")
			}
			names = append(names, zone)
		}
	}
	return int64(len(distinct(names)))
}

// distinct returns the names that are not empty, each once, sorted.
func distinct(names []string) []string {
	names = slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool { return name == "" })
	return slices.Compact(names)
}
