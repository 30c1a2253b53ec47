package services

import (
	"encoding/json"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/azure/engine"
)

// Subnet is what rules may ask of a subnet.
type Subnet struct {
	Guarded    bool   `json:"guarded"`     // it has a network security group
	TakesGroup bool   `json:"takes_group"` // Azure lets it have one: not so for subnets of gateways, firewalls and some services
	Network    string `json:"network"`     // the name of its virtual network
	Managed    bool   `json:"managed"`     // another service made its network and keeps it
}

var subnets = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Network/virtualNetworks/subnets",
		Service: "network",
		Doc:     Subnet{},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:    typeVirtualNetwork,
	Get:   networkVersion,
	Parts: subnetRows,
	Read:  readSubnet,
}

var errNoSubnets error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer does not hold the network's subnets"}

// subnetRows returns the subnets that the row of a network holds.
func subnetRows(r *engine.Reading) ([]*engine.Row, error) {
	var data struct {
		Properties struct{ Subnets []json.RawMessage } // there is always a list
	}
	if err := json.Unmarshal(r.Row.Data, &data); err != nil || data.Properties.Subnets == nil {
		return nil, scanners.Failed("read "+typeVirtualNetwork, errNoSubnets)
	}
	return engine.Rows(r, "read "+typeVirtualNetwork, data.Properties.Subnets)
}

// withoutGroup are the subnets that must not have a group, by name
// (learn.microsoft.com/azure/virtual-network/virtual-network-vnet-plan-design-arm), and
// the services that take over a subnet and do not support one.
var (
	withoutGroup        = []string{"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "routeserversubnet"}
	withoutGroupService = []string{"microsoft.netapp/volumes", "microsoft.hardwaresecuritymodules/dedicatedhsms", "microsoft.storagepool/diskpools"}
)

func readSubnet(r *engine.Reading) any {
	var data subnetData
	r.Decode(&data)
	doc := &Subnet{
		Guarded: data.Properties.NetworkSecurityGroup.ID != "", Managed: r.Managed(),
		Network:    engine.LastOf(engine.Parent(r.ID)),
		TakesGroup: !slices.Contains(withoutGroup, strings.ToLower(r.Name)),
	}
	if data.empty() {
		r.Absent("read "+r.Type, "guarded", "takes_group")
	}
	for _, d := range data.Properties.Delegations {
		if slices.Contains(withoutGroupService, strings.ToLower(d.Properties.ServiceName)) {
			doc.TakesGroup = false
		}
	}
	return doc
}
