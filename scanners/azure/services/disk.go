package services

import (
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// Disk is what rules may ask of a managed disk.
type Disk struct {
	CustomerKey     bool `json:"customer_key"`     // encrypted with a key of the customer's
	HostEncryption  bool `json:"host_encryption"`  // every machine that it is attached to encrypts it on its host, caches and temporary disks too
	GuestEncryption bool `json:"guest_encryption"` // encrypted by the machine itself: Azure Disk Encryption
	Attached        bool `json:"attached"`         // to a machine
	Managed         bool `json:"managed"`          // another service made it and keeps it
}

var disks = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.Compute/disks",
		Service: "compute",
		Doc:     Disk{},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Joins: []engine.Join{
		{Type: typeVM, For: []string{"host_encryption"}},
		{Type: typeScaleSet, For: []string{"host_encryption"}},
	},
	Get:  diskVersion,
	Read: readDisk,
}

// diskVersion is of the API of disks.
const diskVersion = "2024-03-02"

// diskData is what is read of a disk
// (learn.microsoft.com/rest/api/compute/disks/get).
type diskData struct {
	ManagedByExtended []string // of a disk that several machines share
	Properties        struct {
		Encryption                   *struct{ Type string }
		EncryptionSettingsCollection struct{ Enabled bool }
		SecurityProfile              struct{ SecurityType string }
	}
}

// machineHost is what is read of a machine, or of the machines of a scale set,
// for its disks.
type machineHost struct {
	ID         string
	Properties struct {
		SecurityProfile       struct{ EncryptionAtHost bool }
		VirtualMachineProfile struct {
			SecurityProfile struct{ EncryptionAtHost bool }
		}
	}
}

// PointsTo implements engine.Pointer: it finds a machine by its id.
func (m machineHost) PointsTo() []string { return []string{m.ID} }

func (m machineHost) encrypts() bool {
	return m.Properties.SecurityProfile.EncryptionAtHost || m.Properties.VirtualMachineProfile.SecurityProfile.EncryptionAtHost
}

func readDisk(r *engine.Reading) any {
	var data diskData
	r.Decode(&data)
	p := &data.Properties
	owners := data.owners(r.Row.ManagedBy)
	doc := &Disk{Attached: len(owners) > 0, Managed: r.Managed(), GuestEncryption: p.EncryptionSettingsCollection.Enabled}
	if encryption := engine.Need(r, p.Encryption, "customer_key"); p.Encryption != nil {
		switch strings.ToLower(encryption.Type) {
		case "encryptionatrestwithcustomerkey", "encryptionatrestwithplatformandcustomerkeys":
			doc.CustomerKey = true
		case "encryptionatrestwithplatformkey":
		default:
			r.Strange("kind of encryption", "customer_key")
		}
	}
	if strings.EqualFold(p.SecurityProfile.SecurityType, "ConfidentialVM_DiskEncryptedWithCustomerKey") {
		doc.CustomerKey = true
	}
	readHostEncryption(r, owners, doc)
	return doc
}

// owners returns the machines that the disk is attached to.
func (d *diskData) owners(one string) []string {
	var ids []string
	for _, id := range append([]string{one}, d.ManagedByExtended...) {
		if id = strings.ToLower(id); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// readHostEncryption reads whether all machines of the disk encrypt it. Of one
// that is not in the list that is not known.
func readHostEncryption(r *engine.Reading, owners []string, doc *Disk) {
	doc.HostEncryption = doc.Attached && !slices.ContainsFunc(owners, func(id string) bool {
		id = machineOf(id)
		found := append(engine.Pointing[machineHost](r, typeVM, id, "host_encryption"), engine.Pointing[machineHost](r, typeScaleSet, id, "host_encryption")...)
		if len(found) == 0 {
			r.Absent("read "+typeVM, "host_encryption")
		}
		return len(found) == 0 || !found[0].Data.encrypts()
	})
}

// machineOf returns the id of a machine, and of the scale set that one is in.
func machineOf(id string) string {
	if before, _, found := strings.Cut(id, "/virtualmachines/"); found && strings.Contains(before, "/virtualmachinescalesets/") {
		return before
	}
	return id
}
