package services

import (
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// VirtualMachine is what rules may ask of a virtual machine.
type VirtualMachine struct {
	OS              string   `json:"os"`               // "linux" or "windows"
	Provisioned     bool     `json:"provisioned"`      // Azure set up its system from an image, and knows its settings; not so where a finished disk was attached
	PasswordLogin   bool     `json:"password_login"`   // Linux lets people sign in with a password
	SecurityType    string   `json:"security_type"`    // "TrustedLaunch", "ConfidentialVM"; "" for neither
	SecureBoot      bool     `json:"secure_boot"`      // it boots signed software only
	VTPM            bool     `json:"vtpm"`             // it has a virtual TPM
	Attested        bool     `json:"attested"`         // the extension for guest attestation is installed
	UnmanagedDisks  int64    `json:"unmanaged_disks"`  // those that are blobs of a storage account
	ImagePublisher  string   `json:"image_publisher"`  // of an image of the marketplace; "" for an image of one's own
	OtherExtensions []string `json:"other_extensions"` // those of other publishers than Microsoft, publisher and type in small letters: "acme.agent"

	Running         bool  `json:"running"`
	AssessesPatches bool  `json:"assesses_patches"` // Azure looks for missing updates by itself, every day
	PatchesMissing  int64 `json:"patches_missing"`  // critical and security updates that are known and not installed
	PatchesDays     int64 `json:"patches_days"`     // days since it was last looked for them

	EndpointProtection   bool   `json:"endpoint_protection"`   // Defender for Cloud, or an extension, says that it has one
	VulnerabilityScanner bool   `json:"vulnerability_scanner"` // Defender for Cloud says that it is scanned
	VulnerabilityDays    int64  `json:"vulnerability_days"`    // how long Defender for Cloud has had open findings; 0: it has none
	Baseline             string `json:"baseline"`              // "compliant", "noncompliant" or "pending" with the security baseline of its system; "" where it does not report

	JustInTime bool `json:"just_in_time"` // a policy opens its management ports on demand
	Bastion    bool `json:"bastion"`      // an Azure Bastion reaches its network
	Managed    bool `json:"managed"`      // another service made it and keeps it

	Created      time.Time `json:"created"`
	LastBackup   time.Time `json:"last_backup"`   // of the newest backup that succeeded
	Replaceable  bool      `json:"replaceable"`   // a spot machine, one of a scale set, or one whose system is on its host's own disk
	SecondRegion bool      `json:"second_region"` // Site Recovery keeps a copy in another region, and that is not in trouble
}

const (
	typeVM               = "Microsoft.Compute/virtualMachines"
	typeVMExtension      = "Microsoft.Compute/virtualMachines/extensions"
	typeAssessment       = "Microsoft.Security/assessments"
	typeGuestAssignment  = "Microsoft.GuestConfiguration/guestConfigurationAssignments"
	typeBastion          = "Microsoft.Network/bastionHosts"
	readJITPolicies      = "Microsoft.Security/locations/jitNetworkAccessPolicies/read"
	readVMInstanceView   = "Microsoft.Compute/virtualMachines/instanceView/read"
	machineVersion       = "2024-07-01" // of the API of machines and scale sets
	securityTable        = "securityresources"
	guestAssignmentTable = "guestconfigurationresources"
)

var virtualMachines = engine.Service{
	Type: scanners.Type{
		Name:    typeVM,
		Service: "compute",
		Doc:     VirtualMachine{},
		Calls: []scanners.Call{
			{Op: readVMInstanceView, Each: true, For: instanceFields},
			{Op: readJITPolicies, For: []string{"just_in_time"}},
		},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Joins: append(machineJoins(), []engine.Join{
		{Type: typeVMExtension, For: []string{"attested", "other_extensions", "endpoint_protection"}},
		{Type: typeAssessment, Table: securityTable, For: defenderFields},
		{Type: typeGuestAssignment, Table: guestAssignmentTable, For: []string{"baseline"}},
		{Type: typeBastion, For: []string{"bastion"}},
		{Type: typeVirtualNetwork, For: []string{"bastion"}},
		{Type: typeNetworkInterface, For: []string{"bastion"}},
	}...),
	Get:  machineVersion,
	Read: readVM,
}

// vmData is what is read of a virtual machine
// (learn.microsoft.com/rest/api/compute/virtual-machines/get).
type vmData struct {
	Properties struct {
		StorageProfile *struct {
			ImageReference struct{ Publisher string }
			OSDisk         vmDisk
			DataDisks      []vmDisk
		}
		OSProfile       *vmSystem
		SecurityProfile struct { // absent: not set, as the API documents
			SecurityType string
			UEFISettings struct{ SecureBootEnabled, VTPMEnabled bool }
		}
		NetworkProfile struct{ NetworkInterfaces []idRef }
	}
}

type vmDisk struct {
	OSType       string
	CreateOption string
	VHD          *struct{ URI string }
	ManagedDisk  *idRef
}

// vmSystem is how Azure set up the system of a machine.
type vmSystem struct {
	LinuxConfiguration *struct {
		DisablePasswordAuthentication *bool
		PatchSettings                 patchSettings
	}
	WindowsConfiguration *struct{ PatchSettings patchSettings }
}

// patchSettings are absent where they are those of the image, which looks for
// nothing by itself.
type patchSettings struct{ AssessmentMode string }

func readVM(r *engine.Reading) any {
	var data vmData
	r.Decode(&data)
	p := &data.Properties
	doc := &VirtualMachine{
		SecurityType: p.SecurityProfile.SecurityType,
		SecureBoot:   p.SecurityProfile.UEFISettings.SecureBootEnabled,
		VTPM:         p.SecurityProfile.UEFISettings.VTPMEnabled,
		Managed:      r.Managed(),
	}
	readVMDisks(r, &data, doc)
	readVMSystem(r, &data, doc)
	readVMExtensions(r, doc)
	readInstanceView(r, doc)
	readVMAssessments(r, doc)
	readBaseline(r, doc)
	readVMAccess(r, &data, doc)
	readVMRecovery(r, doc)
	return doc
}

// readVMDisks reads what the machine was made of.
func readVMDisks(r *engine.Reading, data *vmData, doc *VirtualMachine) {
	storage := engine.Need(r, data.Properties.StorageProfile, "os", "unmanaged_disks", "image_publisher")
	if data.Properties.StorageProfile == nil {
		return
	}
	switch doc.OS = strings.ToLower(storage.OSDisk.OSType); doc.OS {
	case "linux", "windows":
	case "":
		r.Absent("read "+r.Type, "os")
	default:
		r.Strange("system", "os")
	}
	doc.ImagePublisher = storage.ImageReference.Publisher
	for _, disk := range append(storage.DataDisks, storage.OSDisk) {
		switch {
		case disk.VHD != nil:
			doc.UnmanagedDisks++
		case disk.ManagedDisk == nil:
			r.Absent("read "+r.Type, "unmanaged_disks")
		}
	}
}

// readVMSystem reads how Azure set up the machine's system. Azure knows nothing of
// a system whose disk was finished before.
func readVMSystem(r *engine.Reading, data *vmData, doc *VirtualMachine) {
	storage := data.Properties.StorageProfile
	if storage == nil { // every machine has it: what else is absent need not be unset
		r.Absent("read "+r.Type, "provisioned", "password_login", "assesses_patches", "security_type", "secure_boot", "vtpm")
		return
	}
	doc.Provisioned = !strings.EqualFold(storage.OSDisk.CreateOption, "Attach")
	if !doc.Provisioned {
		return
	}
	system := engine.Need(r, data.Properties.OSProfile, "password_login", "assesses_patches")
	switch {
	case system.LinuxConfiguration != nil:
		linux := system.LinuxConfiguration
		doc.PasswordLogin = linux.DisablePasswordAuthentication == nil || !*linux.DisablePasswordAuthentication // absent: it is allowed
		doc.AssessesPatches = linux.PatchSettings.byPlatform()
	case system.WindowsConfiguration != nil:
		doc.AssessesPatches = system.WindowsConfiguration.PatchSettings.byPlatform()
	default:
		r.Absent("read "+r.Type, "password_login", "assesses_patches")
	}
}

func (p patchSettings) byPlatform() bool {
	return strings.EqualFold(p.AssessmentMode, "AutomaticByPlatform")
}

// vmExtension is what is read of an extension of a machine.
type vmExtension struct {
	ID         string
	Properties struct{ Publisher, Type, ProvisioningState string }
}

// PointsTo implements engine.Pointer.
func (e vmExtension) PointsTo() []string { return []string{engine.Parent(e.ID)} }

// installed reports whether the extension is there and works.
func (e vmExtension) installed() bool {
	return strings.EqualFold(e.Properties.ProvisioningState, "Succeeded")
}

// endpointProtection are the extensions of Defender for Endpoint and of
// Microsoft Antimalware, in lower case.
var endpointProtection = []string{
	"microsoft.azure.azuredefenderforservers.mde.linux", "microsoft.azure.azuredefenderforservers.mde.windows", "microsoft.azure.security.iaasantimalware",
}

func readVMExtensions(r *engine.Reading, doc *VirtualMachine) {
	for _, extension := range engine.Pointing[vmExtension](r, typeVMExtension, r.ID, "attested", "other_extensions", "endpoint_protection") {
		e := &extension.Data
		name := strings.ToLower(e.Properties.Publisher + "." + e.Properties.Type)
		if !strings.HasPrefix(name, "microsoft.") {
			doc.OtherExtensions = append(doc.OtherExtensions, name)
		}
		attests, protects := strings.HasSuffix(name, ".guestattestation"), slices.Contains(endpointProtection, name)
		if e.Properties.ProvisioningState == "" && attests {
			r.Absent("read "+typeVMExtension, "attested")
		}
		doc.Attested = doc.Attested || e.installed() && attests
		doc.EndpointProtection = doc.EndpointProtection || e.installed() && protects
	}
	slices.Sort(doc.OtherExtensions)
}

// instanceFields are the fields that the state of a machine gives. Resource
// Graph has the patches too, in a table that no custom role can be given.
var instanceFields = []string{"running", "patches_missing", "patches_days"}

// readInstanceView reads the state of the machine
// (learn.microsoft.com/rest/api/compute/virtual-machines/instance-view).
func readInstanceView(r *engine.Reading, doc *VirtualMachine) {
	if !r.Wants(instanceFields...) {
		return
	}
	var view struct {
		Statuses    []struct{ Code string }
		PatchStatus struct {
			AvailablePatchSummary *struct {
				Status                        string
				CriticalAndSecurityPatchCount *int64
				LastModifiedTime              *time.Time
			}
		}
	}
	err := r.Fetch(readVMInstanceView, "/instanceView", "2024-07-01", &view)
	if !r.Got(err, instanceFields...) {
		return
	}
	power := slices.IndexFunc(view.Statuses, func(s struct{ Code string }) bool { return strings.HasPrefix(s.Code, "PowerState/") })
	if power < 0 {
		r.Absent(readVMInstanceView, "running")
	} else {
		doc.Running = powered(r, view.Statuses[power].Code)
	}
	summary := engine.Need(r, view.PatchStatus.AvailablePatchSummary, "patches_missing", "patches_days")
	if view.PatchStatus.AvailablePatchSummary == nil {
		return
	}
	doc.PatchesMissing = engine.Need(r, summary.CriticalAndSecurityPatchCount, "patches_missing")
	if last := engine.Need(r, summary.LastModifiedTime, "patches_days"); summary.LastModifiedTime != nil {
		doc.PatchesDays = r.Days(last)
	}
	if !strings.EqualFold(summary.Status, "Succeeded") && !strings.EqualFold(summary.Status, "CompletedWithWarnings") {
		r.Strange("end of the search for updates", "patches_missing", "patches_days")
	}
}

// powered reports whether a machine runs, or is about to
// (learn.microsoft.com/azure/virtual-machines/states-billing).
func powered(r *engine.Reading, state string) bool {
	switch strings.TrimPrefix(state, "PowerState/") {
	case "running", "starting":
		return true
	case "stopped", "stopping", "deallocated", "deallocating":
		return false
	}
	r.Strange("power state", "running")
	return false
}
