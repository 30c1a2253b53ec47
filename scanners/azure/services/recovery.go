package services

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// recoveryTable is the table of what vaults hold, of both kinds: vaults of
// Recovery Services, and backup vaults of Data Protection.
const recoveryTable = "recoveryservicesresources"

const (
	itemType        = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
	instanceOfType  = "Microsoft.DataProtection/backupVaults/backupInstances"
	backupJobType   = "Microsoft.DataProtection/backupVaults/backupJobs"
	backupVaultType = "Microsoft.DataProtection/backupVaults"
	backupVersion   = "2024-04-01" // of the APIs of vaults of either kind
	replicaType     = "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems"
	diskType        = "Microsoft.Compute/disks"
	clusterType     = "Microsoft.ContainerService/managedClusters"
	accountType     = "Microsoft.Storage/storageAccounts"
)

// RecoveryVault is what rules may ask of a vault that holds backups, of either
// kind.
type RecoveryVault struct {
	SoftDelete bool  `json:"soft_delete"` // deleted backups can be brought back
	Immutable  bool  `json:"immutable"`   // backups cannot be deleted before their time
	Locked     bool  `json:"locked"`      // and nobody can change that
	Items      int64 `json:"items"`       // what is backed up in it
}

var recoveryVaults = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.RecoveryServices/vaults",
		Service: "recoveryservices",
		Doc:     RecoveryVault{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Also:    []string{backupVaultType},
	Get:     backupVersion,
	AlsoGet: map[string]string{backupVaultType: backupVersion},
	Joins: []engine.Join{
		{Type: itemType, Table: recoveryTable, For: []string{"items"}},
		{Type: instanceOfType, Table: recoveryTable, For: []string{"items"}},
	},
	Read: readRecoveryVault,
}

func readRecoveryVault(r *engine.Reading) any {
	// learn.microsoft.com/rest/api/recoveryservices/vaults/get and
	// learn.microsoft.com/rest/api/dataprotection/backup-vaults/get
	var data struct {
		Properties struct {
			SecuritySettings *struct {
				SoftDeleteSettings   *struct{ SoftDeleteState, State string } // one of both, by the kind
				ImmutabilitySettings struct{ State string }                   // absent: never set
			}
		}
	}
	r.Decode(&data)
	doc := &RecoveryVault{
		Items: itemsOf[vaultItem](r, itemType) + itemsOf[vaultItem](r, instanceOfType),
	}
	security := engine.Need(r, data.Properties.SecuritySettings, "soft_delete", "immutable", "locked")
	deletion := engine.Need(r, security.SoftDeleteSettings, "soft_delete")
	switch state := strings.ToLower(cmp.Or(deletion.SoftDeleteState, deletion.State)); state {
	case "enabled", "on", "alwayson":
		doc.SoftDelete = true
	case "disabled", "off":
	default:
		r.Strange("state of soft delete", "soft_delete")
	}
	switch strings.ToLower(security.ImmutabilitySettings.State) {
	case "locked":
		doc.Immutable, doc.Locked = true, true
	case "unlocked":
		doc.Immutable = true
	case "", "disabled":
	default:
		r.Strange("state of immutability", "immutable", "locked")
	}
	return doc
}

// vaultItem points to the vault that it is in.
type vaultItem struct{ ID string }

// PointsTo implements engine.Pointer.
func (i vaultItem) PointsTo() []string {
	id := strings.ToLower(i.ID)
	for _, part := range []string{"/backupfabrics/", "/backupinstances/"} {
		if vault, _, found := strings.Cut(id, part); found {
			return []string{vault}
		}
	}
	return nil
}

func itemsOf[T engine.Pointer](r *engine.Reading, typ string) int64 {
	return int64(len(engine.Pointing[T](r, typ, r.Row.ID, "items")))
}

// BackupItem is what rules may ask of what is backed up in a vault, of either
// kind.
type BackupItem struct {
	Created    time.Time `json:"created"`     // when that was made which is backed up
	LastBackup time.Time `json:"last_backup"` // of the newest backup that succeeded; those of backup vaults are known for 14 days
	Pending    bool      `json:"pending"`     // the first backup is yet to come
	Stopped    bool      `json:"stopped"`     // somebody stopped it and keeps the backups
	Continuous bool      `json:"continuous"`  // changes are kept all the time, without jobs
}

var backupItems = engine.Service{
	Type: scanners.Type{
		Name:    itemType,
		Service: "recoveryservices",
		Doc:     BackupItem{},
		Console: scanners.Console{Path: engine.WholePage},
	},
	Table:   recoveryTable,
	Also:    []string{instanceOfType},
	Get:     backupVersion,
	AlsoGet: map[string]string{instanceOfType: backupVersion},
	Joins: []engine.Join{
		{Type: backupJobType, Table: recoveryTable, For: []string{"last_backup", "continuous"}},
		{Type: typeVM, For: []string{"created"}},
		{Type: diskType, For: []string{"created"}},
		{Type: accountType, For: []string{"created"}},
	},
	Read: readBackupItem,
}

// backupItem is something that is backed up. In a vault of Recovery Services
// (learn.microsoft.com/rest/api/backup/protected-items/get) it says when that
// last succeeded; in a backup vault
// (learn.microsoft.com/rest/api/dataprotection/backup-instances/get) the jobs do.
type backupItem struct {
	ID         string
	Properties struct {
		FriendlyName, PolicyID, SourceResourceID string
		BackupManagementType                     string // "AzureIaasVM", "AzureStorage", "AzureWorkload"

		ProtectionState              string
		LastBackupStatus             string
		LastBackupTime               *time.Time
		LastRecoveryPoint            *time.Time
		IsScheduledForDeferredDelete bool
		ExtendedProperties           struct {
			DiskExclusionProperties struct {
				DiskLunList     []int64
				IsInclusionList bool
			}
		}

		CurrentProtectionState string
		DataSourceInfo         struct{ ResourceID, DatasourceType string }
		PolicyInfo             struct {
			PolicyID         string
			PolicyParameters struct {
				BackupDatasourceParametersList []struct{} // the containers of blobs that are backed up on schedule
			}
		}
	}
}

// source returns the id of what is backed up.
func (i backupItem) source() string {
	return strings.ToLower(cmp.Or(i.Properties.SourceResourceID, i.Properties.DataSourceInfo.ResourceID))
}

// PointsTo implements engine.Pointer: to what is backed up, and by which policy.
func (i backupItem) PointsTo() []string {
	p := i.Properties
	return []string{i.source(), cmp.Or(p.PolicyID, p.PolicyInfo.PolicyID)}
}

// ofMachine reports whether a whole machine is backed up: the databases in one
// have it as their source too.
func (i backupItem) ofMachine() bool {
	return strings.EqualFold(i.Properties.BackupManagementType, "AzureIaasVM")
}

// leavesOut reports whether disks of the machine are not backed up with it.
func (i backupItem) leavesOut() bool {
	disks := i.Properties.ExtendedProperties.DiskExclusionProperties
	return disks.IsInclusionList || len(disks.DiskLunList) > 0
}

// continuous reports whether changes of blobs are kept all the time: those that
// go to a vault are backed up by jobs.
func (i backupItem) continuous(jobs []engine.Joined[backupJob]) bool {
	p := i.Properties
	return strings.EqualFold(p.DataSourceInfo.DatasourceType, "Microsoft.Storage/storageAccounts/blobServices") &&
		len(p.PolicyInfo.PolicyParameters.BackupDatasourceParametersList) == 0 &&
		!slices.ContainsFunc(jobs, func(job engine.Joined[backupJob]) bool { return job.Data.backsUp() })
}

// failed reports whether the last try failed.
func (i backupItem) failed() bool {
	return strings.EqualFold(i.Properties.LastBackupStatus, "Failed") || strings.EqualFold(i.Properties.LastBackupStatus, "Unhealthy")
}

// succeeded returns when the newest backup was made, as the item says.
func (i backupItem) succeeded() time.Time {
	p := i.Properties
	switch {
	case p.LastRecoveryPoint != nil:
		return *p.LastRecoveryPoint
	case p.LastBackupTime != nil && (strings.EqualFold(p.LastBackupStatus, "Completed") || strings.EqualFold(p.LastBackupStatus, "Healthy")):
		return *p.LastBackupTime
	}
	return time.Time{}
}

func readBackupItem(r *engine.Reading) any {
	var data backupItem
	r.Decode(&data)
	p := data.Properties
	r.Name = cmp.Or(p.FriendlyName, r.Name)
	doc := &BackupItem{LastBackup: data.succeeded()}
	switch state := strings.ToLower(cmp.Or(p.CurrentProtectionState, p.ProtectionState)); state {
	case "protected", "protectionconfigured", "protectionerror", "configuringprotectionfailed", "updatingprotection":
	case "irpending", "configuringprotection":
		doc.Pending = !data.failed()
	case "protectionstopped", "protectionpaused", "backupssuspended", "backupschedulessuspended", "retentionschedulessuspended":
		doc.Stopped = true
	case "softdeleted", "softdeleting":
		return nil
	default:
		r.Strange("state of protection", "pending", "stopped")
	}
	if p.IsScheduledForDeferredDelete {
		return nil
	}
	if strings.EqualFold(r.Row.Type, instanceOfType) {
		jobs := engine.Pointing[backupJob](r, backupJobType, r.Row.ID, "last_backup", "continuous")
		doc.LastBackup = lastSuccess(jobs)
		doc.Continuous = data.continuous(jobs)
	}
	doc.Created = createdOf(r, data.source())
	return doc
}

// backupJob is a job of a backup vault
// (learn.microsoft.com/rest/api/dataprotection/jobs/get).
type backupJob struct {
	Properties struct {
		BackupInstanceID, DataSourceID string
		OperationCategory, Status      string
		EndTime                        *time.Time
	}
}

// PointsTo implements engine.Pointer: to the instance, and to what is backed up.
func (j backupJob) PointsTo() []string {
	return []string{j.Properties.BackupInstanceID, j.Properties.DataSourceID}
}

// backsUp reports whether the job makes a backup; others restore one, or set
// something up.
func (j backupJob) backsUp() bool { return strings.EqualFold(j.Properties.OperationCategory, "Backup") }

// lastSuccess returns when the newest backup that succeeded ended.
func lastSuccess(jobs []engine.Joined[backupJob]) time.Time {
	var last time.Time
	for _, job := range jobs {
		p := job.Data.Properties
		done := strings.EqualFold(p.Status, "Completed") || strings.EqualFold(p.Status, "CompletedWithWarnings")
		if done && job.Data.backsUp() && p.EndTime != nil && p.EndTime.After(last) {
			last = *p.EndTime
		}
	}
	return last
}

// aged is a resource that says when it was made.
type aged struct {
	ID         string
	Properties struct{ TimeCreated, CreationTime *time.Time } // one of both, by the type
}

// PointsTo implements engine.Pointer: it finds a resource by its id.
func (a aged) PointsTo() []string { return []string{a.ID} }

// createdOf returns when a resource was made. Of most types that is not known,
// nor of one in a subscription that is not read together with the vault's.
func createdOf(r *engine.Reading, id string) time.Time {
	find := engine.Pointing[aged]
	if !strings.HasPrefix(id, "/subscriptions/"+r.Row.Subscription+"/") {
		find = engine.Anywhere[aged]
	}
	for _, typ := range []string{typeVM, diskType, accountType} {
		for _, found := range find(r, typ, id, "created") {
			p := found.Data.Properties
			if made := cmp.Or(p.TimeCreated, p.CreationTime); made != nil {
				return *made
			}
		}
	}
	r.Absent("read "+r.Type, "created")
	return time.Time{}
}

// backups are those of a resource.
type backups struct {
	last  time.Time                   // when the newest one that succeeded was made
	jobs  []engine.Joined[backupJob]  // of backup vaults
	items []engine.Joined[backupItem] // of vaults of Recovery Services, that hold the whole resource
}

// backupsOf returns the backups of a machine, a disk or a cluster in vaults of
// either kind, of all subscriptions that are read together. What could not be
// listed marks the field.
func backupsOf(r *engine.Reading, id string) backups {
	found := backups{
		jobs:  engine.Anywhere[backupJob](r, backupJobType, id, "last_backup"),
		items: engine.Anywhere[backupItem](r, itemType, id, "last_backup"),
	}
	found.items = slices.DeleteFunc(slices.Clone(found.items), func(item engine.Joined[backupItem]) bool { return !item.Data.ofMachine() })
	found.last = lastSuccess(found.jobs)
	for _, item := range found.items {
		if made := item.Data.succeeded(); made.After(found.last) {
			found.last = made
		}
	}
	return found
}

// backupJoins are the joins that backupsOf needs.
func backupJoins() []engine.Join {
	return []engine.Join{
		{Type: itemType, Table: recoveryTable, For: []string{"last_backup"}},
		{Type: backupJobType, Table: recoveryTable, For: []string{"last_backup"}},
	}
}
