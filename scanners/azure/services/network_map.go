package services

import (
	"net/netip"
	"slices"
	"strings"

	"posture/scanners/azure/engine"
)

const (
	typeVirtualNetwork   = "Microsoft.Network/virtualNetworks"
	typeNetworkInterface = "Microsoft.Network/networkInterfaces"
	typeScaleSet         = "Microsoft.Compute/virtualMachineScaleSets"
)

// networkJoins are what a map of a subscription's networks is made of. Networks,
// their interfaces and groups are in one subscription.
func networkJoins(fields ...string) []engine.Join {
	var joins []engine.Join
	for _, typ := range []string{typeVirtualNetwork, typeNetworkInterface, typeNSG, typeScaleSet} {
		joins = append(joins, engine.Join{Type: typ, For: fields})
	}
	return joins
}

// networkData is what is read of a virtual network
// (learn.microsoft.com/rest/api/virtualnetwork/virtual-networks/get).
type networkData struct {
	ID         string
	Properties struct {
		Subnets                []subnetData
		VirtualNetworkPeerings []struct {
			Properties struct {
				RemoteVirtualNetwork idRef
				PeeringState         string
			}
		}
		EnableDDOSProtection bool
	}
}

// PointsTo implements engine.Pointer: it finds a network by its id.
func (n networkData) PointsTo() []string { return []string{n.ID} }

// subnetData is what is read of a subnet.
type subnetData struct {
	idRef
	Properties struct {
		ProvisioningState    string
		AddressPrefix        string
		AddressPrefixes      []string
		NetworkSecurityGroup idRef
		RouteTable           idRef
		IPConfigurations     []idRef
		Delegations          []struct {
			Properties struct{ ServiceName string }
		}
	}
}

// empty reports whether nothing is known of the subnet: each has addresses, and a
// state.
func (s *subnetData) empty() bool {
	return s.Properties.ProvisioningState == "" && len(oneOrMore(s.Properties.AddressPrefix, s.Properties.AddressPrefixes)) == 0
}

// blocks returns the subnet's addresses, none where they are not known.
func (s *subnetData) blocks() []netip.Prefix {
	return blocksOf(oneOrMore(s.Properties.AddressPrefix, s.Properties.AddressPrefixes)...)
}

// blocksOf reads address ranges, none where one cannot be read: any address.
func blocksOf(texts ...string) []netip.Prefix {
	var blocks []netip.Prefix
	for _, text := range texts {
		block, err := addressRange(text)
		if err != nil {
			return nil
		}
		blocks = append(blocks, block)
	}
	return blocks
}

// interfaceData is what is read of a network interface
// (learn.microsoft.com/rest/api/virtualnetwork/network-interfaces/get).
type interfaceData struct {
	ID         string
	Properties struct {
		EnableIPForwarding   *bool
		NetworkSecurityGroup idRef
		VirtualMachine       idRef
		PrivateEndpoint      idRef
		IPConfigurations     []ipConfiguration
	}
}

// PointsTo implements engine.Pointer: it finds an interface by its id.
func (i interfaceData) PointsTo() []string { return []string{i.ID} }

type ipConfiguration struct {
	Properties struct {
		PrivateIPAddress                      string
		PublicIPAddress                       idRef
		Subnet                                idRef
		ApplicationSecurityGroups             []idRef
		LoadBalancerBackendAddressPools       []idRef
		LoadBalancerInboundNATRules           []idRef
		ApplicationGatewayBackendAddressPools []idRef
	}
}

// scaleSetNetworks is what is read of the interfaces of a scale set's machines
// (learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/get).
type scaleSetNetworks struct {
	Properties struct {
		VirtualMachineProfile struct {
			NetworkProfile struct {
				NetworkInterfaceConfigurations []struct {
					Properties struct {
						NetworkSecurityGroup idRef
						IPConfigurations     []ipConfiguration
					}
				}
			}
		}
	}
}

// networkMap is which groups are in force where in a subscription.
type networkMap struct {
	groups   map[string]*nsgData    // by id
	subnets  map[string]*subnetData // by id
	byGroup  map[string][]*networkPort
	bySubnet map[string][]*networkPort
	known    map[string]bool // the interfaces and scale sets whose ports these are
}

// networkPort is an address of an interface, or all those of a scale set.
type networkPort struct {
	group, subnet string // ids; "" for none
	to            destination
}

// networkMapOf returns the map of the resource's subscription. What could not be
// listed marks the fields, which the resource's service must join for.
func networkMapOf(r *engine.Reading, fields ...string) *networkMap {
	if !r.Wants(fields...) {
		return &networkMap{}
	}
	networks := engine.Siblings[networkData](r, typeVirtualNetwork, fields...)
	interfaces := engine.Siblings[interfaceData](r, typeNetworkInterface, fields...)
	groups := engine.Siblings[nsgData](r, typeNSG, fields...)
	sets := engine.Siblings[scaleSetNetworks](r, typeScaleSet, fields...)
	m, err := engine.Once(r, "network map", func() (*networkMap, error) {
		m := &networkMap{
			groups: map[string]*nsgData{}, subnets: map[string]*subnetData{}, known: map[string]bool{},
			byGroup: map[string][]*networkPort{}, bySubnet: map[string][]*networkPort{},
		}
		for i := range groups {
			m.groups[groups[i].ID] = &groups[i].Data
		}
		m.addNetworks(networks)
		m.addInterfaces(interfaces)
		m.addScaleSets(sets)
		return m, nil
	})
	if !r.Got(err, fields...) {
		return &networkMap{}
	}
	return m
}

func (m *networkMap) addNetworks(networks []engine.Joined[networkData]) {
	for i := range networks {
		subnets := networks[i].Data.Properties.Subnets
		for j := range subnets {
			m.subnets[subnets[j].low()] = &subnets[j]
		}
	}
}

// addInterfaces adds the interfaces of machines and appliances. Private
// endpoints are not reached from the internet.
func (m *networkMap) addInterfaces(interfaces []engine.Joined[interfaceData]) {
	for i := range interfaces {
		p := &interfaces[i].Data.Properties
		m.known[interfaces[i].ID] = true
		if p.PrivateEndpoint.ID != "" {
			continue
		}
		for _, c := range p.IPConfigurations {
			m.add(p.NetworkSecurityGroup, &c)
		}
	}
}

func (m *networkMap) addScaleSets(sets []engine.Joined[scaleSetNetworks]) {
	for i := range sets {
		m.known[sets[i].ID] = true
		for _, c := range sets[i].Data.Properties.VirtualMachineProfile.NetworkProfile.NetworkInterfaceConfigurations {
			for _, address := range c.Properties.IPConfigurations {
				m.add(c.Properties.NetworkSecurityGroup, &address)
			}
		}
	}
}

func (m *networkMap) add(group idRef, c *ipConfiguration) {
	port := &networkPort{group: group.low(), subnet: c.Properties.Subnet.low()}
	port.to.groups = lowIDs(c.Properties.ApplicationSecurityGroups)
	switch subnet := m.subnets[port.subnet]; {
	case c.Properties.PrivateIPAddress != "":
		port.to.blocks = blocksOf(c.Properties.PrivateIPAddress)
	case subnet != nil:
		port.to.blocks = subnet.blocks()
	}
	m.byGroup[port.group] = append(m.byGroup[port.group], port)
	m.bySubnet[port.subnet] = append(m.bySubnet[port.subnet], port)
}

// nsgPlace is where a group is in force, with the rules of the other group that
// traffic to there must pass; nil for none.
type nsgPlace struct {
	to    destination
	other []nsgRule
	err   error // why the other group is not known
}

// placesOf returns where a group is in force: at interfaces, at those of its
// subnets, and at what else is or may come to be in those.
func (m *networkMap) placesOf(id string, data *nsgData) []nsgPlace {
	var places []nsgPlace
	for _, port := range m.byGroup[id] {
		places = append(places, m.place(m.groupOf(port.subnet), port.to))
	}
	for _, subnet := range m.subnetsOf(id, data) {
		for _, port := range m.bySubnet[subnet] {
			places = append(places, m.place(port.group, port.to))
		}
		switch s := m.subnets[subnet]; {
		case s == nil, m.unlisted(s):
			places = append(places, nsgPlace{to: m.all(s), err: errNotListed})
		case m.others(s):
			places = append(places, nsgPlace{to: m.all(s)})
		}
	}
	for _, of := range data.Properties.NetworkInterfaces {
		if !m.knows(of.low()) {
			places = append(places, nsgPlace{err: errNotListed})
		}
	}
	return places
}

// groupOf returns the id of the group of a subnet.
func (m *networkMap) groupOf(subnet string) string {
	if s := m.subnets[subnet]; s != nil {
		return s.Properties.NetworkSecurityGroup.low()
	}
	return ""
}

func (m *networkMap) all(s *subnetData) destination {
	if s == nil {
		return destination{}
	}
	return destination{blocks: s.blocks()}
}

// place returns a place where another group is in force too.
func (m *networkMap) place(group string, to destination) nsgPlace {
	place := nsgPlace{to: to}
	other := m.groups[group]
	switch {
	case group == "":
	case other == nil:
		place.err = errNoRules
	default:
		place.other, place.err = other.rules()
	}
	return place
}

// subnetsOf returns the subnets where a group is in force, by what they and it
// itself say.
func (m *networkMap) subnetsOf(id string, data *nsgData) []string {
	all := lowIDs(data.Properties.Subnets)
	for subnet, s := range m.subnets {
		if s.Properties.NetworkSecurityGroup.low() == id {
			all = append(all, subnet)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// others reports whether a subnet has addresses that are not an interface's, such
// as those of a gateway, or none at all: then its group alone guards it.
func (m *networkMap) others(s *subnetData) bool {
	return len(m.bySubnet[s.low()]) == 0 || slices.ContainsFunc(s.Properties.IPConfigurations, func(c idRef) bool {
		return !m.knows(c.low())
	})
}

// unlisted reports whether a subnet has addresses of interfaces or scale sets that
// are not on the map, and whose groups are not known.
func (m *networkMap) unlisted(s *subnetData) bool {
	return slices.ContainsFunc(s.Properties.IPConfigurations, func(c idRef) bool { return portOf(c.low()) != "" && !m.knows(c.low()) })
}

const scaleSetPart, interfacePart = "/virtualmachinescalesets/", "/networkinterfaces/"

// knows reports whether an interface, or what is a part of it, is on the map.
func (m *networkMap) knows(id string) bool { return m.known[portOf(id)] }

// portOf returns the id of the interface or scale set that an id is a part of, ""
// where it is of neither.
func portOf(id string) string {
	for _, kind := range []string{scaleSetPart, interfacePart} {
		if before, after, found := strings.Cut(id, kind); found {
			name, _, _ := strings.Cut(after, "/")
			return before + kind + name
		}
	}
	return ""
}
