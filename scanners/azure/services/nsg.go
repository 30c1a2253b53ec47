package services

import (
	"cmp"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
	"posture/scanners/network"
)

// NetworkSecurityGroup is what rules may ask of a network security group.
type NetworkSecurityGroup struct {
	Attached    bool         `json:"attached"`     // it is in force at a subnet, a network interface or a scale set
	OpenIngress []NSGOpening `json:"open_ingress"` // what its rules let in from the internet where it is attached; what another group there stops is left out
	Managed     bool         `json:"managed"`      // another service made it and keeps it
}

// NSGOpening is ports that the internet reaches by one rule of a group.
type NSGOpening struct {
	Protocol string `json:"protocol"`  // tcp, udp, icmp, esp, ah or all
	FromPort int64  `json:"from_port"` // the first port; 0 where the protocol has none
	ToPort   int64  `json:"to_port"`   // the last port; 65535 where the protocol has none
	Source   string `json:"source"`    // as the rule writes it: "*", "Internet", "0.0.0.0/0", "AzureCloud"
	Rule     string `json:"rule"`      // the id of the rule
}

const typeNSG = "Microsoft.Network/networkSecurityGroups"

// placeFields are the fields that need to know where groups are attached.
var placeFields = []string{"attached", "open_ingress"}

var networkSecurityGroups = engine.Service{
	Type: scanners.Type{
		Name:    typeNSG,
		Service: "network",
		Doc:     NetworkSecurityGroup{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Joins: networkJoins(placeFields...),
	Get:   networkVersion,
	Read:  readNSG,
}

// nsgData is what is read of a group
// (learn.microsoft.com/rest/api/virtualnetwork/network-security-groups/get).
// The default rules let in nothing from the internet and deny the rest.
type nsgData struct {
	Properties struct {
		SecurityRules     []nsgRuleData // there is always a list
		NetworkInterfaces []idRef
		Subnets           []idRef
	}
}

func readNSG(r *engine.Reading) any {
	var data nsgData
	r.Decode(&data)
	doc := &NetworkSecurityGroup{Managed: r.Managed()}
	if !r.Wants(placeFields...) {
		return doc
	}
	places := networkMapOf(r, placeFields...).placesOf(r.ID, &data)
	doc.Attached = len(places) > 0
	rules, err := data.rules()
	if err == nil {
		doc.OpenIngress, err = openAt(rules, places)
	}
	r.Got(scanners.Failed("read "+r.Type, err), "open_ingress")
	return doc
}

// openAt returns what the rules of a group let in where it is attached.
func openAt(rules []nsgRule, places []nsgPlace) ([]NSGOpening, error) {
	var all []NSGOpening
	seen := map[string]bool{}
	for _, place := range places {
		traffic := traffic{own: at(rules, place.to), ipv6: place.to.ipv6()}
		if place.err != nil { // what the group itself stops is stopped all the same
			if len(traffic.openings()) > 0 {
				return nil, place.err
			}
			continue
		}
		if place.other != nil {
			traffic.other, traffic.guarded = at(place.other, place.to), true
		}
		if key := traffic.key(); !seen[key] {
			seen[key] = true
			all = append(all, traffic.openings()...)
		}
	}
	return joinProtocols(all), nil
}

// joinProtocols makes one opening of those of all protocols, sorts the openings
// and leaves out those that are there twice.
func joinProtocols(all []NSGOpening) []NSGOpening {
	count := map[NSGOpening]int{}
	slices.SortFunc(all, compareOpenings)
	all = slices.Compact(all)
	for _, o := range all {
		count[o.ofAll()]++
	}
	for i, o := range all {
		if whole := o.ofAll(); o.whole() && count[whole] == len(protocols) {
			all[i] = whole
		}
	}
	return slices.Compact(all)
}

func (o NSGOpening) whole() bool { return o.FromPort == 0 && o.ToPort == network.LastPort }

func (o NSGOpening) ofAll() NSGOpening {
	o.Protocol = "all"
	return o
}

func compareOpenings(a, b NSGOpening) int {
	return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source), strings.Compare(a.Protocol, b.Protocol),
		cmp.Compare(a.FromPort, b.FromPort), cmp.Compare(a.ToPort, b.ToPort))
}

// idRef is how a resource names another one.
type idRef struct{ ID string }

// low returns the id in the form in which ids are compared.
func (i idRef) low() string { return strings.ToLower(i.ID) }

func lowIDs(all []idRef) []string {
	var ids []string
	for _, i := range all {
		ids = append(ids, i.low())
	}
	return ids
}
