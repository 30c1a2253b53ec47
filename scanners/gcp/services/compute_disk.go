package services

import (
	"context"
	"time"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// Disk is what rules may ask of a persistent disk.
type Disk struct {
	KMSKey           string    `json:"kms_key"`           // the customer-managed key that encrypts it; "" for none
	CustomerSupplied bool      `json:"customer_supplied"` // a key that the customer brings along encrypts it
	Replaceable      bool      `json:"replaceable"`       // it is deleted along with a VM that a managed instance group or a service of Google replaces, or was one of such a service's
	Scheduled        []string  `json:"scheduled"`         // attached policies that make snapshots on a schedule
	Created          time.Time `json:"created"`           // when it was made
	LastSnapshot     time.Time `json:"last_snapshot"`     // when the newest complete snapshot of it was made; the zero time if never
}

const (
	typeResourcePolicy = "compute.googleapis.com/ResourcePolicy"
	typeSnapshot       = "compute.googleapis.com/Snapshot"
)

var disks = engine.Service{
	Type: scanners.Type{
		Name:    "compute.googleapis.com/Disk",
		Doc:     Disk{},
		Console: scanners.Console{Path: "/compute/disksDetail/{level}/{place}/disks/{disks}?project={project}"},
	},
	Also:     []string{"compute.googleapis.com/RegionDisk"},
	Versions: computeVersions,
	Joins: []engine.Join{
		{Type: typeVM, For: []string{"replaceable"}},
		{Type: typeResourcePolicy, For: []string{"scheduled"}},
		{Type: typeSnapshot, For: []string{"last_snapshot"}},
	},
	Get:  []engine.Get{computeGet("disks")},
	Read: readDisk,
}

// diskData is what is read of a disk (compute.disks.get).
type diskData struct {
	engine.Labelled `gives:"tags,replaceable"`
	linked          `gives:"replaceable"`
	Name            string      `gives:"replaceable"`
	ID              engine.Text `gives:"last_snapshot"`
	Made            *time.Time  `json:"creationTimestamp" gives:"created"`
	Policies        []string    `json:"resourcePolicies" gives:"scheduled"` // URLs
	Encryption      struct {
		KMSKey string `json:"kmsKeyName"`
		SHA256 string `gives:"customer_supplied"` // of a key that the customer supplies
	} `json:"diskEncryptionKey" gives:"kms_key,customer_supplied"`
}

func readDisk(_ context.Context, r *engine.Reading) any {
	var data diskData
	r.Decode(&data)
	doc := &Disk{KMSKey: data.Encryption.KMSKey, CustomerSupplied: data.Encryption.KMSKey == "" && data.Encryption.SHA256 != ""}
	doc.Replaceable = serviceDisk(data.Name, data.Labels)
	if !doc.Replaceable {
		doc.Replaceable = indexOf(r, typeVM, "replaceable", replaceableDisks)[pathOfItself(r, data.linked, "replaceable")]
	}
	doc.Created = engine.Need(r, data.Made, "created").UTC()
	doc.LastSnapshot = indexOf(r, typeSnapshot, "last_snapshot", newestSnapshots)[string(data.ID)]
	if data.ID == "" {
		r.Lacks(r.Type, "last_snapshot")
	}
	schedules := indexOf(r, typeResourcePolicy, "scheduled", snapshotSchedules)
	for _, url := range data.Policies {
		if schedules[path(url)] {
			doc.Scheduled = append(doc.Scheduled, engine.LastOf(url))
		}
	}
	return doc
}

// vmDisks is what a disk looks at of virtual machines.
type vmDisks struct {
	engine.Labelled
	Name     string
	Metadata metadata
	Disks    []vmDisk
}

// replaceableDisks returns the paths of the disks that managed machines take
// along when they are deleted.
func replaceableDisks(vms []engine.Joined[vmDisks]) map[string]bool {
	found := map[string]bool{}
	for _, vm := range vms {
		if !vm.Data.Metadata.managed() && !serviceNode(vm.Data.Name, vm.Data.Labels) {
			continue
		}
		for _, disk := range vm.Data.Disks {
			found[path(disk.Source)] = disk.AutoDelete
		}
	}
	return found
}

// snapshotData is what is read of a snapshot (compute.snapshots.get).
type snapshotData struct {
	Status string
	DiskID engine.Text `json:"sourceDiskId"` // stays the deleted disk's where another one takes its name
	Made   time.Time   `json:"creationTimestamp"`
}

// newestSnapshots returns when the newest complete snapshot was made, by the
// id of its disk.
func newestSnapshots(snapshots []engine.Joined[snapshotData]) map[string]time.Time {
	newest := map[string]time.Time{}
	for _, s := range snapshots {
		id := string(s.Data.DiskID)
		if id != "" && s.Data.Status == "READY" && s.Data.Made.After(newest[id]) {
			newest[id] = s.Data.Made.UTC()
		}
	}
	return newest
}

// resourcePolicyData is what is read of a resource policy
// (compute.resourcePolicies.get).
type resourcePolicyData struct {
	linked
	Snapshots struct{ Schedule *struct{} } `json:"snapshotSchedulePolicy"`
}

// snapshotSchedules returns the paths of the policies that make snapshots.
func snapshotSchedules(policies []engine.Joined[resourcePolicyData]) map[string]bool {
	found := map[string]bool{}
	for _, p := range policies {
		found[path(p.Data.SelfLink)] = p.Data.Snapshots.Schedule != nil
	}
	return found
}
