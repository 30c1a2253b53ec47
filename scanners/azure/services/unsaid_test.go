package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

// unsaidRow returns a row of Resource Graph of a type in Azure's own spelling, with
// the members that are given beside its head.
func unsaidRow(typ, name, members string) string {
	return fmt.Sprintf(`{"id": "/subscriptions/%[1]s/resourceGroups/odd/providers/%[2]s/%[3]s", "name": %[3]q, "type": %[4]q, "location": "westeurope", "subscriptionId": %[1]q, "resourceGroup": "odd", %[5]s}`,
		enginetest.Subscription, typ, name, strings.ToLower(typ), members)
}

const (
	oddNetwork = `"properties": {"subnets": [{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Network/virtualNetworks/odd/subnets/one", "name": "one", "properties": {"addressPrefix": "10.0.0.0/24"%s}}]}`
	oddSubnet  = `{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Network/virtualNetworks/odd/subnets/one"}`
	oddPort    = `{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Network/networkInterfaces/%s"}`
	oddAddress = `{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Network/publicIPAddresses/%s"}`
)

// TestUnsaidDecidesNothing leaves out of answers what a decision turns on, by a null,
// an absent member or something that is not listed: the field is unread.
func TestUnsaidDecidesNothing(t *testing.T) {
	t.Parallel()
	network := func(more string) string { return unsaidRow(typeVirtualNetwork, "odd", fmt.Sprintf(oddNetwork, more)) }
	nic := func(configuration string) string {
		return unsaidRow(typeNetworkInterface, "odd", `"properties": {"ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.4", "subnet": `+oddSubnet+configuration+`}}]}`)
	}
	open := `"securityRules": [{"id": "/r", "name": "r", "properties": {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "priority": 100, "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"}}]`
	machine := unsaidRow(typeVM, "odd", `"properties": {"networkProfile": {"networkInterfaces": [`+fmt.Sprintf(oddPort, "odd")+`]}}`)
	ours := fmt.Sprintf(oddPort, "unlisted/ipConfigurations/one")
	for name, test := range map[string]struct {
		rows   []string
		typ    string
		fields []string
	}{
		"an account without its settings":            {[]string{unsaidRow(accountType, "odd", `"kind": "StorageV2", "properties": null`)}, accountType, []string{"min_tls", "shared_key", "anonymous", "requires_tls", "customer_key"}},
		"an account of an unknown key":               {[]string{unsaidRow(accountType, "odd", `"kind": "StorageV2", "properties": {"encryption": {}}`)}, accountType, []string{"customer_key"}},
		"a subnet without its settings":              {[]string{unsaidRow(typeVirtualNetwork, "odd", `"properties": {"subnets": [{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Network/virtualNetworks/odd/subnets/odd", "name": "odd", "properties": null}]}`)}, subnets.Name, []string{"guarded"}},
		"a subnet with an interface not listed":      {[]string{network(`, "ipConfigurations": [` + ours + `]`)}, typeVirtualNetwork, publicFields},
		"an interface without addresses":             {[]string{network(""), unsaidRow(typeNetworkInterface, "odd", `"properties": {"ipConfigurations": null}`)}, typeVirtualNetwork, publicFields},
		"an interface behind a balancer not listed":  {[]string{network(""), nic(`, "loadBalancerBackendAddressPools": [{"id": "/x/loadBalancers/unlisted/backendAddressPools/one"}]`)}, typeVirtualNetwork, publicFields},
		"a gateway without frontends":                {[]string{network(""), unsaidRow(typeApplicationGateway, "odd", `"properties": {"gatewayIPConfigurations": [{"properties": {"subnet": `+oddSubnet+`}}], "frontendIPConfigurations": null}`)}, typeVirtualNetwork, publicFields},
		"a gateway with a frontend of neither kind":  {[]string{network(""), unsaidRow(typeApplicationGateway, "odd", `"properties": {"gatewayIPConfigurations": [{"properties": {"subnet": `+oddSubnet+`}}], "frontendIPConfigurations": [{"id": "/f", "properties": null}]}`)}, typeVirtualNetwork, publicFields},
		"a public address that is not listed":        {[]string{network(""), nic(`, "publicIPAddress": ` + fmt.Sprintf(oddAddress, "unlisted"))}, typeVirtualNetwork, []string{"ddos_protected"}},
		"a route table that is not listed":           {[]string{network(`, "routeTable": {"id": "/x/routeTables/unlisted"}`), nic(`, "publicIPAddress": ` + fmt.Sprintf(oddAddress, "unlisted"))}, typeVirtualNetwork, []string{"firewalled"}},
		"a group at an interface not listed":         {[]string{unsaidRow(typeNSG, "odd", `"properties": {`+open+`, "networkInterfaces": [`+ours+`]}`)}, typeNSG, []string{"open_ingress"}},
		"a group at a subnet not listed":             {[]string{unsaidRow(typeNSG, "odd", `"properties": {`+open+`, "subnets": [`+oddSubnet+`]}`)}, typeNSG, []string{"open_ingress"}},
		"a listener at a frontend of neither kind":   {[]string{unsaidRow(typeApplicationGateway, "odd", `"properties": {"frontendIPConfigurations": [{"id": "/f", "properties": {}}], "httpListeners": [{"id": "/l", "properties": {"protocol": "Https", "frontendIPConfiguration": {"id": "/f"}}}]}`)}, webEntryPoints.Name, []string{"public", "waf"}},
		"a redirection that is not there":            {[]string{unsaidRow(typeApplicationGateway, "odd", `"properties": {"httpListeners": [{"id": "/l", "properties": {"protocol": "Http"}}], "requestRoutingRules": [{"properties": {"httpListener": {"id": "/l"}, "redirectConfiguration": {"id": "/r"}}}]}`)}, typeApplicationGateway, []string{"plain_http"}},
		"a Front Door without a state":               {[]string{unsaidRow(typeFrontDoor, "odd", `"properties": {"frontendEndpoints": [{"properties": {}}]}`)}, webEntryPoints.Name, []string{"public"}},
		"a load balancer without frontends":          {[]string{unsaidRow(typeLoadBalancer, "odd", `"sku": {"name": "Standard"}, "properties": {}`)}, zonalNetworks.Name, []string{"resilient"}},
		"a load balancer with a null frontend":       {[]string{unsaidRow(typeLoadBalancer, "odd", `"sku": {"name": "Standard"}, "properties": {"frontendIPConfigurations": [{"id": "/f", "properties": null}]}`)}, zonalNetworks.Name, []string{"resilient"}},
		"a machine with an interface not listed":     {[]string{machine}, zonalMachines.Name, []string{"zones", "balanced"}},
		"a machine that a gateway may name":          {[]string{machine, nic(""), unsaidRow(typeApplicationGateway, "odd", `"properties": {"backendAddressPools": [{"properties": {"backendAddresses": [{"fqdn": "web.shop.example"}]}}]}`)}, zonalMachines.Name, []string{"zones", "balanced"}},
		"a machine of which Bastion is not known":    {[]string{machine}, typeVM, []string{"bastion"}},
		"a machine without its settings":             {[]string{unsaidRow(typeVM, "odd", `"properties": null`)}, typeVM, []string{"security_type", "secure_boot", "vtpm"}},
		"a disk at a machine not listed":             {[]string{unsaidRow(diskType, "odd", `"managedBy": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.Compute/virtualMachines/unlisted", "properties": {}`)}, diskType, []string{"host_encryption"}},
		"a disk without a SKU":                       {[]string{unsaidRow(diskType, "odd", `"sku": null, "properties": {}`)}, backupSources.Name, []string{"unsupported"}},
		"a server of no tier":                        {[]string{unsaidRow(mySQLType, "odd", `"sku": {"name": "x", "tier": null}, "properties": {}`)}, mySQLType, []string{"burstable"}},
		"a cache of no tier":                         {[]string{unsaidRow("Microsoft.Cache/redis", "odd", `"properties": {"sku": {"name": null}}`)}, "Microsoft.Cache/redis", []string{"tier", "replicated"}},
		"a database of no tier":                      {[]string{strings.Replace(unsaidRow(sqlServerType, "odd/databases/odd", `"kind": "v12.0,user", "sku": {"name": "x", "tier": null}, "properties": {}`), `"microsoft.sql/servers"`, `"microsoft.sql/servers/databases"`, 1)}, sqlDatabaseType, []string{"tier"}},
		"a cluster of Service Fabric without set-up": {[]string{unsaidRow(fabricClusters.Name, "odd", `"properties": {}`)}, fabricClusters.Name, []string{"encrypts_and_signs", "certificate"}},
		"a metric alert that may be off":             {[]string{unsaidRow(postgresType, "odd", `"properties": {}`), unsaidRow(metricAlertType, "alert", `"properties": {"scopes": ["/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/odd/providers/Microsoft.DBforPostgreSQL/flexibleServers/odd"], "criteria": {"allOf": [{"metricName": "storage_percent"}]}, "actions": []}`)}, metricAlertType, []string{"unwatched_databases"}},
		"an alert without conditions":                {[]string{unsaidRow(activityAlertType, "alert", `"properties": {"enabled": true, "scopes": ["/subscriptions/11111111-2222-3333-4444-555555555555"]}`)}, activityAlertType, heardFields},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := "-- table resources --\n[" + strings.Join(test.rows, ",\n") + "]\n"
			result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(serveWith(t, answers)), enginetest.Everything(Registry(), test.typ))
			i := slices.IndexFunc(result.Resources, func(r posture.Resource) bool {
				return r.Type == test.typ && (strings.Contains(r.ID, "/odd") || strings.Contains(r.ID, "alerts"))
			})
			if i < 0 {
				t.Fatalf("nothing of %s was read", test.typ)
			}
			for _, field := range test.fields {
				if _, unread := result.Resources[i].WhyUnread(field); !unread {
					t.Errorf("%s counts as read", field)
				}
			}
		})
	}
}

// TestLockOfNoLevel: whether a lock keeps a group is not known by its name alone.
func TestLockOfNoLevel(t *testing.T) {
	t.Parallel()
	for level, unread := range map[string]bool{`"CanNotDelete"`: false, `"ReadOnly"`: false, `"NotSpecified"`: false, `null`: true, `"Odd"`: true} {
		server := serveWith(t, `-- GET /subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/locks --
{"value": [{"id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop/providers/Microsoft.Authorization/locks/keep", "properties": {"level": `+level+`}}]}
`, "governance")
		result := enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), resourceGroups.Name))
		i := slices.IndexFunc(result.Resources, func(r posture.Resource) bool { return r.Name == "Shop" })
		if _, is := result.Resources[i].WhyUnread("delete_lock"); is != unread {
			t.Errorf("%s: unread %v", level, is)
		}
	}
}

// TestPlatformNamesAreNoMachines: a pool that names what Azure runs itself says
// nothing of a machine.
func TestPlatformNamesAreNoMachines(t *testing.T) {
	t.Parallel()
	for name, may := range map[string]bool{"": false, "shop.azurewebsites.net": false, "Shop.AzureWebsites.net": false, "web.shop.example": true, "10-0-0-4.shop.internal": true} {
		if got := mayBeMachine(name); got != may {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// TestSlotsAreReadAsSites: all that is asked of a site is asked of its slots too,
// but for the private endpoints, which no permission shows of them.
func TestSlotsAreReadAsSites(t *testing.T) {
	t.Parallel()
	site := func(path, name, kind string) string {
		return fmt.Sprintf(`{"id": "/subscriptions/%[1]s/resourceGroups/odd/providers/Microsoft.Web/sites/%[2]s", "name": %[2]q, "type": %[3]q, "kind": %[4]q, "location": "westeurope", "subscriptionId": %[1]q, "resourceGroup": "odd", "properties": {"sku": "PremiumV3", "reserved": true}}`,
			enginetest.Subscription, name, path, kind)
	}
	var rows []string
	for _, kind := range []string{"app", "functionapp"} {
		rows = append(rows, site("microsoft.web/sites", kind, kind), site("microsoft.web/sites/slots", kind+"/slots/next", kind))
	}
	server := serveWith(t, "-- table resources --\n["+strings.Join(rows, ",\n")+"]\n")
	enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), enginetest.Everything(Registry(), webApps.Name))
	asked := server.Calls()
	for _, kind := range []string{"app", "functionapp"} {
		base := "GET /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/odd/providers/microsoft.web/sites/" + kind
		for call := range asked {
			below, ofSite := strings.CutPrefix(call, base+"/")
			if !ofSite || strings.HasPrefix(below, "slots/") || below == webEndpoints {
				continue
			}
			if asked[base+"/slots/next/"+below] == 0 {
				t.Errorf("%s is asked of the site and not of its slot", below)
			}
		}
		if asked[base+"/slots/next/"+webConfig] == 0 || asked[base+"/slots/next/"+webSignIn] == 0 {
			t.Errorf("%s: the slot's configuration or sign-in is not read", kind)
		}
	}
	if asked["GET /subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/odd/providers/microsoft.web/sites/functionapp/slots/next/functions"] == 0 {
		t.Error("the functions of a slot are not read")
	}
}
