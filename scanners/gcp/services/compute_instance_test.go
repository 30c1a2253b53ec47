package services

import (
	"testing"

	"google.golang.org/api/compute/v1"

	"posture/internal/posture"
)

// vmSchemas are Google's own types of the test data.
var vmSchemas = map[string]any{
	typeVM + " v1":             compute.Instance{},
	typeComputeProject + " v1": compute.Project{},
}

func TestVMs(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_instance", schemas: vmSchemas, types: []string{typeVM},
		want: map[string]any{
			"bastion": &VM{
				Confidential: true, BlocksProjectSSHKeys: true, OSLogin: true, FullAPIScope: true, SecureBoot: true, VTPM: true,
				IntegrityMonitoring: true, DeletionProtection: true, AutomaticRestart: true, CannotMigrate: true,
			},
			"web-x1y2": &VM{Managed: true, OSLogin: true, AutomaticRestart: true, Migrates: true},
			"legacy": &VM{
				SerialPort: true, DefaultServiceAccount: true, FullAPIScope: true, ForwardsIP: true,
				ExternalAddresses: []string{"203.0.113.7"}, VTPM: true, IntegrityMonitoring: true,
				LosesDisks: []string{"data"}, Preemptible: true,
			},
			"trainer": &VM{
				OSLogin: true, SerialPort: true, DefaultServiceAccount: true,
				ExternalAddresses: []string{"ONE_TO_ONE_NAT", "2001:db8::1"}, AutomaticRestart: true, CannotMigrate: true,
			},
			"gke-apps-pool-1a2b": &VM{
				GKENode: true, Managed: true, SerialPort: true, ForwardsIP: true, AutomaticRestart: true, Migrates: true,
			},
			"no-interfaces": &VM{OSLogin: true, SerialPort: true, AutomaticRestart: true, Migrates: true},
		},
		unread: map[string][]posture.Unread{"no-interfaces": {{Field: "external_addresses", Cause: absent(typeVM)}}},
	}.run(t)
}

func TestComputeProjects(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "compute_instance", schemas: vmSchemas, types: []string{typeComputeProject},
		want: map[string]any{
			"shop-prod": &ComputeProject{OSLogin: true, OSLoginTwoFactor: true},
			"shop-test": &ComputeProject{OSLogin: true, OptedOut: []string{"legacy"}},
		},
	}.run(t)
}
