package services

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"posture/scanners"
	"posture/scanners/azure/engine"
)

// KubernetesCluster is what rules may ask of a cluster of AKS.
type KubernetesCluster struct {
	RBAC          bool `json:"rbac"`           // Kubernetes RBAC is on
	Entra         bool `json:"entra"`          // people sign in with Entra ID
	LocalAccounts bool `json:"local_accounts"` // certificates that know no person sign in too

	AnyNetwork    bool     `json:"any_network"`    // every network reaches its API
	PublicPools   []string `json:"public_pools"`   // names of node pools whose nodes have public addresses
	NetworkPolicy string   `json:"network_policy"` // "azure", "calico", "cilium", "none"

	Tier         string   `json:"tier"`           // "Free", "Standard", "Premium"
	OneZonePools []string `json:"one_zone_pools"` // names of node pools that lie in one zone, or in none
	ZonesOffered bool     `json:"zones_offered"`  // its region has zones

	ControlPlaneLogs  bool `json:"control_plane_logs"` // those of the API and its audit are sent somewhere
	ContainerInsights bool `json:"container_insights"` // logs of its containers are sent to Log Analytics

	PolicyAddOn       bool     `json:"policy_add_on"`       // Azure Policy for AKS is installed
	PodSecurityFaults []string `json:"pod_security_faults"` // what its pods do against Defender for Cloud's recommendations: "privileged containers"

	Version        string    `json:"version"`         // "1.33.5"
	VersionEnd     time.Time `json:"version_end"`     // from when it gets no more security fixes
	UpgradeChannel string    `json:"upgrade_channel"` // "patch", "stable", "rapid", "node-image", "none"

	Managed bool `json:"managed"` // another service made it and keeps it
}

var kubernetesClusters = engine.Service{
	Type: scanners.Type{
		Name:    "Microsoft.ContainerService/managedClusters",
		Service: "aks",
		Doc:     KubernetesCluster{},
		Calls:   []scanners.Call{diagnosticCall("control_plane_logs"), assessmentsCall("pod_security_faults"), zonesCall("zones_offered")},
		Console: scanners.Console{Path: engine.OnePage},
	},
	Get:  clusterVersion,
	Read: readKubernetesCluster,
}

// clusterVersion is of the API of clusters.
const clusterVersion = "2025-05-01"

// kubernetesData is what is read of a cluster
// (learn.microsoft.com/rest/api/aks/managed-clusters/get). What was never set
// up is absent, as az aks show documents it: sign-in by Entra ID, limits of its
// API, add-ons, a channel for upgrades, network policy.
type kubernetesData struct {
	SKU struct{ Tier string }

	Properties struct {
		EnableRBAC               *bool
		AADProfile               *struct{}
		DisableLocalAccounts     *bool
		KubernetesVersion        string
		CurrentKubernetesVersion string
		SupportPlan              string
		APIServerAccessProfile   struct {
			EnablePrivateCluster bool
			AuthorizedIPRanges   []string
		}
		AgentPoolProfiles *[]struct {
			Name               string
			AvailabilityZones  []string
			EnableNodePublicIP bool
		}
		NetworkProfile      *struct{ NetworkPolicy string }
		AddonProfiles       map[string]struct{ Enabled bool }
		AzureMonitorProfile struct {
			ContainerInsights struct{ Enabled bool }
		}
		AutoUpgradeProfile struct{ UpgradeChannel string }
	}
}

// addOn reports whether an add-on is on. Its name comes in more than one case.
func (d kubernetesData) addOn(name string) bool {
	for key, profile := range d.Properties.AddonProfiles {
		if strings.EqualFold(key, name) {
			return profile.Enabled
		}
	}
	return false
}

func readKubernetesCluster(r *engine.Reading) any {
	var data kubernetesData
	r.Decode(&data)
	p := data.Properties
	doc := &KubernetesCluster{
		RBAC:              engine.Need(r, p.EnableRBAC, "rbac"),
		Entra:             p.AADProfile != nil,
		LocalAccounts:     !engine.Need(r, p.DisableLocalAccounts, "local_accounts"),
		NetworkPolicy:     "none",
		Tier:              oneOf(r, "tier", data.SKU.Tier, "tier", "Free", "Standard", "Premium"),
		ZonesOffered:      hasZones(r, "zones_offered"),
		ControlPlaneLogs:  controlPlaneLogs(diagnosticSettings(r, "", "control_plane_logs")),
		ContainerInsights: data.addOn("omsagent") || p.AzureMonitorProfile.ContainerInsights.Enabled,
		PolicyAddOn:       data.addOn("azurepolicy"),
		UpgradeChannel:    oneOf(r, "upgrade channel", cmp.Or(p.AutoUpgradeProfile.UpgradeChannel, "none"), "upgrade_channel", "none", "patch", "stable", "rapid", "node-image"),
		Managed:           r.Managed(),
	}
	if p.AgentPoolProfiles == nil || p.NetworkProfile == nil { // every cluster has them: what else is absent need not be unset
		r.Absent("read "+r.Type, "entra", "any_network", "container_insights", "policy_add_on", "pod_security_faults", "upgrade_channel")
	}
	if network := engine.Need(r, p.NetworkProfile, "network_policy"); network.NetworkPolicy != "" {
		doc.NetworkPolicy = oneOf(r, "network policy", network.NetworkPolicy, "network_policy", "none", "azure", "calico", "cilium")
	}
	if api := p.APIServerAccessProfile; !api.EnablePrivateCluster {
		doc.AnyNetwork = len(api.AuthorizedIPRanges) == 0 || internet(r, api.AuthorizedIPRanges, "any_network")
	}
	for _, pool := range engine.Need(r, p.AgentPoolProfiles, "public_pools", "one_zone_pools") {
		if pool.EnableNodePublicIP {
			doc.PublicPools = append(doc.PublicPools, pool.Name)
		}
		if len(pool.AvailabilityZones) < 2 {
			doc.OneZonePools = append(doc.OneZonePools, pool.Name)
		}
	}
	if doc.PolicyAddOn && r.Wants("pod_security_faults") {
		doc.PodSecurityFaults = unhealthy(r, podSecurity, "pod_security_faults")
	}
	readKubernetesVersion(r, cmp.Or(p.CurrentKubernetesVersion, p.KubernetesVersion), p.SupportPlan, doc)
	slices.Sort(doc.PublicPools)
	slices.Sort(doc.OneZonePools)
	return doc
}

// controlPlaneLogs reports whether the logs of the API and its audit are sent
// somewhere. The audit log comes with or without what is only read.
func controlPlaneLogs(settings []diagnosticSetting) bool {
	return sends(settings, []string{"kube-apiserver"}) &&
		(sends(settings, []string{"kube-audit"}, "audit") || sends(settings, []string{"kube-audit-admin"}, "audit"))
}

// readKubernetesVersion reads the version and from when it gets no more
// security fixes, which is a year later with long-term support.
func readKubernetesVersion(r *engine.Reading, version, plan string, doc *KubernetesCluster) {
	if version == "" {
		r.Absent("read "+r.Type, "version", "version_end")
		return
	}
	doc.Version = version
	numbers := strings.Split(version, ".")
	short := "kubernetes " + strings.Join(numbers[:min(2, len(numbers))], ".")
	if oneOf(r, "support plan", cmp.Or(plan, "KubernetesOfficial"), "version_end", "KubernetesOfficial", "AKSLongTermSupport") == "AKSLongTermSupport" { // absent: the first, as the API documents
		short += " long-term"
	}
	doc.VersionEnd = supportEnd(r, short, "version_end")
}
