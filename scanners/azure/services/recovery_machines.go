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
	doc.LastBackup = lastBackupOf(r, r.Row.ID)
	for _, replica := range engine.Pointing[machineReplica](r, replicaType, r.Row.ID, "second_region") {
		doc.SecondRegion = doc.SecondRegion || replica.Data.works()
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
func (m machineReplica) works() bool {
	p := m.Properties
	to := p.ProviderSpecificDetails.RecoveryFabricLocation
	return strings.EqualFold(p.ProtectionState, "Protected") && !strings.EqualFold(p.ReplicationHealth, "Critical") &&
		to != "" && !strings.EqualFold(to, p.ProviderSpecificDetails.PrimaryFabricLocation)
}
