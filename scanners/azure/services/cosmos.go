package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// CosmosAccount is what rules may ask of a Cosmos DB account.
type CosmosAccount struct {
	API              string `json:"api"`               // "nosql", "mongodb", "cassandra", "gremlin", "table"
	Serverless       bool   `json:"serverless"`        // paid by request, which has one region only
	CustomerKey      bool   `json:"customer_key"`      // encrypted with a key of the customer's, in a key vault
	MinTLS           string `json:"min_tls"`           // the oldest version that is accepted: "1.0", "1.2"
	Keys             bool   `json:"keys"`              // the account's keys are accepted
	ContinuousBackup bool   `json:"continuous_backup"` // it can be restored to any point of the last days
	BackupGeo        bool   `json:"backup_geo"`        // periodic backups lie in a second region
	Regions          int64  `json:"regions"`           // regions that hold the data
	ZoneRedundant    bool   `json:"zone_redundant"`    // in each region that has zones, copies lie in several
	Failover         bool   `json:"failover"`          // another region takes over by itself, or takes writes anyway
	AnyNetwork       bool   `json:"any_network"`       // its endpoint answers to every network
	AllAzure         bool   `json:"all_azure"`         // its endpoint answers to all of Azure, other customers included
	PrivateEndpoints int64  `json:"private_endpoints"` // approved ones
	Managed          bool   `json:"managed"`           // another service made it and keeps it
}

var cosmosAccounts = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.DocumentDB/databaseAccounts",
		Service: "cosmosdb",
		Doc:     CosmosAccount{},
		Calls:   []scanners.Call{zonesCall("zone_redundant")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  "2024-05-15",
	Read: readCosmosAccount,
}

// cosmosData is what is read of an account
// (learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/get).
type cosmosData struct {
	Kind       string
	Properties struct {
		DatabaseAccountOfferType string // always there
		Capabilities             []struct{ Name string }
		KeyVaultKeyURI           string
		MinimalTLSVersion        string
		DisableLocalAuth         bool // absent: false, as the API documents
		BackupPolicy             *struct {
			Type                   string
			PeriodicModeProperties struct{ BackupStorageRedundancy string }
		}
		Locations []struct {
			LocationName    string
			IsZoneRedundant *bool
		}
		EnableAutomaticFailover       bool
		EnableMultipleWriteLocations  bool
		PublicNetworkAccess           string
		IsVirtualNetworkFilterEnabled bool
		IPRules                       []struct{ IPAddressOrRange string }
		PrivateEndpointConnections    []privateEndpoint
	}
}

func readCosmosAccount(r *engine.Reading) any {
	var data cosmosData
	r.Decode(&data)
	p := data.Properties
	if p.DatabaseAccountOfferType == "" { // what is absent from half an answer is no default
		r.Absent("read "+r.Type, "customer_key", "keys", "failover", "any_network", "all_azure")
	}
	doc := &CosmosAccount{
		API: "nosql", CustomerKey: p.KeyVaultKeyURI != "", Keys: !p.DisableLocalAuth,
		Failover:         p.EnableAutomaticFailover || p.EnableMultipleWriteLocations,
		PrivateEndpoints: approved(p.PrivateEndpointConnections),
		Managed:          r.Managed(),
	}
	readCosmosKind(r, data, doc)
	doc.MinTLS = cosmosTLS(r, p.MinimalTLSVersion, doc.API)
	readCosmosBackup(r, data, doc)
	readCosmosRegions(r, data, doc)
	readCosmosNetwork(r, data, doc)
	return doc
}

// readCosmosKind reads which API the account speaks, and how it is paid.
func readCosmosKind(r *engine.Reading, data cosmosData, doc *CosmosAccount) {
	switch strings.ToLower(data.Kind) {
	case "globaldocumentdb":
	case "mongodb":
		doc.API = "mongodb"
	case "":
		r.Absent("read "+r.Type, "api")
	default:
		r.Strange("kind", "api")
	}
	for _, capability := range data.Properties.Capabilities {
		switch strings.ToLower(capability.Name) {
		case "enableserverless":
			doc.Serverless = true
		case "enablecassandra":
			doc.API = "cassandra"
		case "enablegremlin":
			doc.API = "gremlin"
		case "enabletable":
			doc.API = "table"
		}
	}
	if data.Properties.Capabilities == nil {
		r.Absent("read "+r.Type, "api", "serverless")
	}
}

// cosmosTLS returns the oldest version of TLS. The APIs for MongoDB and
// Cassandra only work with 1.2; of the others the documentation has named
// different defaults.
func cosmosTLS(r *engine.Reading, text, api string) string {
	switch {
	case strings.EqualFold(text, "Tls"):
		return "1.0"
	case text == "" && (api == "mongodb" || api == "cassandra"):
		return "1.2"
	}
	return tlsVersion(r, text, "", "min_tls")
}

func readCosmosBackup(r *engine.Reading, data cosmosData, doc *CosmosAccount) {
	fields := []string{"continuous_backup", "backup_geo"}
	policy := data.Properties.BackupPolicy
	if policy == nil {
		r.Absent("read "+r.Type, fields...)
		return
	}
	switch strings.ToLower(policy.Type) {
	case "continuous":
		doc.ContinuousBackup = true
	case "periodic":
		switch redundancy := policy.PeriodicModeProperties.BackupStorageRedundancy; strings.ToLower(redundancy) {
		case "geo":
			doc.BackupGeo = true
		case "local", "zone":
		case "":
			r.Absent("read "+r.Type, "backup_geo")
		default:
			r.Strange("redundancy of backups", "backup_geo")
		}
	default:
		r.Strange("backup policy", fields...)
	}
}

// readCosmosRegions reads where the data lies.
func readCosmosRegions(r *engine.Reading, data cosmosData, doc *CosmosAccount) {
	locations := data.Properties.Locations
	if len(locations) == 0 {
		r.Absent("read "+r.Type, "regions", "zone_redundant")
		return
	}
	doc.Regions, doc.ZoneRedundant = int64(len(locations)), true
	for _, l := range locations {
		switch {
		case l.IsZoneRedundant == nil:
			r.Absent("read "+r.Type, "zone_redundant")
		case !*l.IsZoneRedundant && regionOf(r, l.LocationName, "zone_redundant").zones():
			doc.ZoneRedundant = false
		}
	}
}

// azureDatacenters is the address that stands for all of Azure in the firewall
// of an account (learn.microsoft.com/azure/cosmos-db/how-to-configure-firewall).
const azureDatacenters = "0.0.0.0"

// readCosmosNetwork reads who reaches the account's endpoint. An account without
// rules answers to every network.
func readCosmosNetwork(r *engine.Reading, data cosmosData, doc *CosmosAccount) {
	p := data.Properties
	switch strings.ToLower(p.PublicNetworkAccess) {
	case "disabled":
		return
	case perimeterAccess:
		unreadPerimeter(r, "any_network", "all_azure")
		return
	case "enabled":
	case "": // older accounts do not say it; their rules do
	default:
		r.Strange("public network access", "any_network", "all_azure")
	}
	var ranges []string
	for _, rule := range p.IPRules {
		ranges = append(ranges, rule.IPAddressOrRange)
	}
	doc.AllAzure = slices.Contains(ranges, azureDatacenters)
	doc.AnyNetwork = len(ranges) == 0 && !p.IsVirtualNetworkFilterEnabled || internet(r, ranges, "any_network")
}
