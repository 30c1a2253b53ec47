package services

import (
	"strings"
	"time"

	"posture/scanners/azure/engine"
)

// machineJoins are the joins that the recovery of a machine needs.
func machineJoins() []engine.Join {
	return append(backupJoins(), engine.Join{Type: replicaType, Table: recoveryTable, For: []string{"second_region"}})
}

// readVMRecovery reads what would be left of a machine after a disaster.
func readVMRecovery(r *engine.Reading, doc *VirtualMachine) {
	// learn.microsoft.com/rest/api/compute/virtual-machines/get
	var data struct {
		Properties struct {
			TimeCreated            *time.Time
			Priority               string
			VirtualMachineScaleSet struct{ ID string }
			StorageProfile         struct {
				OSDisk struct {
					DiffDiskSettings struct{ Option string }
				}
			}
		}
	}
	r.Decode(&data)
	p := data.Properties
	doc.Created = engine.Need(r, p.TimeCreated, "created")
	doc.Replaceable = strings.EqualFold(p.Priority, "Spot") || p.VirtualMachineScaleSet.ID != "" || p.StorageProfile.OSDisk.DiffDiskSettings.Option != ""
	doc.LastBackup = backupsOf(r, r.Row.ID).last
	replicas := engine.Anywhere[machineReplica](r, replicaType, r.Row.ID, "second_region")
	for _, replica := range replicas {
		doc.SecondRegion = doc.SecondRegion || replica.Data.works(r)
	}
	if len(replicas) == 0 {
		engine.Elsewhere[machineReplica](r, replicaType, "second_region")
	}
}

// machineReplica is the replication of a machine by Site Recovery
// (learn.microsoft.com/rest/api/site-recovery/replication-protected-items/get).
type machineReplica struct {
	Properties struct {
		ProtectionState, ReplicationHealth string
		ProviderSpecificDetails            struct {
			FabricObjectID                                string
			PrimaryFabricLocation, RecoveryFabricLocation string
		}
	}
}

// PointsTo implements engine.Pointer: to the machine.
func (m machineReplica) PointsTo() []string {
	return []string{m.Properties.ProviderSpecificDetails.FabricObjectID}
}

// works reports whether the machine is replicated to another region and that is
// not in trouble.
func (m machineReplica) works(r *engine.Reading) bool {
	p := m.Properties
	to := p.ProviderSpecificDetails.RecoveryFabricLocation
	if p.ProtectionState == "" || to == "" {
		r.Absent("read "+replicaType, "second_region")
	}
	if !strings.EqualFold(p.ProtectionState, "Protected") || to == "" || strings.EqualFold(to, p.ProviderSpecificDetails.PrimaryFabricLocation) {
		return false
	}
	health := oneOf(r, "health of a replica", p.ReplicationHealth, "second_region", "Normal", "Warning", "Critical")
	return health == "Normal" || health == "Warning"
}
