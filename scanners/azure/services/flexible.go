package services

import (
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// FlexibleServer is what rules may ask of a flexible server of Azure Database
// for MySQL or PostgreSQL.
type FlexibleServer struct {
	Engine             string   `json:"engine"`              // "mysql", "postgres"
	Version            string   `json:"version"`             // "8.0.21", "16"
	Burstable          bool     `json:"burstable"`           // of the tier that has no standby
	Replica            bool     `json:"replica"`             // it reads from another server
	CustomerKey        bool     `json:"customer_key"`        // encrypted with a key of the customer's, in a key vault
	RequiresTLS        bool     `json:"requires_tls"`        // connections without TLS are refused
	MinTLS             string   `json:"min_tls"`             // of MySQL, the oldest version that is accepted: "1.0", "1.2"
	Public             bool     `json:"public"`              // it has a public address
	OpenRanges         []string `json:"open_ranges"`         // what its firewall lets in that is as good as the internet: "0.0.0.0-255.255.255.255"
	AllAzure           bool     `json:"all_azure"`           // its firewall lets in all of Azure, other customers included
	EntraAdmin         bool     `json:"entra_admin"`         // it has an administrator from Entra ID
	Passwords          bool     `json:"passwords"`           // it accepts its own passwords
	LogsConnections    bool     `json:"logs_connections"`    // of PostgreSQL
	LogsDisconnections bool     `json:"logs_disconnections"` // of PostgreSQL
	LogsCheckpoints    bool     `json:"logs_checkpoints"`    // of PostgreSQL
	LogFileDays        int64    `json:"log_file_days"`       // of PostgreSQL, how long the server keeps its log files; 0: not at all
	AuditLog           bool     `json:"audit_log"`           // of MySQL
	AuditsConnections  bool     `json:"audits_connections"`  // of MySQL, connections are among what is audited
	LogsExported       bool     `json:"logs_exported"`       // of PostgreSQL, it sends its log to another place
	GeoBackup          bool     `json:"geo_backup"`          // backups lie in a second region
	BackupDays         int64    `json:"backup_days"`         // days that backups are kept
	ZoneRedundant      bool     `json:"zone_redundant"`      // a standby in another zone takes over
	RegionHasZones     bool     `json:"region_has_zones"`    // its region has availability zones
	RegionHasPair      bool     `json:"region_has_pair"`     // its region has another one for backups
	Managed            bool     `json:"managed"`             // another service made it and keeps it
}

const (
	mySQLType    = "Microsoft.DBforMySQL/flexibleServers"
	postgresType = "Microsoft.DBforPostgreSQL/flexibleServers"
)

// mySQLParameters and postgresParameters are the fields that server parameters
// give.
var (
	mySQLParameters    = []string{"requires_tls", "min_tls", "audit_log", "audits_connections", "passwords"}
	postgresParameters = []string{"requires_tls", "logs_connections", "logs_disconnections", "logs_checkpoints", "log_file_days"}
)

// flexibleServers are those of both engines, which have the same settings. The
// older single servers are retired.
var flexibleServers = engine.Service{
	Type: scanners.Type{
		Name:    mySQLType,
		Service: "mysql",
		Doc:     FlexibleServer{},
		Calls: []scanners.Call{
			zonesCall("region_has_zones", "region_has_pair"),
			diagnosticCall("logs_exported"),
			{Op: mySQLType + "/configurations/read", Each: true, For: mySQLParameters},
			{Op: mySQLType + "/firewallRules/read", Each: true, For: []string{"open_ranges", "all_azure"}},
			{Op: mySQLType + "/administrators/read", Each: true, For: []string{"entra_admin"}},
			{Op: postgresType + "/configurations/read", Each: true, For: postgresParameters},
			{Op: postgresType + "/firewallRules/read", Each: true, For: []string{"open_ranges", "all_azure"}},
			{Op: postgresType + "/administrators/read", Each: true, For: []string{"entra_admin"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also:    []string{postgresType},
	Get:     mySQLVersion,
	AlsoGet: map[string]string{postgresType: postgresVersion},
	Read:    readFlexibleServer,
}

const (
	mySQLVersion    = "2024-12-30"
	postgresVersion = "2024-08-01"
)

// flexibleData is what is read of a server
// (learn.microsoft.com/rest/api/mysql/flexibleserver/servers/get,
// learn.microsoft.com/rest/api/postgresql/servers/get).
type flexibleData struct {
	SKU        *struct{ Tier string }
	Properties struct {
		Version         string
		ReplicationRole string
		DataEncryption  *struct{ Type string }
		Backup          *struct {
			BackupRetentionDays *int64
			GeoRedundantBackup  string
		}
		HighAvailability *struct{ Mode string }
		Network          *struct{ PublicNetworkAccess, DelegatedSubnetResourceID string }
		AuthConfig       *struct{ PasswordAuth string } // of PostgreSQL
	}
}

// flexible is a server being read.
type flexible struct {
	*engine.Reading
	data    flexibleData
	doc     *FlexibleServer
	typ     string // as Azure writes it
	version string // of its API
}

func readFlexibleServer(r *engine.Reading) any {
	f := flexible{Reading: r, doc: &FlexibleServer{Engine: "mysql", Managed: r.Managed()}, typ: mySQLType, version: mySQLVersion}
	if strings.EqualFold(r.Row.Type, postgresType) {
		f.doc.Engine, f.typ, f.version = "postgres", postgresType, postgresVersion
	}
	r.Decode(&f.data)
	f.kind()
	f.encryption()
	f.network()
	f.backup()
	f.standby()
	f.administrators()
	if f.doc.Engine == "mysql" {
		f.mySQL()
	} else {
		f.postgres()
	}
	return f.doc
}

func (f *flexible) kind() {
	p := f.data.Properties
	f.doc.Version = p.Version
	if p.Version == "" {
		f.Absent("read "+f.Type, "version")
	}
	tier := engine.Need(f.Reading, f.data.SKU, "burstable").Tier
	if tier == "" {
		f.Absent("read "+f.Type, "burstable")
	}
	f.doc.Burstable = strings.EqualFold(tier, "Burstable")
	switch strings.ToLower(p.ReplicationRole) {
	case "replica", "asyncreplica", "geoasyncreplica":
		f.doc.Replica = true
	case "none", "source", "primary":
	case "":
		f.Absent("read "+f.Type, "replica")
	default:
		f.Strange("replication role", "replica")
	}
}

// encryption reads whose key it is. A whole answer leaves the member out where
// it is Microsoft's, the default
// (learn.microsoft.com/azure/mysql/flexible-server/concepts-customer-managed-key).
func (f *flexible) encryption() {
	if f.data.Properties.DataEncryption == nil && f.data.Properties.Version != "" {
		return
	}
	switch kind := engine.Need(f.Reading, f.data.Properties.DataEncryption, "customer_key").Type; strings.ToLower(kind) {
	case "azurekeyvault":
		f.doc.CustomerKey = true
	case "systemmanaged", "systemassigned", "":
	default:
		f.Strange("encryption", "customer_key")
	}
}

// network reads who reaches the server. One in a subnet has no public address.
func (f *flexible) network() {
	network := engine.Need(f.Reading, f.data.Properties.Network, "public", "open_ranges", "all_azure")
	switch access := strings.ToLower(network.PublicNetworkAccess); {
	case network.DelegatedSubnetResourceID != "" || access == "disabled" || f.data.Properties.Network == nil:
		return
	case access == "":
		f.Absent("read "+f.Type, "public")
	case access != "enabled":
		f.Strange("public network access", "public")
	}
	f.doc.Public = true
	if !f.Wants("open_ranges", "all_azure") {
		return
	}
	rules, err := engine.FetchAll[firewallRule](f.Reading, f.typ+"/firewallRules/read", "/firewallRules", f.version)
	f.Got(err, "open_ranges", "all_azure")
	f.doc.OpenRanges = openRanges(f.Reading, rules, "open_ranges")
	for _, rule := range rules {
		f.doc.AllAzure = f.doc.AllAzure || rule.allAzure()
	}
}

func (f *flexible) backup() {
	f.doc.RegionHasPair = regionOf(f.Reading, f.Row.Location, "region_has_pair").pair()
	backup := engine.Need(f.Reading, f.data.Properties.Backup, "geo_backup", "backup_days")
	if f.data.Properties.Backup == nil {
		return
	}
	f.doc.BackupDays = engine.Need(f.Reading, backup.BackupRetentionDays, "backup_days")
	f.doc.GeoBackup = enabled(f.Reading, backup.GeoRedundantBackup, "geo_backup")
}

func (f *flexible) standby() {
	f.doc.RegionHasZones = hasZones(f.Reading, "region_has_zones")
	switch mode := engine.Need(f.Reading, f.data.Properties.HighAvailability, "zone_redundant").Mode; strings.ToLower(mode) {
	case "zoneredundant":
		f.doc.ZoneRedundant = true
	case "samezone", "disabled":
	case "":
		f.Absent("read "+f.Type, "zone_redundant")
	default:
		f.Strange("high availability", "zone_redundant")
	}
}

func (f *flexible) administrators() {
	if !f.Wants("entra_admin") {
		return
	}
	type administrator struct {
		Properties struct{ AdministratorType, ObjectID string } // of MySQL, of PostgreSQL
	}
	all, err := engine.FetchAll[administrator](f.Reading, f.typ+"/administrators/read", "/administrators", f.version)
	f.Got(err, "entra_admin")
	for _, a := range all {
		f.doc.EntraAdmin = f.doc.EntraAdmin || a.Properties.ObjectID != "" || strings.EqualFold(a.Properties.AdministratorType, "ActiveDirectory")
	}
}

// enabled reads a text that is Enabled or Disabled.
func enabled(r *engine.Reading, text string, fields ...string) bool {
	switch strings.ToLower(text) {
	case "enabled":
		return true
	case "disabled":
	case "":
		r.Absent("read "+r.Type, fields...)
	default:
		r.Strange(text, fields...)
	}
	return false
}
