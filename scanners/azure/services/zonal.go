package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// ZonalNetwork is what rules may ask of how a load balancer, a public address, an
// application gateway or a gateway of a network stands the loss of a zone.
type ZonalNetwork struct {
	Kind          string `json:"kind"`            // "load balancer", "public address", "application gateway" or "network gateway"
	ZonesInRegion bool   `json:"zones_in_region"` // its region has availability zones
	Resilient     bool   `json:"resilient"`       // it goes on when a zone is lost
	Managed       bool   `json:"managed"`         // another service made it and keeps it
}

const (
	typeLoadBalancer   = "Microsoft.Network/loadBalancers"
	typePublicIP       = "Microsoft.Network/publicIPAddresses"
	typeNetworkGateway = "Microsoft.Network/virtualNetworkGateways"
)

var zonalNetworks = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Network/zonalResources",
		Service: "network",
		Doc:     ZonalNetwork{},
		Calls:   []scanners.Call{zonesCall("zones_in_region")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Of:   typeLoadBalancer,
	Also: []string{typePublicIP, typeApplicationGateway, typeNetworkGateway},
	Get:  networkVersion,
	AlsoGet: map[string]string{
		typePublicIP: networkVersion, typeApplicationGateway: networkVersion, typeNetworkGateway: networkVersion,
	},
	Read: readZonalNetwork,
}

// zonalData is what is read of all of them. The SKU is a member of its own, or
// one of the properties.
type zonalData struct {
	SKU              *zonalSKU
	Zones            []string
	ExtendedLocation struct{ Name string } // an edge zone, which has no zones
	Properties       struct {
		SKU                      *zonalSKU
		FrontendIPConfigurations []zonalFrontend
	}
}

// zonalFrontend is an address of a load balancer, private or public.
type zonalFrontend struct {
	Zones      []string
	Properties struct{ Subnet, PublicIPAddress, PublicIPPrefix idRef }
}

type zonalSKU struct{ Name string }

// zonalSKUs begin the names of the SKUs that are known.
var zonalSKUs = []string{"basic", "standard", "gateway", "waf", "vpngw", "ergw", "ultraperformance", "highperformance"}

func readZonalNetwork(r *engine.Reading) any {
	var data zonalData
	r.Decode(&data)
	doc := &ZonalNetwork{Managed: r.Managed(), ZonesInRegion: hasZones(r, "zones_in_region") && data.ExtendedLocation.Name == ""}
	of := data.SKU
	if of == nil {
		of = data.Properties.SKU
	}
	name := strings.ToLower(engine.Need(r, of, "resilient").Name)
	if of != nil && !slices.ContainsFunc(zonalSKUs, func(known string) bool { return strings.HasPrefix(name, known) }) {
		oneOf(r, "SKU", name, "resilient")
	}
	switch strings.ToLower(r.Row.Type) {
	case strings.ToLower(typePublicIP):
		doc.Kind = "public address"
		// One that names no zone is in all of them (azure.microsoft.com/updates, 2024).
		doc.Resilient = strings.HasPrefix(name, "standard") && len(data.Zones) != 1
	case strings.ToLower(typeApplicationGateway):
		doc.Kind = "application gateway"
		doc.Resilient = strings.HasSuffix(name, "_v2") && len(data.Zones) > 1
		if strings.HasSuffix(name, "_v2") && len(data.Zones) == 0 {
			// Newer ones are in all zones then, older ones in one that Azure chose: nothing tells them apart.
			r.Absent("read "+r.Type, "resilient")
		}
	case strings.ToLower(typeNetworkGateway):
		doc.Kind = "network gateway"
		doc.Resilient = strings.HasSuffix(name, "az") || name == "ergwscale"
	default:
		doc.Kind = "load balancer"
		doc.Resilient = (name == "standard" || name == "gateway") && !data.pinned()
		if doc.Resilient && data.unsaid() {
			r.Absent("read "+r.Type, "resilient")
		}
	}
	return doc
}

// pinned reports whether a private address of the load balancer is in one zone, or
// in one that Azure chose. Public ones are as resilient as their addresses.
func (d *zonalData) pinned() bool {
	for _, f := range d.Properties.FrontendIPConfigurations {
		if f.Properties.Subnet.ID != "" && len(f.Zones) < 2 {
			return true
		}
	}
	return false
}

// unsaid reports whether the load balancer does not say what its addresses are.
func (d *zonalData) unsaid() bool {
	all := d.Properties.FrontendIPConfigurations // there is always a list
	return all == nil || slices.ContainsFunc(all, func(f zonalFrontend) bool {
		return f.Properties.Subnet.ID+f.Properties.PublicIPAddress.ID+f.Properties.PublicIPPrefix.ID == ""
	})
}

// ZonalMachines is what rules may ask of how a scale set, or a machine with those
// that do the same, stands the loss of a zone.
type ZonalMachines struct {
	Kind          string `json:"kind"`            // "scale set" or "machine"
	ZonesInRegion bool   `json:"zones_in_region"` // its region has availability zones
	Zones         int64  `json:"zones"`           // how many zones it spans; a machine with the others behind the same load balancer
	Balanced      bool   `json:"balanced"`        // it is behind a load balancer or an application gateway
	Managed       bool   `json:"managed"`         // another service made it and keeps it
}

var zonalMachines = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Compute/zonalResources",
		Service: "compute",
		Doc:     ZonalMachines{},
		Calls:   []scanners.Call{zonesCall("zones_in_region")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Of:   typeScaleSet,
	Also: []string{typeVM},
	Joins: []engine.Join{
		{Type: typeVM, For: []string{"zones"}},
		{Type: typeNetworkInterface, For: []string{"zones", "balanced"}},
		{Type: typeLoadBalancer, For: []string{"zones", "balanced"}},
		{Type: typeApplicationGateway, For: []string{"zones", "balanced"}},
	},
	Get:     machineVersion,
	AlsoGet: map[string]string{typeVM: machineVersion},
	Read:    readZonalMachines,
}

// zonalMachine is what is read of a scale set or a machine.
type zonalMachine struct {
	scaleSetNetworks
	ID    string
	Zones []string
}

// PointsTo implements engine.Pointer: it finds a machine by its id.
func (m zonalMachine) PointsTo() []string { return []string{m.ID} }

func readZonalMachines(r *engine.Reading) any {
	if strings.EqualFold(r.Row.Type, typeVM) {
		return readZonalVM(r)
	}
	var data zonalMachine
	r.Decode(&data)
	doc := &ZonalMachines{Kind: "scale set", ZonesInRegion: hasZones(r, "zones_in_region"), Zones: int64(len(data.Zones)), Managed: r.Managed()}
	configurations := data.Properties.VirtualMachineProfile.NetworkProfile.NetworkInterfaceConfigurations
	if len(configurations) == 0 { // of a flexible one, each machine may have its own
		r.Absent("read "+r.Type, "balanced")
	}
	for _, c := range configurations {
		for _, address := range c.Properties.IPConfigurations {
			doc.Balanced = doc.Balanced || len(address.pools()) > 0
		}
	}
	return doc
}

// pools returns the ids of the pools that an address is in.
func (c *ipConfiguration) pools() []string {
	return lowIDs(append(c.Properties.LoadBalancerBackendAddressPools, c.Properties.ApplicationGatewayBackendAddressPools...))
}

// readZonalVM reads a machine that is in no scale set.
func readZonalVM(r *engine.Reading) any {
	var data struct {
		Zones      []string
		Properties struct {
			VirtualMachineScaleSet idRef
			NetworkProfile         *struct{ NetworkInterfaces []idRef }
		}
	}
	r.Decode(&data)
	if data.Properties.VirtualMachineScaleSet.ID != "" {
		return nil
	}
	doc := &ZonalMachines{Kind: "machine", ZonesInRegion: hasZones(r, "zones_in_region"), Managed: r.Managed()}
	network := engine.Need(r, data.Properties.NetworkProfile, "zones", "balanced")
	zones := slices.Clone(data.Zones)
	together, named := poolZones(r), pooledAddresses(r)
	unlisted := false
	for _, id := range network.NetworkInterfaces {
		listed := engine.Pointing[interfaceData](r, typeNetworkInterface, id.low(), "zones", "balanced")
		unlisted = unlisted || len(listed) == 0 || listed[0].Data.Properties.IPConfigurations == nil // it may be behind anything
		for _, nic := range listed {
			for _, c := range nic.Data.Properties.IPConfigurations {
				for _, pool := range c.pools() {
					doc.Balanced = true
					zones = append(zones, together[pool]...)
				}
				if named[c.Properties.PrivateIPAddress] { // which others are behind the same one is not followed
					r.Strange("pool by address", "zones", "balanced")
				}
			}
		}
	}
	if unlisted && !doc.Balanced {
		r.Absent("read "+typeNetworkInterface, "zones", "balanced")
	}
	if !doc.Balanced && named[byName] { // the name may be the machine's
		r.Strange("pool by name", "zones", "balanced")
	}
	slices.Sort(zones)
	doc.Zones = int64(len(slices.Compact(zones)))
	return doc
}

// byName is among the addresses of pools when one holds a name that may lead to a
// machine.
const byName = "a name"

// platformNames end the names of what Azure runs itself, which is no machine: of the
// public cloud, of that of the US government, and of that of China. A name of none of
// them is one that may lead to a machine.
var platformNames = []string{
	".azurewebsites.net", ".azurecontainerapps.io", ".core.windows.net", ".azure-api.net", ".azurestaticapps.net", ".azurefd.net", ".azureedge.net",
	".azurewebsites.us", ".azurecontainerapps.us", ".core.usgovcloudapi.net", ".azure-api.us", ".azurefd.us",
	".chinacloudsites.cn", ".core.chinacloudapi.cn", ".azure-api.cn",
}

func mayBeMachine(name string) bool {
	return name != "" && !slices.ContainsFunc(platformNames, func(end string) bool { return strings.HasSuffix(strings.ToLower(name), end) })
}

// poolZones returns the zones of the machines behind each pool.
func poolZones(r *engine.Reading) map[string][]string {
	if !r.Wants("zones") {
		return nil
	}
	machines := engine.Siblings[zonalMachine](r, typeVM, "zones")
	interfaces := engine.Siblings[interfaceData](r, typeNetworkInterface, "zones")
	pools, err := engine.Once(r, "zones of pools", func() (map[string][]string, error) {
		zones := map[string][]string{}
		for _, m := range machines {
			zones[strings.ToLower(m.Data.ID)] = m.Data.Zones
		}
		pools := map[string][]string{}
		for _, nic := range interfaces {
			for _, c := range nic.Data.Properties.IPConfigurations {
				for _, pool := range c.pools() {
					pools[pool] = append(pools[pool], zones[nic.Data.Properties.VirtualMachine.low()]...)
				}
			}
		}
		return pools, nil
	})
	r.Got(err, "zones")
	return pools
}

// pooledAddresses returns the private addresses that load balancers and
// application gateways name themselves.
func pooledAddresses(r *engine.Reading) map[string]bool {
	named := map[string]bool{}
	for _, b := range engine.Siblings[balancerData](r, typeLoadBalancer, "zones", "balanced") {
		for _, a := range b.Data.addresses() {
			named[a.Properties.IPAddress] = true
		}
	}
	for _, g := range engine.Siblings[gatewayData](r, typeApplicationGateway, "zones", "balanced") {
		for _, pool := range g.Data.Properties.BackendAddressPools {
			for _, a := range pool.Properties.BackendAddresses {
				named[a.IPAddress] = true
				named[byName] = named[byName] || mayBeMachine(a.FQDN)
			}
		}
	}
	delete(named, "")
	return named
}
