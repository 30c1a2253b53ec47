package services

import (
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// BackupSource is what rules may ask of the backups of a disk or of a cluster
// of Kubernetes, by itself or with the machine that a disk is attached to.
type BackupSource struct {
	Cluster     bool      `json:"cluster"`     // a cluster, not a disk
	Created     time.Time `json:"created"`     // when the disk or cluster was made
	LastBackup  time.Time `json:"last_backup"` // of the newest backup that succeeded
	Attached    bool      `json:"attached"`    // to a machine; of a cluster: it has volumes of its own
	System      bool      `json:"system"`      // the disk holds an operating system
	Unsupported bool      `json:"unsupported"` // Azure Backup does not take disks of its kind
	Managed     bool      `json:"managed"`     // another service made it and keeps it
}

const readResources = "Microsoft.Resources/subscriptions/resources/read"

var backupSources = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.DataProtection/backupInstances",
		Service: "recoveryservices",
		Doc:     BackupSource{},
		Calls:   []scanners.Call{{Op: readResources, For: []string{"created"}}},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Of:      diskType,
	Also:    []string{clusterType},
	Get:     diskVersion,
	AlsoGet: map[string]string{clusterType: clusterVersion},
	Joins:   append(backupJoins(), engine.Join{Type: diskType, For: []string{"attached"}}),
	Read:    readBackupSource,
}

func readBackupSource(r *engine.Reading) any {
	own := backupsOf(r, r.Row.ID)
	doc := &BackupSource{Cluster: strings.EqualFold(r.Row.Type, clusterType), LastBackup: own.last, Managed: r.Managed()}
	if doc.Cluster {
		readBackupCluster(r, doc)
	} else {
		readBackupDisk(r, doc)
	}
	if len(own.jobs) == 0 && doc.LastBackup.IsZero() { // backup vaults may be in another subscription than what they back up
		engine.Elsewhere[backupJob](r, backupJobType, "last_backup")
	}
	r.ID += "/providers/microsoft.dataprotection/backupinstances"
	return doc
}

func readBackupDisk(r *engine.Reading, doc *BackupSource) {
	var disk struct {
		SKU        struct{ Name string }
		Properties struct {
			TimeCreated *time.Time
			OSType      string
			MaxShares   int64 // absent: it is not shared
		}
	}
	r.Decode(&disk)
	_, volume := r.Row.Tags[volumeTag]
	doc.Managed = doc.Managed || volume // with the cluster
	doc.Created = engine.Need(r, disk.Properties.TimeCreated, "created")
	doc.System = disk.Properties.OSType != ""
	doc.Attached = r.Row.ManagedBy != ""
	if disk.SKU.Name == "" {
		r.Absent("read "+r.Type, "unsupported")
	}
	doc.Unsupported = disk.Properties.MaxShares > 1 || slices.Contains([]string{"ultrassd_lrs", "premiumv2_lrs"}, strings.ToLower(disk.SKU.Name))
	if !doc.Attached {
		return
	}
	machine := backupsOf(r, r.Row.ManagedBy)
	if !machine.last.After(doc.LastBackup) {
		return
	}
	if slices.ContainsFunc(machine.items, func(item engine.Joined[backupItem]) bool { return item.Data.leavesOut() }) {
		r.Absent("read "+itemType, "last_backup") // the disk does not say which of the machine's it is
		return
	}
	doc.LastBackup = machine.last
}

// volumeTag is on disks that a cluster makes for its volumes.
const volumeTag = "kubernetes.io-created-for-pvc-name"

func readBackupCluster(r *engine.Reading, doc *BackupSource) {
	var cluster struct {
		Properties struct{ NodeResourceGroup string }
	}
	r.Decode(&cluster)
	for _, disk := range engine.Siblings[struct{}](r, diskType, "attached") {
		_, volume := disk.Tags[volumeTag]
		doc.Attached = doc.Attached || volume && strings.EqualFold(disk.ResourceGroup, cluster.Properties.NodeResourceGroup)
	}
	if !r.Wants("created") {
		return
	}
	type made struct {
		ID          string
		CreatedTime *time.Time
	}
	all, err := engine.Once(r, "made "+clusterType, func() ([]made, error) {
		path := "/resources?$expand=createdTime&$filter=resourceType%20eq%20%27" + clusterType + "%27"
		return engine.FetchAllOf[made](r, readResources, "/subscriptions/"+r.Row.Subscription, path, "2021-04-01")
	})
	r.Got(err, "created")
	i := slices.IndexFunc(all, func(m made) bool { return strings.EqualFold(m.ID, r.Row.ID) })
	if i < 0 || all[i].CreatedTime == nil {
		r.Absent(readResources, "created")
		return
	}
	doc.Created = *all[i].CreatedTime
}
