package services

import "testing"

func TestNetworks(t *testing.T) {
	serviceTest{
		data:  "network",
		types: []string{typeNetworkInterface, subnets.Name, networkLocations.Name, typeVirtualNetwork},
		want: map[string]any{
			"networkInterfaces nic-web":   &NetworkInterface{OfMachine: true},
			"networkInterfaces nic-jump":  &NetworkInterface{OfMachine: true, ForwardsIP: true},
			"networkInterfaces nic-bare":  &NetworkInterface{},
			"subnets web":                 &Subnet{Guarded: true, TakesGroup: true, Network: "shop"},
			"subnets jump":                &Subnet{Guarded: true, TakesGroup: true, Network: "shop"},
			"subnets data":                &Subnet{TakesGroup: true, Network: "shop"},
			"subnets GatewaySubnet":       &Subnet{Network: "shop"},
			"subnets one":                 &Subnet{Guarded: true, TakesGroup: true, Network: "north"},
			"subnets two":                 &Subnet{Network: "north"},
			"locations westeurope":        &NetworkLocation{Watched: true},
			"locations northeurope":       &NetworkLocation{},
			"virtualNetworks shop":        &VirtualNetwork{Subnets: 4, FlowLogs: true, FlowAnalytics: true, FlowDays: 120, PublicWorkloads: 1},
			"virtualNetworks north":       &VirtualNetwork{Subnets: 2, FlowLogs: true, FlowDays: 30, Firewalled: true, DDOSProtected: true},
			"virtualNetworks north-empty": &VirtualNetwork{Firewalled: true, DDOSProtected: true},
		},
		unread: map[string][]string{"networkInterfaces nic-bare": {lackingOf(typeNetworkInterface)("forwards_ip")}},
	}.run(t)
	lacks := lackingOf(typeVirtualNetwork)
	serviceTest{
		data:  "network_bare",
		types: []string{typeVirtualNetwork},
		want:  map[string]any{"virtualNetworks bare": &VirtualNetwork{}},
		unread: map[string][]string{"virtualNetworks bare": {
			lacks("ddos_protected"), lacks("firewalled"), lacks("flow_analytics"), lacks("flow_days"), lacks("flow_logs"), lacks("public_workloads"), lacks("subnets"),
		}},
	}.run(t)
}

func TestPublicNetworks(t *testing.T) {
	serviceTest{
		data:  "network_public",
		types: []string{typeVirtualNetwork},
		want: map[string]any{
			"virtualNetworks good": &VirtualNetwork{Subnets: 2, PublicWorkloads: 3, Firewalled: true, DDOSProtected: true},
			"virtualNetworks bad":  &VirtualNetwork{Subnets: 1, PublicWorkloads: 2},
			"virtualNetworks hub":  &VirtualNetwork{Subnets: 1, PublicWorkloads: 1, DDOSProtected: true},
		},
		unread: map[string][]string{
			"virtualNetworks hub": {"firewalled: read " + typeRouteTable + ": it is switched off or kept elsewhere (routes of a virtual hub)"},
		},
	}.run(t)
}

func TestEntryPoints(t *testing.T) {
	gateways := lackingOf(typeApplicationGateway)
	entries := lackingOf(webEntryPoints.Name)
	serviceTest{
		data:  "entrypoints",
		types: []string{typeApplicationGateway, webEntryPoints.Name},
		want: map[string]any{
			"applicationGateways gw-good":    &ApplicationGateway{ServesTLS: true, MinTLS: "1.2"},
			"applicationGateways gw-bad":     &ApplicationGateway{ServesTLS: true, MinTLS: "1.0", PlainHTTP: true},
			"applicationGateways gw-default": &ApplicationGateway{ServesTLS: true, MinTLS: "1.2"},
			"applicationGateways gw-inside":  &ApplicationGateway{ServesTLS: true, MinTLS: "1.2"},
			"applicationGateways gw-mixed":   &ApplicationGateway{ServesTLS: true, MinTLS: "1.3"},
			"applicationGateways gw-bare":    &ApplicationGateway{},
			"webEntryPoints gw-good":         &WebEntryPoint{Kind: "application gateway", Public: true, WAF: "prevention"},
			"webEntryPoints gw-bad":          &WebEntryPoint{Kind: "application gateway", Public: true, WAF: "none"},
			"webEntryPoints gw-default":      &WebEntryPoint{Kind: "application gateway", Public: true, WAF: "detection"},
			"webEntryPoints gw-inside":       &WebEntryPoint{Kind: "application gateway"},
			"webEntryPoints gw-mixed":        &WebEntryPoint{Kind: "application gateway", Public: true, WAF: "none"},
			"webEntryPoints gw-bare":         &WebEntryPoint{Kind: "application gateway"},
			"webEntryPoints fd-classic":      &WebEntryPoint{Kind: "Front Door (classic)", Public: true, WAF: "none"},
			"webEntryPoints fd-good":         &WebEntryPoint{Kind: "Front Door", Public: true, WAF: "prevention"},
			"webEntryPoints fd-bad":          &WebEntryPoint{Kind: "Front Door", Public: true, WAF: "none"},
		},
		unread: map[string][]string{
			"applicationGateways gw-bare": {gateways("min_tls"), gateways("plain_http"), gateways("serves_tls")},
			"webEntryPoints gw-bare":      {entries("public"), entries("waf")},
		},
	}.run(t)
}

func TestZones(t *testing.T) {
	serviceTest{
		data:  "entrypoints",
		types: []string{zonalNetworks.Name},
		want: map[string]any{
			"zonalResources gw-good":    &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true, Resilient: true},
			"zonalResources gw-bad":     &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true},
			"zonalResources gw-default": &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true},
			"zonalResources gw-inside":  &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true},
			"zonalResources gw-mixed":   &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true, Resilient: true},
			"zonalResources gw-bare":    &ZonalNetwork{Kind: "application gateway", ZonesInRegion: true},
			"zonalResources lb-good":    &ZonalNetwork{Kind: "load balancer", ZonesInRegion: true, Resilient: true},
			"zonalResources lb-basic":   &ZonalNetwork{Kind: "load balancer", ZonesInRegion: true},
			"zonalResources lb-pinned":  &ZonalNetwork{Kind: "load balancer", ZonesInRegion: true},
			"zonalResources lb-bare":    &ZonalNetwork{Kind: "load balancer", ZonesInRegion: true},
			"zonalResources ip-good":    &ZonalNetwork{Kind: "public address", ZonesInRegion: true, Resilient: true},
			"zonalResources ip-zonal":   &ZonalNetwork{Kind: "public address", ZonesInRegion: true},
			"zonalResources ip-west":    &ZonalNetwork{Kind: "public address"},
			"zonalResources vpn-good":   &ZonalNetwork{Kind: "network gateway", ZonesInRegion: true, Resilient: true},
			"zonalResources vpn-bad":    &ZonalNetwork{Kind: "network gateway", ZonesInRegion: true},
		},
		unread: map[string][]string{
			"zonalResources gw-bare": {lackingOf(zonalNetworks.Name)("resilient")},
			"zonalResources lb-bare": {lackingOf(zonalNetworks.Name)("resilient")},
		},
	}.run(t)
}

func TestZonalMachines(t *testing.T) {
	lacks := lackingOf(zonalMachines.Name)
	serviceTest{
		data:  "compute",
		types: []string{zonalMachines.Name},
		want: map[string]any{
			"zonalResources vm-good":     &ZonalMachines{Kind: "machine", ZonesInRegion: true, Zones: 2, Balanced: true},
			"zonalResources vm-attached": &ZonalMachines{Kind: "machine", ZonesInRegion: true, Zones: 2, Balanced: true},
			"zonalResources vm-bad":      &ZonalMachines{Kind: "machine", ZonesInRegion: true},
			"zonalResources vm-bare":     &ZonalMachines{Kind: "machine", ZonesInRegion: true},
			"zonalResources set-bare":    &ZonalMachines{Kind: "scale set"},
		},
		unread: map[string][]string{
			"zonalResources vm-bare":  {lacks("balanced"), lacks("zones")},
			"zonalResources set-bare": {lacks("balanced")},
		},
	}.run(t)
	serviceTest{
		data:  "network",
		types: []string{zonalMachines.Name},
		want:  map[string]any{"zonalResources databases": &ZonalMachines{Kind: "scale set", ZonesInRegion: true, Zones: 3, Balanced: true}},
	}.run(t)
}
