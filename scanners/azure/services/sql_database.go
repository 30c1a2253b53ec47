package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// SQLDatabase is what rules may ask of a database of Azure SQL Database, of a
// managed instance, or of a dedicated SQL pool.
type SQLDatabase struct {
	ManagedInstance bool   `json:"managed_instance"` // it is one of a managed instance
	System          bool   `json:"system"`           // Azure keeps it, such as master
	Warehouse       bool   `json:"warehouse"`        // it is a dedicated SQL pool, which has restore points instead of backups
	Replica         bool   `json:"replica"`          // it is a copy of another database
	Free            bool   `json:"free"`             // of the free offer, which has the least of backups
	AutoPause       bool   `json:"auto_pause"`       // serverless, and paused while nobody uses it; such a one has no long-term backups
	Tier            string `json:"tier"`             // "Basic", "Standard", "Premium", "GeneralPurpose", "BusinessCritical", "Hyperscale", "DataWarehouse"
	Encrypted       bool   `json:"encrypted"`        // transparent data encryption is on
	ShortTermDays   int64  `json:"short_term_days"`  // days back to which it can be restored
	LongTerm        bool   `json:"long_term"`        // weekly, monthly or yearly backups are kept
	GeoBackup       bool   `json:"geo_backup"`       // backups lie in a second region
	RegionHasPair   bool   `json:"region_has_pair"`  // its region has another one for backups
	ZoneRedundant   bool   `json:"zone_redundant"`   // its replicas lie in several zones
	FailoverGroup   bool   `json:"failover_group"`   // a server in another region takes over
	Managed         bool   `json:"managed"`          // another service made it and keeps it, such as a Synapse workspace
}

const (
	sqlDatabaseType      = sqlServerType + "/databases"
	instanceDatabaseType = managedInstanceType + "/databases"
	elasticPoolType      = sqlServerType + "/elasticPools"
)

var sqlDatabases = engine.Service{
	Type: scanners.Type{
		Name:    sqlDatabaseType,
		Service: "sql",
		Doc:     SQLDatabase{},
		Calls: slices.Concat(
			[]scanners.Call{zonesCall("region_has_pair")},
			sqlDatabaseCalls(sqlDatabaseType), sqlDatabaseCalls(instanceDatabaseType),
		),
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also: []string{instanceDatabaseType},
	Joins: []engine.Join{
		{Type: elasticPoolType, For: []string{"zone_redundant"}},
		{Type: managedInstanceType, For: []string{"zone_redundant", "geo_backup"}},
	},
	Get:     sqlVersion,
	AlsoGet: map[string]string{instanceDatabaseType: sqlVersion},
	Read:    readSQLDatabase,
}

func sqlDatabaseCalls(typ string) []scanners.Call {
	return []scanners.Call{
		{Op: typ + "/transparentDataEncryption/read", Each: true, For: []string{"encrypted"}},
		{Op: typ + "/backupShortTermRetentionPolicies/read", Each: true, For: []string{"short_term_days"}},
		{Op: typ + "/backupLongTermRetentionPolicies/read", Each: true, For: []string{"long_term"}},
	}
}

// sqlDatabaseData is what is read of a database
// (learn.microsoft.com/rest/api/sql/databases/get,
// learn.microsoft.com/rest/api/sql/managed-databases/get).
type sqlDatabaseData struct {
	Kind       string // "v12.0,user,vcore,serverless", "v12.0,system"
	SKU        *struct{ Tier string }
	Properties struct {
		SecondaryType                  string
		UseFreeLimit                   bool
		AutoPauseDelay                 int64 // minutes; -1, 0: never
		CurrentBackupStorageRedundancy string
		ZoneRedundant                  *bool
		ElasticPoolID                  string
		FailoverGroupID                string
	}
}

// sqlDatabase is a database being read.
type sqlDatabase struct {
	*engine.Reading
	data sqlDatabaseData
	doc  *SQLDatabase
	typ  string // as Azure writes it
}

func readSQLDatabase(r *engine.Reading) any {
	d := sqlDatabase{Reading: r, typ: sqlDatabaseType}
	r.Decode(&d.data)
	p, kind := d.data.Properties, strings.Split(strings.ToLower(d.data.Kind), ",")
	d.doc = &SQLDatabase{
		ManagedInstance: strings.EqualFold(r.Row.Type, instanceDatabaseType),
		System:          strings.EqualFold(r.Row.Name, "master") || slices.Contains(kind, "system"),
		Warehouse:       slices.Contains(kind, "datawarehouse"),
		Replica:         p.SecondaryType != "",
		Free:            p.UseFreeLimit,
		AutoPause:       p.AutoPauseDelay > 0,
		FailoverGroup:   p.FailoverGroupID != "",
		Managed:         r.Managed() || ofSynapse(d.data.Kind),
	}
	if d.doc.ManagedInstance {
		d.typ = instanceDatabaseType
	} else {
		d.tier()
	}
	d.encryption()
	d.backups()
	d.places()
	return d.doc
}

// tier reads what kind of database it is.
func (d *sqlDatabase) tier() {
	if d.doc.Tier = engine.Need(d.Reading, d.data.SKU, "tier").Tier; d.doc.Tier == "" {
		d.Absent("read "+d.Type, "tier")
	}
	if d.data.Kind == "" {
		d.Absent("read "+d.Type, "system", "warehouse", "managed")
	}
}

func (d *sqlDatabase) encryption() {
	if !d.Wants("encrypted") || d.doc.System {
		return
	}
	var set struct {
		Properties *struct{ State string }
	}
	err := d.Fetch(d.typ+"/transparentDataEncryption/read", "/transparentDataEncryption/current", sqlVersion, &set)
	if d.Got(err, "encrypted") {
		d.doc.Encrypted = enabled(d.Reading, engine.Need(d.Reading, set.Properties, "encrypted").State, "encrypted")
	}
}

// backups reads how long backups are kept. Dedicated SQL pools and databases
// that Azure keeps have no such policies.
func (d *sqlDatabase) backups() {
	if d.doc.Warehouse || d.doc.System {
		return
	}
	d.shortTerm()
	d.longTerm()
}

func (d *sqlDatabase) shortTerm() {
	if !d.Wants("short_term_days") {
		return
	}
	var set struct {
		Properties struct{ RetentionDays *int64 }
	}
	err := d.Fetch(d.typ+"/backupShortTermRetentionPolicies/read", "/backupShortTermRetentionPolicies/default", sqlVersion, &set)
	if d.Got(err, "short_term_days") {
		d.doc.ShortTermDays = engine.Need(d.Reading, set.Properties.RetentionDays, "short_term_days")
	}
}

func (d *sqlDatabase) longTerm() {
	if !d.Wants("long_term") {
		return
	}
	var set struct {
		Properties *struct{ WeeklyRetention, MonthlyRetention, YearlyRetention string }
	}
	err := d.Fetch(d.typ+"/backupLongTermRetentionPolicies/read", "/backupLongTermRetentionPolicies/default", sqlVersion, &set)
	if d.Got(err, "long_term") {
		p := engine.Need(d.Reading, set.Properties, "long_term")
		d.doc.LongTerm = lasts(p.WeeklyRetention) || lasts(p.MonthlyRetention) || lasts(p.YearlyRetention)
	}
}

// lasts reports whether a period of ISO 8601, "P12W", is one: "PT0S" is none.
func lasts(period string) bool { return strings.ContainsAny(period, "123456789") }

// sqlPlaces is what a database has by the elastic pool that it is in, or by its
// managed instance.
type sqlPlaces struct {
	Properties struct {
		ZoneRedundant                  *bool
		CurrentBackupStorageRedundancy string // of an instance
	}
}

// places reads where the database and its backups lie.
func (d *sqlDatabase) places() {
	d.doc.RegionHasPair = regionOf(d.Reading, d.Row.Location, "region_has_pair").pair()
	p := d.data.Properties
	redundant, backups := p.ZoneRedundant, p.CurrentBackupStorageRedundancy
	switch {
	case d.doc.Warehouse || d.doc.System:
		return
	case d.doc.ManagedInstance:
		instance := d.sibling(managedInstanceType, engine.Parent(d.ID), "zone_redundant", "geo_backup").Properties
		redundant, backups = instance.ZoneRedundant, instance.CurrentBackupStorageRedundancy
	case p.ElasticPoolID != "" && (redundant == nil || !*redundant):
		redundant = d.sibling(elasticPoolType, p.ElasticPoolID, "zone_redundant").Properties.ZoneRedundant
	}
	d.doc.ZoneRedundant = engine.Need(d.Reading, redundant, "zone_redundant")
	switch strings.ToLower(backups) {
	case "geo", "geozone":
		d.doc.GeoBackup = true
	case "local", "zone":
	case "":
		d.Absent("read "+d.Type, "geo_backup")
	default:
		d.Strange("redundancy of backups", "geo_backup")
	}
}

// sibling returns the row of an id. One that is not listed is empty.
func (d *sqlDatabase) sibling(typ, id string, fields ...string) sqlPlaces {
	all := engine.Siblings[sqlPlaces](d.Reading, typ, fields...)
	id = strings.ToLower(id)
	i := slices.IndexFunc(all, func(s engine.Joined[sqlPlaces]) bool { return s.ID == id })
	if i < 0 {
		return sqlPlaces{}
	}
	return all[i].Data
}
