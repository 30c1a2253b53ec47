package services

import (
	"context"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// AlloyDBCluster is what rules may ask of a cluster of AlloyDB.
type AlloyDBCluster struct {
	KMSKey            string `json:"kms_key"`            // the customer-managed key that encrypts it; "" for Google's
	Secondary         bool   `json:"secondary"`          // it follows a cluster in another region, which is backed up
	AutomatedBackups  bool   `json:"automated_backups"`  // it is backed up on a schedule
	ContinuousBackups bool   `json:"continuous_backups"` // it is backed up every day, and with its logs can be set back to any moment
	BackupPlan        string `json:"backup_plan"`        // the association with a plan of the Backup and DR Service, which backs it up instead; "" for none
}

var alloyDBClusters = engine.Service{
	Type: scanners.Type{
		Name:    "alloydb.googleapis.com/Cluster",
		Doc:     AlloyDBCluster{},
		Console: scanners.Console{Path: "/alloydb/clusters?project={project}"},
	},
	Versions: alloyDBVersions,
	Get:      []engine.Get{alloyDBGet("clusters")},
	Read:     readAlloyDBCluster,
}

var alloyDBVersions = []string{"v1", "v1beta", "v1alpha"}

func alloyDBGet(resource string) engine.Get {
	op := "alloydb." + resource + ".get"
	return engine.Get{Op: op, Permission: op, Root: "https://alloydb.googleapis.com/v1/", Version: "v1"}
}

// alloyDBSwitch is off where it is false. Both kinds of backups are on where
// nobody said anything, so a missing switch is not taken for off, nor for on.
type alloyDBSwitch struct{ Enabled *bool }

// alloyDBClusterData is what is read of a cluster (alloydb.clusters.get).
type alloyDBClusterData struct {
	engine.Labelled
	Encryption struct {
		Key string `json:"kmsKeyName"`
	} `json:"encryptionConfig" gives:"kms_key"`
	ClusterType string        `gives:"secondary"` // PRIMARY or SECONDARY
	Automated   alloyDBSwitch `json:"automatedBackupPolicy" gives:"automated_backups"`
	Continuous  alloyDBSwitch `json:"continuousBackupConfig" gives:"continuous_backups"`
	BackupDR    struct {
		Now struct {
			Plan string `json:"backupPlanAssociation"`
		} `json:"currentWindow"`
	} `json:"backupdrInfo" gives:"backup_plan"`
}

func readAlloyDBCluster(_ context.Context, r *engine.Reading) any {
	var data alloyDBClusterData
	r.Decode(&data)
	return &AlloyDBCluster{
		KMSKey: data.Encryption.Key, Secondary: data.ClusterType == "SECONDARY",
		AutomatedBackups:  engine.Need(r, data.Automated.Enabled, "automated_backups"),
		ContinuousBackups: engine.Need(r, data.Continuous.Enabled, "continuous_backups"),
		BackupPlan:        data.BackupDR.Now.Plan,
	}
}

// AlloyDBInstance is what rules may ask of an instance in a cluster of
// AlloyDB.
type AlloyDBInstance struct {
	RequiresTLS bool              `json:"requires_tls"` // connections without encryption are refused
	Flags       map[string]string `json:"flags"`        // database flags that are set, their values in lower case
}

var alloyDBInstances = engine.Service{
	Type: scanners.Type{
		Name:    "alloydb.googleapis.com/Instance",
		Doc:     AlloyDBInstance{},
		Console: scanners.Console{Path: "/alloydb/clusters?project={project}"},
	},
	Versions: alloyDBVersions,
	Get:      []engine.Get{alloyDBGet("instances")},
	Read:     readAlloyDBInstance,
}

// alloyDBInstanceData is what is read of an instance (alloydb.instances.get).
// Flags that nobody set are missing, and have their defaults.
type alloyDBInstanceData struct {
	engine.Labelled
	Flags       map[string]string `json:"databaseFlags" gives:"flags"`
	Connections struct {
		Connectors bool `json:"requireConnectors"` // only the proxy and its like, which encrypt, get in
		SSL        struct {
			Mode string `json:"sslMode"`
		} `json:"sslConfig"`
	} `json:"clientConnectionConfig" gives:"requires_tls"`
}

func readAlloyDBInstance(_ context.Context, r *engine.Reading) any {
	var data alloyDBInstanceData
	r.Decode(&data)
	doc := &AlloyDBInstance{RequiresTLS: data.requiresTLS(r), Flags: map[string]string{}}
	for name, value := range data.Flags {
		doc.Flags[name] = strings.ToLower(value)
	}
	return doc
}

// requiresTLS reports whether connections without encryption are refused.
// Where no mode is told it should be the default, which is to refuse them; but
// what is not told does not count as good.
func (d alloyDBInstanceData) requiresTLS(r *engine.Reading) bool {
	if d.Connections.Connectors {
		return true
	}
	switch d.Connections.SSL.Mode {
	case "ENCRYPTED_ONLY", "SSL_MODE_REQUIRE", "SSL_MODE_VERIFY_CA":
		return true
	case "", "SSL_MODE_UNSPECIFIED":
		r.Lacks(r.Type, "requires_tls")
	}
	return false
}
