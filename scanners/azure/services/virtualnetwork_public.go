package services

import (
	"cmp"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
)

const typeRouteTable = "Microsoft.Network/routeTables"

// publicFields are the fields that what lies in a network, and has a public
// address, gives.
var publicFields = []string{"public_workloads", "firewalled", "ddos_protected"}

// publicJoins are what it takes to know that.
func publicJoins() []engine.Join {
	var joins []engine.Join
	for _, typ := range []string{typeNetworkInterface, typeScaleSet, typeLoadBalancer, typeApplicationGateway, typePublicIP, typeRouteTable} {
		joins = append(joins, engine.Join{Type: typ, For: publicFields})
	}
	return joins
}

// workload is something with public addresses, of its own or of a load balancer
// before it.
type workload struct {
	subnet    string
	gateway   bool // an application gateway, whose subnet must not route elsewhere
	addresses []string
}

// publicMap is what has public addresses in a subscription.
type publicMap struct {
	bySubnet  map[string][]workload
	protected map[string]string // how addresses are protected, in lower case: "enabled", "disabled", as their network
	routed    map[string]bool   // whether a route table sends what is for the internet to an appliance; of those not in it nothing is known
	byAddress map[string]bool   // networks whose private addresses a public load balancer names; "" for one that it does not say
	ports     map[string]bool   // the interfaces and scale sets that are listed
	unsaid    map[string]bool   // subnets, and regions, with something of which it is not known whether or where it is public
}

// balancerData is what is read of a load balancer
// (learn.microsoft.com/rest/api/load-balancer/load-balancers/get).
type balancerData struct {
	Properties struct {
		FrontendIPConfigurations []gatewayFrontend
		BackendAddressPools      []struct {
			Properties struct{ LoadBalancerBackendAddresses []poolAddress }
		}
	}
}

// poolAddress is a private address that a pool names, or an interface's.
type poolAddress struct {
	Properties struct {
		IPAddress              string // "": it is the interface's
		VirtualNetwork, Subnet idRef
	}
}

// network returns the id of the network of the address, "" where that is not said.
func (a *poolAddress) network() string {
	return cmp.Or(a.Properties.VirtualNetwork.low(), engine.Parent(a.Properties.Subnet.low()))
}

// addresses returns the private addresses that the pools name.
func (b *balancerData) addresses() []poolAddress {
	var named []poolAddress
	for _, pool := range b.Properties.BackendAddressPools {
		for _, a := range pool.Properties.LoadBalancerBackendAddresses {
			if a.Properties.IPAddress != "" {
				named = append(named, a)
			}
		}
	}
	return named
}

// publicIPData is what is read of a public address
// (learn.microsoft.com/rest/api/virtualnetwork/public-ip-addresses/get).
type publicIPData struct {
	Properties struct {
		DDOSSettings struct{ ProtectionMode string } // absent: as its network
	}
}

// routeTableData is what is read of a route table
// (learn.microsoft.com/rest/api/virtualnetwork/route-tables/get).
type routeTableData struct {
	Properties struct {
		Routes []struct {
			Properties struct{ AddressPrefix, NextHopType string }
		}
	}
}

// publicMapOf returns the map of the resource's subscription.
func publicMapOf(r *engine.Reading) *publicMap {
	interfaces := engine.Siblings[interfaceData](r, typeNetworkInterface, publicFields...)
	sets := engine.Siblings[scaleSetNetworks](r, typeScaleSet, publicFields...)
	balancers := engine.Siblings[balancerData](r, typeLoadBalancer, publicFields...)
	gateways := engine.Siblings[gatewayData](r, typeApplicationGateway, publicFields...)
	addresses := engine.Siblings[publicIPData](r, typePublicIP, publicFields...)
	tables := engine.Siblings[routeTableData](r, typeRouteTable, publicFields...)
	m, _ := engine.Once(r, "public map", func() (*publicMap, error) {
		m := &publicMap{map[string][]workload{}, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
		before := map[string]frontends{}
		for _, b := range balancers {
			before[b.ID] = frontendsOf(b.Data.Properties.FrontendIPConfigurations)
			for _, a := range b.Data.addresses() {
				m.byAddress[a.network()] = m.byAddress[a.network()] || len(before[b.ID].public) > 0 || !before[b.ID].known
			}
		}
		m.addInterfaces(interfaces, sets, before)
		m.addGateways(gateways)
		for _, a := range addresses {
			m.protected[a.ID] = strings.ToLower(a.Data.Properties.DDOSSettings.ProtectionMode)
		}
		for _, t := range tables {
			if t.Data.Properties.Routes == nil { // there is always a list
				continue
			}
			m.routed[t.ID] = t.Data.toAppliance()
		}
		return m, nil
	})
	return m
}

// addInterfaces adds what machines and scale sets have.
func (m *publicMap) addInterfaces(interfaces []engine.Joined[interfaceData], sets []engine.Joined[scaleSetNetworks], before map[string]frontends) {
	for _, nic := range interfaces {
		m.ports[nic.ID] = true
		m.hide(engine.RegionName(nic.Location), nic.Data.Properties.IPConfigurations == nil) // there is always a list
		m.addAll(nic.Data.Properties.IPConfigurations, before)
	}
	for _, set := range sets {
		m.ports[set.ID] = true
		for _, c := range set.Data.Properties.VirtualMachineProfile.NetworkProfile.NetworkInterfaceConfigurations {
			m.addAll(c.Properties.IPConfigurations, before)
		}
	}
}

func (m *publicMap) addGateways(gateways []engine.Joined[gatewayData]) {
	for _, g := range gateways {
		at := frontendsOf(g.Data.Properties.FrontendIPConfigurations)
		m.hide(engine.RegionName(g.Location), g.Data.Properties.GatewayIPConfigurations == nil) // there is always a list
		for _, c := range g.Data.Properties.GatewayIPConfigurations {
			m.add(workload{c.Properties.Subnet.low(), true, at.public})
			m.hide(c.Properties.Subnet.low(), !at.known)
		}
	}
}

// hide notes that in a subnet or a region something may be public.
func (m *publicMap) hide(where string, unsaid bool) { m.unsaid[where] = m.unsaid[where] || unsaid }

// frontends are the addresses of a load balancer or an application gateway.
type frontends struct {
	public []string // the ids of public ones, and of prefixes that they are of
	known  bool     // of each it is known whether it is
}

func frontendsOf(all []gatewayFrontend) frontends {
	of := frontends{known: all != nil} // there is always a list
	for _, f := range all {
		open, known := f.public()
		of.known = of.known && known
		if open {
			of.public = append(of.public, cmp.Or(f.Properties.PublicIPAddress.low(), f.Properties.PublicIPPrefix.low()))
		}
	}
	return of
}

// addAll adds the addresses of an interface. Before is what the load balancers
// have, by their ids.
func (m *publicMap) addAll(addresses []ipConfiguration, before map[string]frontends) {
	for i := range addresses {
		c := &addresses[i]
		w := workload{subnet: c.Properties.Subnet.low()}
		if id := c.Properties.PublicIPAddress.low(); id != "" {
			w.addresses = append(w.addresses, id)
		}
		for _, part := range lowIDs(append(c.Properties.LoadBalancerBackendAddressPools, c.Properties.LoadBalancerInboundNATRules...)) {
			balancer := before[engine.Parent(part)]
			w.addresses = append(w.addresses, balancer.public...)
			m.hide(w.subnet, !balancer.known)
		}
		m.add(w)
	}
}

func (m *publicMap) add(w workload) {
	if len(w.addresses) > 0 {
		m.bySubnet[w.subnet] = append(m.bySubnet[w.subnet], w)
	}
}

// toAppliance reports whether what is for the internet goes to a firewall or
// another appliance.
func (t *routeTableData) toAppliance() bool {
	for _, route := range t.Properties.Routes {
		if route.Properties.AddressPrefix == "0.0.0.0/0" && strings.EqualFold(route.Properties.NextHopType, "VirtualAppliance") {
			return true
		}
	}
	return false
}

// readPublic reads what has public addresses in the network, and how it is
// protected.
func readPublic(r *engine.Reading, data *networkData, doc *VirtualNetwork) {
	if !r.Wants(publicFields...) {
		return
	}
	m := publicMapOf(r)
	doc.Firewalled, doc.DDOSProtected = true, true
	for i := range data.Properties.Subnets {
		s := &data.Properties.Subnets[i]
		for _, w := range m.bySubnet[s.low()] {
			doc.PublicWorkloads++
			doc.Firewalled = doc.Firewalled && (w.gateway || m.routes(r, s.Properties.RouteTable.low()))
			for _, address := range w.addresses {
				doc.DDOSProtected = doc.DDOSProtected && m.fends(r, address, data.Properties.EnableDDOSProtection)
			}
		}
	}
	if m.unsaid[engine.RegionName(r.Row.Location)] || slices.ContainsFunc(data.Properties.Subnets, m.hides) {
		r.Absent("read "+r.Type, publicFields...)
	}
	if m.byAddress[r.ID] || m.byAddress[""] {
		r.Strange("pool by address", publicFields...)
	}
	if !doc.Firewalled && data.hasHub() {
		r.Mark(posture.Cause{Reason: posture.NotUsed, Operation: "read " + typeRouteTable, Code: "routes of a virtual hub"}, "firewalled")
	}
}

// hides reports whether something in a subnet may be public, and that is not known.
func (m *publicMap) hides(s subnetData) bool {
	return m.unsaid[s.low()] || slices.ContainsFunc(s.Properties.IPConfigurations, func(c idRef) bool {
		port := portOf(c.low())
		return port != "" && !m.ports[port]
	})
}

// routes reports whether a route table, "" for none, sends what is for the
// internet to an appliance.
func (m *publicMap) routes(r *engine.Reading, table string) bool {
	routes, listed := m.routed[table]
	if table != "" && !listed {
		r.Absent("read "+typeRouteTable, "firewalled")
	}
	return routes
}

// fends reports whether an address is protected from floods, by itself or as its
// network is (learn.microsoft.com/rest/api/virtualnetwork/public-ip-addresses/get).
func (m *publicMap) fends(r *engine.Reading, address string, network bool) bool {
	mode, listed := m.protected[address]
	if !listed {
		r.Absent("read "+typePublicIP, "ddos_protected")
	}
	switch mode {
	case "enabled":
		return true
	case "disabled":
		return false
	case "", "virtualnetworkinherited":
		return network
	default:
		r.Strange("protection of an address", "ddos_protected")
		return false
	}
}

// hasHub reports whether the network is connected to a hub of Virtual WAN, which
// sends it routes that are not in its tables. Azure names the hub's network HV_.
func (n *networkData) hasHub() bool {
	for _, peer := range n.Properties.VirtualNetworkPeerings {
		if strings.HasPrefix(engine.LastOf(peer.Properties.RemoteVirtualNetwork.low()), "hv_") {
			return true
		}
	}
	return false
}
