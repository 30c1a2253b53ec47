package services

import (
	"testing"

	"posture/scanners/azure/engine"
	"posture/scanners/azure/enginetest"
)

func TestKubernetesClusters(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.ContainerService/managedClusters"
	lacks, odd := lackingOf(typ), strangeOf(typ)
	serviceTest{
		data:  "containers",
		types: []string{typ},
		want: map[string]any{
			"managedClusters aksgood": &KubernetesCluster{
				RBAC: true, Entra: true, NetworkPolicy: "cilium", Tier: "Standard", ZonesOffered: true, ControlPlaneLogs: true, ContainerInsights: true,
				PolicyAddOn: true, Version: "1.34.1", VersionEnd: after("2026-11-30"), UpgradeChannel: "patch",
			},
			"managedClusters aksbad": &KubernetesCluster{
				LocalAccounts: true, AnyNetwork: true, PublicPools: []string{"users"}, NetworkPolicy: "none", Tier: "Free", OneZonePools: []string{"batch", "users"},
				ZonesOffered: true, Version: "1.28.9", VersionEnd: after("2025-01-31"), UpgradeChannel: "none",
			},
			"managedClusters aksranges": &KubernetesCluster{
				RBAC: true, Entra: true, LocalAccounts: true, NetworkPolicy: "azure", Tier: "Premium", ZonesOffered: true, ControlPlaneLogs: true, ContainerInsights: true,
				PolicyAddOn: true, PodSecurityFaults: []string{"privileged containers", "containers as root"},
				Version: "1.32.4", VersionEnd: after("2027-03-31"), UpgradeChannel: "stable",
			},
			"managedClusters aksodd":  &KubernetesCluster{RBAC: true, AnyNetwork: true, Version: "1.99.0"},
			"managedClusters aksbare": &KubernetesCluster{LocalAccounts: true, AnyNetwork: true, NetworkPolicy: "none", ZonesOffered: true, UpgradeChannel: "none"},
		},
		unread: map[string][]string{
			"managedClusters aksodd": {
				odd("tier", "tier"), odd("network policy", "network_policy"), odd("upgrade channel", "upgrade_channel"), odd("version of kubernetes", "version_end"),
			},
			"managedClusters aksbare": {
				lacks("rbac"), lacks("local_accounts"), lacks("network_policy"), lacks("public_pools"), lacks("one_zone_pools"), lacks("tier"),
				lacks("entra"), lacks("any_network"), lacks("container_insights"), lacks("policy_add_on"), lacks("pod_security_faults"), lacks("upgrade_channel"),
				lacks("version"), lacks("version_end"), "control_plane_logs: " + readDiagnosticSettings + ": access denied; grant " + readDiagnosticSettings,
			},
		},
	}.run(t)
}

func TestContainerRegistries(t *testing.T) {
	t.Parallel()
	const typ = "Microsoft.ContainerRegistry/registries"
	lacks := lackingOf(typ)
	missing := "severe_findings: " + readSubAssessments + ": answered with an error (ResourceNotFound)"
	serviceTest{
		data:  "containers",
		types: []string{typ},
		want: map[string]any{
			"registries acrgood":   &ContainerRegistry{Tier: "Premium", CustomerKey: true, PrivateEndpoints: 1, ImagesScanned: true},
			"registries acrbad":    &ContainerRegistry{Tier: "Premium", AdminUser: true, AnyNetwork: true, PrivateEndpoints: 1, ImagesScanned: true, SevereFindings: 2},
			"registries acrranges": &ContainerRegistry{Tier: "Premium", ImagesScanned: true},
			"registries acrbasic":  &ContainerRegistry{Tier: "Basic", AnyNetwork: true, ImagesScanned: true},
			"registries acrbare":   &ContainerRegistry{AnyNetwork: true, ImagesScanned: true},
		},
		unread: map[string][]string{
			"registries acrbasic": {missing},
			"registries acrbare":  {lacks("admin_user"), lacks("any_network"), lacks("customer_key"), lacks("tier"), missing},
		},
	}.run(t)
}

// TestPlansAreReadOnce: what is said of a whole subscription is asked for once.
func TestPlansAreReadOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, "containers")
	want := enginetest.Everything(Registry(), "Microsoft.ContainerRegistry/registries")
	enginetest.Scan(t, Registry(), engine.Root{Tenant: enginetest.Tenant}, enginetest.Options(server), want)
	path := "GET /subscriptions/" + enginetest.Subscription + "/providers/Microsoft.Security/pricings/Containers"
	if n := server.Calls()[path]; n != 1 {
		t.Errorf("%d calls of %s", n, path)
	}
}
