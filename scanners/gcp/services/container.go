package services

import (
	"context"
	"slices"
	"strings"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// GKECluster is what rules may ask of a cluster of Google Kubernetes Engine.
// A list of node pools names those that lack something; pools that GKE makes
// when they are needed are one of them, autoProvisioned. What Google fixes of
// Autopilot clusters is as it fixes it.
type GKECluster struct {
	Autopilot            bool     `json:"autopilot"`                // Google runs its nodes
	Alpha                bool     `json:"alpha"`                    // of Kubernetes' alpha features: it is never upgraded, and is deleted after 30 days
	Composer             bool     `json:"composer"`                 // Cloud Composer made it for an environment, and keeps it as it is
	SecretsKey           string   `json:"secrets_key"`              // the key of Cloud KMS that encrypts Kubernetes secrets; "" for none
	LogsSystem           bool     `json:"logs_system"`              // logs of Kubernetes' own parts go to Cloud Logging
	LogsWorkloads        bool     `json:"logs_workloads"`           // and those of what runs in it
	Monitored            bool     `json:"monitored"`                // metrics of Kubernetes' own parts go to Cloud Monitoring
	ABAC                 bool     `json:"abac"`                     // legacy authorization, which IAM and RBAC do not limit
	BasicAuth            bool     `json:"basic_auth"`               // a user name and a password open it
	ClientCertificate    bool     `json:"client_certificate"`       // a certificate that cannot be revoked opens it
	WorkloadIdentity     bool     `json:"workload_identity"`        // workloads have identities of their own
	PoolsWithoutIdentity []string `json:"pools_without_identity"`   // pods reach the node's metadata and its service account
	PoolsOnDefault       []string `json:"pools_on_default_account"` // nodes run as the default service account of Compute Engine
	Regional             bool     `json:"regional"`                 // its control plane is in several zones
	PoolsWithoutRepair   []string `json:"pools_without_repair"`     // broken nodes stay
	PrivateNodes         bool     `json:"private_nodes"`            // nodes have no external addresses, by default
	PublicPools          []string `json:"public_pools"`             // whose nodes have external addresses
	PublicEndpoint       bool     `json:"public_endpoint"`          // its control plane has an external address
	AuthorizedNetworks   bool     `json:"authorized_networks"`      // that admits named networks only
	GoogleCloudAccess    bool     `json:"google_cloud_access"`      // external addresses of every customer of Google Cloud are admitted, too
	OpenNetworks         []string `json:"open_networks"`            // named networks that are the whole internet
	NetworkPolicy        bool     `json:"network_policy"`           // network policies between pods are enforced
	ReleaseChannel       string   `json:"release_channel"`          // RAPID, REGULAR, STABLE or EXTENDED; "" for none
	PoolsWithoutUpgrade  []string `json:"pools_without_upgrade"`    // nodes are not upgraded automatically
	ShieldedNodes        bool     `json:"shielded_nodes"`           // nodes prove what they are
}

var gkeClusters = engine.Service{
	Type: scanners.Type{
		Name:    "container.googleapis.com/Cluster",
		Doc:     GKECluster{},
		Console: scanners.Console{Path: "/kubernetes/clusters/details/{place}/{clusters}/details?project={project}"},
	},
	Versions: []string{"v1", "v1beta1", "v1alpha1"},
	Get: []engine.Get{{
		Op: "container.clusters.get", Permission: "container.clusters.get", Root: "https://container.googleapis.com/v1/", Version: "v1",
	}},
	Read: readGKECluster,
}

func readGKECluster(_ context.Context, r *engine.Reading) any {
	var data gkeData
	r.Decode(&data)
	doc := &GKECluster{
		Autopilot: data.Autopilot.Enabled, Alpha: data.Alpha, Composer: data.Labels["goog-composer-environment"] != "", ABAC: data.LegacyABAC.Enabled, BasicAuth: data.Auth.Username != "",
		ClientCertificate: data.Auth.Issue.Certificate || data.Auth.Certificate != "",
		WorkloadIdentity:  data.WorkloadIdentity.Pool != "", ShieldedNodes: data.Shielded.Enabled,
		NetworkPolicy: data.NetworkPolicy.Enabled || data.Network.Datapath == "ADVANCED_DATAPATH",
	}
	if data.encryptsSecrets() {
		doc.SecretsKey = data.Encryption.Key
	}
	if data.Channel.Channel != "UNSPECIFIED" {
		doc.ReleaseChannel = data.Channel.Channel
	}
	location := engine.Need(r, data.Location, "regional")
	doc.Regional = location != "" && strings.Count(location, "-") < 2 // "europe-west1", not "europe-west1-b"
	if doc.Autopilot {
		doc.Regional, doc.WorkloadIdentity, doc.ShieldedNodes, doc.NetworkPolicy = true, true, true, true
	}
	readGKETelemetry(&data, doc)
	readGKEAccess(r, &data, doc)
	readGKEPools(r, &data, doc)
	return doc
}

// readGKETelemetry says what goes to Cloud Logging and Monitoring: by
// components, or all where the cluster is older than these.
func readGKETelemetry(data *gkeData, doc *GKECluster) {
	if logs := data.Logging.Components; logs != nil {
		doc.LogsSystem, doc.LogsWorkloads = slices.Contains(logs.Enabled, "SYSTEM_COMPONENTS"), slices.Contains(logs.Enabled, "WORKLOADS")
	} else {
		doc.LogsSystem = strings.HasPrefix(data.LoggingService, "logging.googleapis.com")
		doc.LogsWorkloads = doc.LogsSystem
	}
	if metrics := data.Monitoring.Components; metrics != nil {
		doc.Monitored = slices.Contains(metrics.Enabled, "SYSTEM_COMPONENTS")
	} else {
		doc.Monitored = strings.HasPrefix(data.MonitoringService, "monitoring.googleapis.com")
	}
}

// readGKEAccess says who reaches the control plane. The newer settings, where
// there are any, repeat the older ones.
func readGKEAccess(r *engine.Reading, data *gkeData, doc *GKECluster) {
	doc.PrivateNodes = data.Private.Nodes || data.Network.PrivateNodes
	doc.PublicEndpoint = !data.Private.Endpoint
	authorized := data.Authorized
	if ip := data.Endpoints.IP; ip != nil {
		doc.PublicEndpoint = ip.public(doc.PublicEndpoint)
		if ip.Authorized != nil {
			authorized = *ip.Authorized
		}
	}
	doc.AuthorizedNetworks = authorized.Enabled
	doc.GoogleCloudAccess = !doc.PrivateNodes // what GKE does where nobody said
	if authorized.GoogleCloud != nil {
		doc.GoogleCloudAccess = *authorized.GoogleCloud
	}
	doc.OpenNetworks = openNetworks(r, authorized.ranges(), "open_networks")
}

func readGKEPools(r *engine.Reading, data *gkeData, doc *GKECluster) {
	if len(data.Pools) == 0 && !doc.Autopilot { // nodes may come and go, but a cluster has a pool
		r.Lacks(r.Type, "pools_without_identity", "pools_on_default_account",
			"pools_without_repair", "pools_without_upgrade", "public_pools")
	}
	for _, pool := range data.Pools {
		addTo(&doc.PoolsWithoutIdentity, pool.Name, pool.Config.Metadata.Mode != "GKE_METADATA" && !doc.Autopilot)
		addTo(&doc.PoolsOnDefault, pool.Name, defaultNodeAccount(pool.Config.Account))
		addTo(&doc.PoolsWithoutRepair, pool.Name, !pool.Management.AutoRepair && !doc.Autopilot)
		addTo(&doc.PoolsWithoutUpgrade, pool.Name, !pool.Management.AutoUpgrade && !doc.Autopilot)
		private := doc.PrivateNodes
		if pool.Network.Private != nil {
			private = *pool.Network.Private
		}
		addTo(&doc.PublicPools, pool.Name, !private)
	}
	readGKEProvisioning(r, data, doc)
}

// autoProvisioned stands for the node pools that GKE makes when they are needed.
const autoProvisioned = "auto-provisioned nodes"

// readGKEProvisioning says how the nodes are set up that GKE makes when they are
// needed: all of Autopilot, and those of node auto-provisioning.
func readGKEProvisioning(r *engine.Reading, data *gkeData, doc *GKECluster) {
	if !doc.Autopilot && !data.Autoscaling.Provisions {
		return
	}
	defaults := data.Autoscaling.Defaults
	if defaults == nil {
		if !doc.Autopilot || len(data.Pools) == 0 { // pools of Autopilot are all made by it, and show how
			r.Lacks(r.Type, "pools_on_default_account")
		}
		return
	}
	addTo(&doc.PoolsOnDefault, autoProvisioned, defaultNodeAccount(defaults.Account))
	if m := defaults.Management; m != nil && !doc.Autopilot { // both are on where nobody said
		addTo(&doc.PoolsWithoutRepair, autoProvisioned, !m.AutoRepair)
		addTo(&doc.PoolsWithoutUpgrade, autoProvisioned, !m.AutoUpgrade)
	}
}

// defaultNodeAccount reports whether nodes run as the default service account,
// which they do where none is named.
func defaultNodeAccount(email string) bool { return email == "" || defaultServiceAccount(email) }

func addTo(names *[]string, name string, add bool) {
	if add {
		*names = append(*names, name)
	}
}
