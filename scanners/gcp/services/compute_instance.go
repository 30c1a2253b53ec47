package services

import (
	"context"
	"regexp"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// VM is what rules may ask of a virtual machine of Compute Engine.
type VM struct {
	GKENode               bool     `json:"gke_node"`                // a node of a GKE cluster, which the cluster's rules judge
	Managed               bool     `json:"managed"`                 // a managed instance group, Dataproc or Dataflow made it, and replaces it
	Confidential          bool     `json:"confidential"`            // its memory is encrypted by its processor
	BlocksProjectSSHKeys  bool     `json:"blocks_project_ssh_keys"` // SSH keys of the project do not open it
	OSLogin               bool     `json:"os_login"`                // by its own metadata or the project's: SSH keys in metadata count for nothing
	SerialPort            bool     `json:"serial_port"`             // the interactive serial port is on, by its own metadata or the project's, and no organization policy forbids it
	DefaultServiceAccount bool     `json:"default_service_account"` // it runs as the default service account of Compute Engine
	FullAPIScope          bool     `json:"full_api_scope"`          // its access tokens are good for every API
	ForwardsIP            bool     `json:"forwards_ip"`             // it may send and receive packets of others
	ExternalAddresses     []string `json:"external_addresses"`      // one entry per external access; the kind of it where no address is assigned now
	SecureBoot            bool     `json:"secure_boot"`             // it boots signed software only
	VTPM                  bool     `json:"vtpm"`                    // it has a virtual trusted platform module
	IntegrityMonitoring   bool     `json:"integrity_monitoring"`    // what it boots is compared with a baseline
	DeletionProtection    bool     `json:"deletion_protection"`     // it cannot be deleted by mistake
	LosesDisks            []string `json:"loses_disks"`             // data disks that are deleted along with it
	AutomaticRestart      bool     `json:"automatic_restart"`       // it is started again after a crash
	Migrates              bool     `json:"migrates"`                // it moves on while its host is maintained, rather than stop
	CannotMigrate         bool     `json:"cannot_migrate"`          // for its accelerators, its confidential memory, or because it is a whole host
	Preemptible           bool     `json:"preemptible"`             // it may be taken away at any time
}

const (
	typeVM             = "compute.googleapis.com/Instance"
	typeComputeProject = "compute.googleapis.com/Project"
)

var virtualMachines = engine.Service{
	Type: scanners.Type{
		Name:    typeVM,
		Doc:     VM{},
		Calls:   []scanners.Call{{Op: opEffectivePolicy, Permission: "orgpolicy.policy.get", For: []string{"serial_port"}}},
		Console: scanners.Console{Path: "/compute/instancesDetail/zones/{zones}/instances/{instances}?project={project}"},
	},
	Versions: computeVersions,
	OrgRules: []string{"serial_port"},
	Joins: []engine.Join{
		{Type: typeComputeProject, For: []string{"os_login", "serial_port"}},
		{Type: typeOrgPolicy, For: []string{"serial_port"}},
	},
	Get:  []engine.Get{computeGet("instances")},
	Read: readVM,
}

// vmData is what is read of a virtual machine (compute.instances.get). The
// API leaves out what is false: an absent switch is off, except those that
// are pointers here.
type vmData struct {
	engine.Labelled `gives:"tags,gke_node,managed"`
	Name            string   `gives:"gke_node,managed"`
	MachineType     string   `gives:"cannot_migrate"` // URL
	Metadata        metadata `gives:"managed,blocks_project_ssh_keys,os_login,serial_port"`
	ServiceAccounts []struct {
		Email  string   `gives:"default_service_account"`
		Scopes []string `gives:"full_api_scope"`
	} `json:"serviceAccounts" gives:"default_service_account,full_api_scope"`
	CanIPForward       bool                               `json:"canIpForward" gives:"forwards_ip"`
	DeletionProtection bool                               `json:"deletionProtection" gives:"deletion_protection"`
	Interfaces         []vmInterface                      `json:"networkInterfaces" gives:"external_addresses"`
	Disks              []vmDisk                           `gives:"loses_disks"`
	Scheduling         vmScheduling                       `gives:"automatic_restart,migrates,preemptible"`
	Accelerators       []struct{ AcceleratorType string } `json:"guestAccelerators" gives:"cannot_migrate"`
	Shielded           struct {
		SecureBoot bool `json:"enableSecureBoot" gives:"secure_boot"`
		VTPM       bool `json:"enableVtpm" gives:"vtpm"`
		Integrity  bool `json:"enableIntegrityMonitoring" gives:"integrity_monitoring"`
	} `json:"shieldedInstanceConfig" gives:"secure_boot,vtpm,integrity_monitoring"`
	Confidential struct {
		Enabled bool   `json:"enableConfidentialCompute"`
		Kind    string `json:"confidentialInstanceType"`
	} `json:"confidentialInstanceConfig" gives:"confidential,cannot_migrate"`
}

type vmInterface struct {
	Access  []vmAccess `json:"accessConfigs"`
	Access6 []vmAccess `json:"ipv6AccessConfigs"`
}

type vmAccess struct {
	Kind    string `json:"type"` // ONE_TO_ONE_NAT or DIRECT_IPV6
	Address string `json:"natIP"`
	IPv6    string `json:"externalIpv6"`
}

type vmDisk struct {
	Device     string `json:"deviceName"`
	Source     string // URL of the disk
	Kind       string `json:"type"` // PERSISTENT or SCRATCH
	Boot       bool
	AutoDelete bool
}

type vmScheduling struct {
	AutomaticRestart  *bool  `gives:"automatic_restart"` // on by default
	OnHostMaintenance string `gives:"migrates"`          // MIGRATE, the default, or TERMINATE
	Preemptible       bool   `gives:"preemptible,migrates"`
	Model             string `json:"provisioningModel" gives:"preemptible,migrates"` // SPOT is what preemptible is called now
}

// hostBound matches the types of machines that are a whole host, or have TPUs.
var hostBound = regexp.MustCompile(`-metal$|^ct[0-9]`)

func (s vmScheduling) preemptible() bool { return s.Preemptible || s.Model == "SPOT" }

// gkeNode reports whether a name and labels are those of a node of GKE.
func gkeNode(name string, labels map[string]string) bool {
	_, labeled := labels["goog-gke-node"]
	return labeled && gkeName(name)
}

func gkeName(name string) bool {
	return strings.HasPrefix(name, "gke-") || strings.HasPrefix(name, "gk3-") // the latter: Autopilot
}

// dataprocNode reports whether a name and labels are those of a node of a
// Dataproc cluster, which Dataproc makes and deletes.
func dataprocNode(name string, labels map[string]string) bool {
	rest, of := strings.CutPrefix(name, labels["goog-dataproc-cluster-name"]+"-")
	kind, _, _ := strings.Cut(rest, "-")
	return labels["goog-dataproc-cluster-name"] != "" && of && (kind == "m" || kind == "w" || kind == "sw")
}

func readVM(ctx context.Context, r *engine.Reading) any {
	var data vmData
	r.Decode(&data)
	confidential := data.Confidential.Enabled || data.Confidential.Kind != "" && data.Confidential.Kind != "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED"
	doc := &VM{
		GKENode: gkeNode(data.Name, data.Labels), Managed: data.Metadata.managed() || dataprocNode(data.Name, data.Labels) || dataflowWorker(data.Name, data.Labels), Confidential: confidential,
		ForwardsIP: data.CanIPForward, ExternalAddresses: data.externalAddresses(),
		SecureBoot: data.Shielded.SecureBoot, VTPM: data.Shielded.VTPM, IntegrityMonitoring: data.Shielded.Integrity,
		DeletionProtection: data.DeletionProtection, LosesDisks: data.losesDisks(),
		AutomaticRestart: data.Scheduling.AutomaticRestart == nil || *data.Scheduling.AutomaticRestart,
		Preemptible:      data.Scheduling.preemptible(), CannotMigrate: len(data.Accelerators) > 0 || confidential || hostBound.MatchString(engine.LastOf(data.MachineType)),
	}
	doc.Migrates = data.Scheduling.OnHostMaintenance != "TERMINATE" && !doc.Preemptible
	if len(data.Interfaces) == 0 { // every machine has one
		r.Lacks(r.Type, "external_addresses")
	}
	doc.DefaultServiceAccount, doc.FullAPIScope = data.access()
	doc.BlocksProjectSSHKeys = data.Metadata.on("block-project-ssh-keys")
	doc.OSLogin = metadataOn(r, data.Metadata, "enable-oslogin", "os_login")
	// This organization policy overrides the metadata; compute.requireOsLogin,
	// and the managed policies, only bear on changes of it.
	doc.SerialPort = metadataOn(r, data.Metadata, "serial-port-enable", "serial_port") &&
		!inForce(ctx, r, "serial_port", force{"compute.disableSerialPortAccess", enforces})
	return doc
}

// access returns whether the machine runs as a default service account, and
// whether with all scopes.
func (d *vmData) access() (isDefault, full bool) {
	for _, account := range d.ServiceAccounts {
		isDefault = isDefault || defaultServiceAccount(account.Email)
		for _, scope := range account.Scopes {
			full = full || scope == "https://www.googleapis.com/auth/cloud-platform"
		}
	}
	return isDefault, full
}

// defaultServiceAccount reports whether the name is that of a project's
// default service account of Compute Engine.
func defaultServiceAccount(email string) bool {
	return email == "default" || strings.HasSuffix(email, "-compute@developer.gserviceaccount.com")
}

func (d *vmData) externalAddresses() []string {
	var found []string
	for _, i := range d.Interfaces {
		for _, access := range append(i.Access, i.Access6...) {
			switch {
			case access.Address != "":
				found = append(found, access.Address)
			case access.IPv6 != "":
				found = append(found, access.IPv6)
			default:
				found = append(found, access.Kind)
			}
		}
	}
	return found
}

func (d *vmData) losesDisks() []string {
	var found []string
	for _, disk := range d.Disks {
		if disk.AutoDelete && !disk.Boot && disk.Kind != "SCRATCH" {
			found = append(found, disk.Device)
		}
	}
	return found
}

// computeProjectData is what is read of a project's settings in Compute
// Engine (compute.projects.get).
type computeProjectData struct {
	Metadata metadata `json:"commonInstanceMetadata" gives:"os_login,os_login_two_factor"`
}

// metadataOn reports whether the machine's metadata switches something on: its
// own where it has the key, else that of its project.
func metadataOn(r *engine.Reading, own metadata, key, field string) bool {
	if value, ok := own[key]; ok {
		return isOn(value)
	}
	projects := engine.Siblings[computeProjectData](r, typeComputeProject, field)
	for _, project := range projects {
		if value, ok := project.Data.Metadata[key]; ok {
			return isOn(value)
		}
	}
	if len(projects) == 0 {
		r.Missing(typeComputeProject, field)
	}
	return false
}
