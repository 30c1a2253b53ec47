package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestNetworks(t *testing.T) {
	lacks := lackingOf(typeVirtualNetwork)
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
		unread: map[string][]string{
			"networkInterfaces nic-bare": {lackingOf(typeNetworkInterface)("forwards_ip")},
			"virtualNetworks shop":       {lacks("public_workloads"), lacks("firewalled"), lackingOf(typePublicIP)("ddos_protected")}, // nic-bare may be in it
		},
	}.run(t)
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
			"zonalResources gw-bare":   {lackingOf(zonalNetworks.Name)("resilient")},
			"zonalResources gw-inside": {lackingOf(zonalNetworks.Name)("resilient")},
			"zonalResources lb-bare":   {lackingOf(zonalNetworks.Name)("resilient")},
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

// oddCase is a row of test data with other properties, and what is not known of it
// then.
type oddCase struct {
	name, properties string
	unread           []string // fields
}

// TestOddEntryPoints holds that what a gateway says strangely, or not at all,
// passes nothing.
func TestOddEntryPoints(t *testing.T) {
	const gateway = netGroup + "applicationgateways/odd"
	const front = `"frontendIPConfigurations": [{"id": "` + gateway + `/frontendIPConfigurations/public", "properties": {"publicIPAddress": {"id": "` + netGroup + `publicIPAddresses/ip"}}}]`
	listener := func(protocol, frontend string) string {
		return front + `, "httpListeners": [{"id": "` + gateway + `/httpListeners/a", "properties": {"protocol": ` + protocol + `, "frontendIPConfiguration": {"id": "` + gateway + `/frontendIPConfigurations/` + frontend + `"}}}]`
	}
	all := []string{"min_tls", "plain_http", "serves_tls", "waf"}
	for _, test := range []oddCase{
		{"a protocol that the API has gained", listener(`"Quic"`, "public"), all},
		{"no protocol", listener("null", "public"), all},
		{"plain HTTP without routing rules", listener(`"Http"`, "public"), []string{"plain_http", "waf"}},
		{"a rule without a listener", listener(`"Http"`, "public") + `, "requestRoutingRules": [{"properties": {}}]`, []string{"plain_http"}},
		{"a listener of no known frontend", listener(`"Http"`, "private") + `, "requestRoutingRules": [{"properties": {"httpListener": {"id": "` + gateway + `/httpListeners/a"}}}]`, []string{"public", "waf"}},
		{"a SKU that the API has gained", `"sku": {"name": "Premium_v3"}, "frontendIPConfigurations": [], "httpListeners": []`, []string{"resilient"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sku := `"sku": {"name": "Basic"}, `
			if test.unread[0] == "resilient" {
				sku = ""
			}
			unread := scanOdd(t, gateway, "westeurope", sku+test.properties, typeApplicationGateway, webEntryPoints.Name, zonalNetworks.Name)
			if diff := cmp.Diff(test.unread, unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// scanOdd returns the fields that are unread of a resource with such properties.
func scanOdd(t *testing.T, id, location, properties string, types ...string) []string {
	t.Helper()
	typ, name, _ := strings.Cut(strings.SplitN(id, "/providers/", 2)[1], "/")
	kind, name, _ := strings.Cut(name, "/")
	row := fmt.Sprintf(`-- table resources --
[{"id": %q, "name": %q, "type": %q, "location": %q, "subscriptionId": %q, "properties": {%s}}]
`, id, name, typ+"/"+kind, location, enginetest.Subscription, properties)
	result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, row)), enginetest.Everything(Registry(), types...))
	var fields []string
	for _, r := range result.Resources {
		for _, u := range r.Unread {
			fields = append(fields, u.Field)
		}
	}
	slices.Sort(fields)
	return fields
}

// TestNetworksOfBalancers holds how load balancers make workloads public.
func TestNetworksOfBalancers(t *testing.T) {
	const (
		network  = netGroup + "virtualnetworks/odd"
		balancer = netGroup + "loadbalancers/lb"
		address  = netGroup + "publicipaddresses/ip"
		subnet   = `{"id": "` + network + `/subnets/a"}`
	)
	for name, test := range map[string]struct {
		pool, configuration, mode string
		workloads                 int64
		unread                    []string
	}{
		"an inbound NAT rule publishes":    {configuration: `, "loadBalancerInboundNatRules": [{"id": "` + balancer + `/inboundNatRules/ssh"}]`, workloads: 1},
		"an address without protection":    {configuration: `, "publicIPAddress": {"id": "` + address + `"}`, mode: "Disabled", workloads: 1},
		"a protection that is new":         {configuration: `, "publicIPAddress": {"id": "` + address + `"}`, mode: "Quantum", workloads: 1, unread: []string{"ddos_protected"}},
		"a pool of addresses":              {pool: `{"properties": {"ipAddress": "10.0.0.4", "virtualNetwork": {"id": "` + network + `"}}}`, unread: publicFields},
		"a pool of addresses of elsewhere": {pool: `{"properties": {"ipAddress": "10.0.0.4", "virtualNetwork": {"id": "` + network + `2"}}}`},
		"a pool that names no network":     {pool: `{"properties": {"ipAddress": "10.0.0.4"}}`, unread: publicFields},
	} {
		t.Run(name, func(t *testing.T) {
			row := func(id, typ, properties string) string {
				return fmt.Sprintf(`{"id": %q, "name": "x", "type": "microsoft.network/%s", "location": "westeurope", "subscriptionId": %q, "properties": {%s}}`, id, typ, enginetest.Subscription, properties)
			}
			rows := "-- table resources --\n[" + strings.Join([]string{
				row(network, "virtualnetworks", `"enableDdosProtection": true, "subnets": [`+strings.Replace(subnet, "}", `, "properties": {}}`, 1)+`]`),
				row(balancer, "loadbalancers", `"frontendIPConfigurations": [{"properties": {"publicIPAddress": {"id": "`+address+`"}}}], "backendAddressPools": [{"properties": {"loadBalancerBackendAddresses": [`+test.pool+`]}}]`),
				row(address, "publicipaddresses", `"ddosSettings": {"protectionMode": "`+test.mode+`"}`),
				row(netGroup+"networkinterfaces/nic", "networkinterfaces", `"ipConfigurations": [{"properties": {"subnet": `+subnet+test.configuration+`}}]`),
			}, ",") + "]\n"
			result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, rows)), enginetest.Everything(Registry(), typeVirtualNetwork))
			doc, fields := result.Resources[0].Doc.(*VirtualNetwork), []string{}
			for _, u := range result.Resources[0].Unread {
				if slices.Contains(publicFields, u.Field) {
					fields = append(fields, u.Field)
				}
			}
			want := slices.Sorted(slices.Values(test.unread))
			if doc.PublicWorkloads != test.workloads || !slices.Equal(fields, want) {
				t.Errorf("%d workloads, unread %v; want %d, %v", doc.PublicWorkloads, fields, test.workloads, want)
			}
			if protected := test.mode == ""; test.unread == nil && doc.DDOSProtected != protected {
				t.Errorf("protected %v", doc.DDOSProtected)
			}
		})
	}
}

// TestPerimeters holds that nothing is known of who reaches what a network
// security perimeter guards.
func TestPerimeters(t *testing.T) {
	const group = "/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/shop/providers/"
	for id, test := range map[string]struct {
		typ    string
		fields []string
	}{
		group + "microsoft.storage/storageaccounts/odd":     {accountType, []string{"any_network", "trusted_services"}},
		group + "microsoft.keyvault/vaults/odd":             {vaultType, []string{"any_network", "trusted_services"}},
		group + "microsoft.documentdb/databaseaccounts/odd": {"Microsoft.DocumentDB/databaseAccounts", []string{"all_azure", "any_network"}},
		group + "microsoft.sql/servers/odd":                 {sqlServerType, []string{"all_azure", "open_ranges", "public"}},
	} {
		unread := scanOdd(t, id, "westeurope", `"publicNetworkAccess": "SecuredByPerimeter"`, test.typ)
		for _, field := range test.fields {
			if !slices.Contains(unread, field) {
				t.Errorf("%s: %s is not unread", test.typ, field)
			}
		}
	}
}

// TestWatcherStates holds by which states of a network watcher a region is watched.
func TestWatcherStates(t *testing.T) {
	for state, want := range map[string]struct {
		watched bool
		unread  []string
	}{
		"Succeeded": {watched: true}, "Updating": {watched: true}, "Deleting": {}, "Failed": {},
		"Quantum": {unread: []string{"watched"}}, "": {unread: []string{"watched"}},
	} {
		rows := fmt.Sprintf(`-- table resources --
[{"id": "%svirtualnetworks/odd", "name": "odd", "type": "microsoft.network/virtualnetworks", "location": "westeurope", "subscriptionId": %q, "properties": {"subnets": []}},
 {"id": "%snetworkwatchers/odd", "name": "odd", "type": "microsoft.network/networkwatchers", "location": "westeurope", "subscriptionId": %q, "properties": {"provisioningState": %q}}]
`, netGroup, enginetest.Subscription, netGroup, enginetest.Subscription, state)
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, rows)), enginetest.Everything(Registry(), networkLocations.Name))
		var unread []string
		for _, u := range result.Resources[0].Unread {
			unread = append(unread, u.Field)
		}
		if doc := result.Resources[0].Doc.(*NetworkLocation); doc.Watched != want.watched || !slices.Equal(unread, want.unread) {
			t.Errorf("%q: watched %v, unread %v", state, doc.Watched, unread)
		}
	}
}
