package services

import (
	"testing"
	"time"
)

func TestVirtualMachines(t *testing.T) {
	lacks := lackingOf(typeVM)
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	silent := func(field string) string {
		return field + ": read " + typeAssessment + ": it is switched off or kept elsewhere (no assessment)"
	}
	refused := func(field string) string {
		return field + ": " + readVMInstanceView + ": access denied; grant " + readVMInstanceView
	}
	serviceTest{
		data:  "compute",
		types: []string{typeVM},
		want: map[string]any{
			"virtualMachines vm-good": &VirtualMachine{
				OS: "linux", Provisioned: true, SecurityType: "TrustedLaunch", SecureBoot: true, VTPM: true, Attested: true,
				ImagePublisher: "Canonical",
				Running:        true, AssessesPatches: true, PatchesDays: 1,
				EndpointProtection: true, VulnerabilityScanner: true, Baseline: "compliant", JustInTime: true, Bastion: true, Created: created,
			},
			"virtualMachines vm-bad": &VirtualMachine{
				OS: "linux", Provisioned: true, PasswordLogin: true, UnmanagedDisks: 1, ImagePublisher: "acme", OtherExtensions: []string{"acme.agent"},
				Running: true, PatchesMissing: 7, PatchesDays: 40, VulnerabilityDays: 60, Baseline: "noncompliant", Created: created,
			},
			"virtualMachines vm-attached": &VirtualMachine{
				OS: "windows", EndpointProtection: true, Created: created,
			},
			"virtualMachines vm-bare": &VirtualMachine{},
		},
		unread: map[string][]string{
			"virtualMachines vm-attached": {
				"bastion: read " + typeBastion + ": it belongs to another account (peered network)",
				lacks("patches_days"), lacks("patches_missing"), silent("vulnerability_days"), silent("vulnerability_scanner"),
			},
			"virtualMachines vm-bare": {
				lacks("assesses_patches"), lacks("bastion"), lacks("created"), lacks("image_publisher"), lacks("os"), lacks("password_login"), lacks("provisioned"), lacks("unmanaged_disks"),
				lacks("security_type"), lacks("secure_boot"), lacks("vtpm"),
				refused("patches_days"), refused("patches_missing"), refused("running"),
				silent("endpoint_protection"), silent("vulnerability_days"), silent("vulnerability_scanner"),
			},
		},
	}.run(t)
}

func TestDisks(t *testing.T) {
	serviceTest{
		data:  "compute",
		types: []string{"Microsoft.Compute/disks"},
		want: map[string]any{
			"disks os-good":   &Disk{HostEncryption: true, Attached: true},
			"disks data-good": &Disk{CustomerKey: true},
			"disks os-bad":    &Disk{Attached: true},
			"disks disk-ade":  &Disk{GuestEncryption: true},
			"disks disk-bare": &Disk{Managed: true},
		},
		unread: map[string][]string{"disks disk-bare": {lackingOf("Microsoft.Compute/disks")("customer_key")}},
	}.run(t)
}
