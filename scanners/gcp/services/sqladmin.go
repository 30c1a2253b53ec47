package services

import (
	"context"
	"slices"
	"strings"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// SQLInstance is what rules may ask of an instance of Cloud SQL.
type SQLInstance struct {
	Engine              string            `json:"engine"`                 // postgres, mysql or sqlserver
	StandIn             bool              `json:"stand_in"`               // it only stands in for a server outside of Cloud SQL, from which others replicate
	Replica             bool              `json:"replica"`                // a read replica or a pool of them: its primary is backed up
	KMSKey              string            `json:"kms_key"`                // the customer-managed key that encrypts it; "" for Google's
	ConnectorsOnly      bool              `json:"connectors_only"`        // only connectors may connect, which encrypt and ask IAM: authorized networks count for nothing
	RequiresTLS         bool              `json:"requires_tls"`           // connections without encryption are refused, by its mode or because only connectors may connect
	PublicIP            bool              `json:"public_ip"`              // it has an address on the internet
	OpenNetworks        []string          `json:"open_networks"`          // authorized networks that are the whole internet
	Flags               map[string]string `json:"flags"`                  // database flags that are set
	AutomatedBackups    bool              `json:"automated_backups"`      // it is backed up every day
	BackupsKept         int               `json:"backups_kept"`           // how many automated backups are kept
	PointInTimeRecovery bool              `json:"point_in_time_recovery"` // by write-ahead or binary logs
	Regional            bool              `json:"regional"`               // it has a standby in another zone
	DeletionProtection  bool              `json:"deletion_protection"`    // it cannot be deleted by mistake
}

// sqlGet reads an instance directly.
var sqlGet = engine.Get{
	Op: "sqladmin.instances.get", Permission: "cloudsql.instances.get", Root: "https://sqladmin.googleapis.com/v1/", Version: "v1",
}

var sqlInstances = engine.Service{
	Type: scanners.Type{
		Name:    "sqladmin.googleapis.com/Instance",
		Doc:     SQLInstance{},
		Console: scanners.Console{Path: "/sql/instances/{instances}/overview?project={project}"},
	},
	Versions: []string{"v1", "v1beta4"},
	Get:      []engine.Get{sqlGet},
	Read:     readSQLInstance,
}

// sqlData is what is read of an instance (sql.instances.get).
type sqlData struct {
	DatabaseVersion string `gives:"engine"` // POSTGRES_16, MYSQL_8_0, SQLSERVER_2022_STANDARD
	InstanceType    string
	Encryption      struct {
		Key string `json:"kmsKeyName"`
	} `json:"diskEncryptionConfiguration" gives:"kms_key"`
	IPAddresses []struct{ Type string } `gives:"public_ip"`
	Settings    sqlSettings
}

type sqlSettings struct {
	Labels             map[string]string              `json:"userLabels" gives:"tags"`
	AvailabilityType   string                         `gives:"regional"` // ZONAL or REGIONAL
	DeletionProtection bool                           `json:"deletionProtectionEnabled" gives:"deletion_protection"`
	DatabaseFlags      []struct{ Name, Value string } `gives:"flags"`
	Connectors         string                         `json:"connectorEnforcement" gives:"connectors_only,requires_tls"` // REQUIRED or NOT_REQUIRED
	IP                 sqlIP                          `json:"ipConfiguration" gives:"public_ip,requires_tls,open_networks"`
	Backup             sqlBackup                      `json:"backupConfiguration" gives:"automated_backups,backups_kept,point_in_time_recovery,last_backup,elsewhere"`
}

type sqlIP struct {
	Public     *bool                    `json:"ipv4Enabled" gives:"public_ip"`
	SSLMode    string                   `json:"sslMode" gives:"requires_tls"`
	RequireSSL bool                     `json:"requireSsl" gives:"requires_tls"` // what there was before sslMode
	Networks   []struct{ Value string } `json:"authorizedNetworks" gives:"open_networks"`
}

type sqlBackup struct {
	Tier        string `json:"backupTier" gives:"automated_backups,backups_kept,last_backup,elsewhere"` // STANDARD or ENHANCED
	Enabled     bool   `gives:"automated_backups,backups_kept"`
	PointInTime bool   `json:"pointInTimeRecoveryEnabled" gives:"point_in_time_recovery"`
	BinaryLog   bool   `json:"binaryLogEnabled" gives:"point_in_time_recovery"` // what MySQL has instead
	Retention   struct {
		Backups *engine.Integer `json:"retainedBackups"`
	} `json:"backupRetentionSettings" gives:"backups_kept"`
}

// vaulted reports whether the Backup and DR Service backs the instance up, by a
// plan that lies in another project and says how often and for how long.
func (b sqlBackup) vaulted() bool { return b.Tier == "ENHANCED" || b.Tier == "ADVANCED" }

// markVaulted marks fields as unread because the Backup and DR Service knows them.
func markVaulted(r *engine.Reading, fields ...string) {
	r.Mark(posture.Cause{Reason: posture.NotUsed, Operation: "read " + r.Type, Code: "kept by Backup and DR"}, fields...)
}

// replica reports whether the instance only repeats its primary: as a replica,
// or as a pool of them.
func (d sqlData) replica() bool {
	return d.InstanceType == "READ_REPLICA_INSTANCE" || d.InstanceType == "READ_POOL_INSTANCE"
}

// outside reports whether the instance only stands in for a server elsewhere,
// from which others replicate. How that one is set up is not told.
func (d sqlData) outside() bool { return d.InstanceType == "ON_PREMISES_INSTANCE" }

// standInFields are the fields of such an instance that are not known: all but
// what kind it is.
var standInFields = slices.DeleteFunc(scanners.FieldsOf(SQLInstance{}), func(field string) bool { return field == "engine" || field == "replica" || field == "stand_in" })

func (d sqlData) Tags() map[string]string { return d.Settings.Labels }

func readSQLInstance(_ context.Context, r *engine.Reading) any {
	var data sqlData
	r.Decode(&data)
	if data.outside() {
		r.Strange("server outside of Cloud SQL", standInFields...)
	}
	settings := data.Settings
	product, _, _ := strings.Cut(strings.ToLower(data.DatabaseVersion), "_")
	doc := &SQLInstance{
		Engine: product, StandIn: data.outside(), Replica: data.replica(), KMSKey: data.Encryption.Key,
		ConnectorsOnly: settings.Connectors == "REQUIRED", RequiresTLS: settings.IP.requiresTLS() || settings.Connectors == "REQUIRED", PublicIP: data.publicIP(r), Flags: map[string]string{},
		AutomatedBackups: settings.Backup.Enabled, PointInTimeRecovery: settings.Backup.PointInTime || settings.Backup.BinaryLog,
		Regional: settings.AvailabilityType == "REGIONAL", DeletionProtection: settings.DeletionProtection,
	}
	switch {
	case settings.Backup.vaulted():
		markVaulted(r, "automated_backups", "backups_kept")
	case settings.Backup.Enabled:
		doc.BackupsKept = int(engine.Need(r, settings.Backup.Retention.Backups, "backups_kept"))
	}
	doc.OpenNetworks = openNetworks(r, settings.IP.ranges(), "open_networks")
	for _, flag := range settings.DatabaseFlags {
		doc.Flags[flag.Name] = flag.Value
	}
	return doc
}

// ranges returns the address ranges from which connections are accepted.
func (i sqlIP) ranges() []string {
	var ranges []string
	for _, authorized := range i.Networks {
		ranges = append(ranges, authorized.Value)
	}
	return ranges
}

// requiresTLS reports whether connections without encryption are refused. The
// mode decides, where there is one.
func (i sqlIP) requiresTLS() bool {
	switch i.SSLMode {
	case "", "SSL_MODE_UNSPECIFIED":
		return i.RequireSSL
	default:
		return i.SSLMode == "ENCRYPTED_ONLY" || i.SSLMode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
	}
}

// publicIP reports whether the instance has a public address: by its setting,
// which is on when it is left out, or by the addresses that it has.
func (d sqlData) publicIP(r *engine.Reading) bool {
	for _, address := range d.IPAddresses {
		if address.Type == "PRIMARY" {
			return true
		}
	}
	return engine.Need(r, d.Settings.IP.Public, "public_ip")
}
