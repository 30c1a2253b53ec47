package services

// gkeData is what is read of a cluster (container.clusters.get). The API
// leaves out what is false: an absent switch is off.
type gkeData struct {
	Labels     map[string]string      `json:"resourceLabels" gives:"tags,composer"`
	Alpha      bool                   `json:"enableKubernetesAlpha" gives:"alpha"`
	Location   *string                `gives:"regional"` // a region or a zone
	Autopilot  struct{ Enabled bool } `gives:"autopilot,regional,workload_identity,shielded_nodes,network_policy,pools_without_identity,pools_on_default_account,pools_without_repair,pools_without_upgrade,public_pools"`
	LegacyABAC struct{ Enabled bool } `gives:"abac"`
	Auth       gkeAuth                `json:"masterAuth" gives:"basic_auth,client_certificate"`
	Encryption struct {
		State   string // what is asked for
		Current string `json:"currentState"`
		Key     string `json:"keyName"`
	} `json:"databaseEncryption" gives:"secrets_key"`
	LoggingService    string       `gives:"logs_system,logs_workloads"`
	MonitoringService string       `gives:"monitored"`
	Logging           gkeTelemetry `json:"loggingConfig" gives:"logs_system,logs_workloads"`
	Monitoring        gkeTelemetry `json:"monitoringConfig" gives:"monitored"`
	WorkloadIdentity  struct {
		Pool string `json:"workloadPool"`
	} `json:"workloadIdentityConfig" gives:"workload_identity"`
	Private struct {
		Nodes    bool `json:"enablePrivateNodes" gives:"private_nodes,google_cloud_access,public_pools"`
		Endpoint bool `json:"enablePrivateEndpoint" gives:"public_endpoint"`
	} `json:"privateClusterConfig" gives:"private_nodes,google_cloud_access,public_pools,public_endpoint"`
	Authorized gkeNetworks `json:"masterAuthorizedNetworksConfig" gives:"authorized_networks,google_cloud_access,open_networks"`
	Endpoints  struct {
		IP *gkeEndpoints `json:"ipEndpointsConfig"`
	} `json:"controlPlaneEndpointsConfig" gives:"public_endpoint,authorized_networks,google_cloud_access,open_networks"`
	Network struct {
		Datapath     string `json:"datapathProvider" gives:"network_policy"`
		PrivateNodes bool   `json:"defaultEnablePrivateNodes" gives:"private_nodes,google_cloud_access,public_pools"`
	} `json:"networkConfig" gives:"network_policy,private_nodes,google_cloud_access,public_pools"`
	NetworkPolicy struct{ Enabled bool }   `gives:"network_policy"`
	Channel       struct{ Channel string } `json:"releaseChannel" gives:"release_channel"`
	Shielded      struct{ Enabled bool }   `json:"shieldedNodes" gives:"shielded_nodes"`
	Pools         []gkePool                `json:"nodePools" gives:"pools_without_identity,pools_on_default_account,pools_without_repair,pools_without_upgrade,public_pools"`
	Autoscaling   struct {
		Provisions bool         `json:"enableNodeAutoprovisioning"`
		Defaults   *gkeDefaults `json:"autoprovisioningNodePoolDefaults"`
	} `gives:"pools_on_default_account,pools_without_repair,pools_without_upgrade"`
}

// gkeDefaults is how GKE sets up the node pools that it makes by itself.
type gkeDefaults struct {
	Account    string         `json:"serviceAccount" gives:"pools_on_default_account"`
	Management *gkeManagement `gives:"pools_without_repair,pools_without_upgrade"`
}

func (d gkeData) Tags() map[string]string { return d.Labels }

// encryptsSecrets reports whether the cluster encrypts secrets with the key.
// What it does now decides, where it says so.
func (d *gkeData) encryptsSecrets() bool {
	switch d.Encryption.Current {
	case "", "CURRENT_STATE_UNSPECIFIED":
		return d.Encryption.State == "ENCRYPTED" || d.Encryption.State == "ALL_OBJECTS_ENCRYPTION_ENABLED"
	default:
		return d.Encryption.Current == "CURRENT_STATE_ENCRYPTED" || d.Encryption.Current == "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED"
	}
}

// gkeAuth leaves out the password and the key, which the inventory may hold.
type gkeAuth struct {
	Username    string `gives:"basic_auth"`
	Certificate string `json:"clientCertificate" gives:"client_certificate"`
	Issue       struct {
		Certificate bool `json:"issueClientCertificate"`
	} `json:"clientCertificateConfig" gives:"client_certificate"`
}

type gkeTelemetry struct {
	Components *struct {
		Enabled []string `json:"enableComponents"`
	} `json:"componentConfig"`
}

type gkeNetworks struct {
	Enabled     bool  `gives:"authorized_networks"`
	GoogleCloud *bool `json:"gcpPublicCidrsAccessEnabled" gives:"google_cloud_access"`
	Blocks      []struct {
		CIDR string `json:"cidrBlock"`
	} `json:"cidrBlocks" gives:"open_networks"`
}

func (n *gkeNetworks) ranges() []string {
	var ranges []string
	for _, block := range n.Blocks {
		ranges = append(ranges, block.CIDR)
	}
	return ranges
}

type gkeEndpoints struct {
	Enabled    *bool        `gives:"public_endpoint"` // by addresses at all
	Public     *bool        `json:"enablePublicEndpoint" gives:"public_endpoint"`
	Authorized *gkeNetworks `json:"authorizedNetworksConfig" gives:"authorized_networks,google_cloud_access,open_networks"`
}

// public reports whether the control plane has an external address, which is
// otherwise where these settings do not say.
func (e gkeEndpoints) public(otherwise bool) bool {
	if e.Enabled != nil && !*e.Enabled {
		return false
	}
	if e.Public != nil {
		return *e.Public
	}
	return otherwise
}

type gkePool struct {
	Name   string
	Config struct {
		Account  string                `json:"serviceAccount" gives:"pools_on_default_account"`
		Metadata struct{ Mode string } `json:"workloadMetadataConfig" gives:"pools_without_identity"`
	} `gives:"pools_without_identity,pools_on_default_account"`
	Management gkeManagement `gives:"pools_without_repair,pools_without_upgrade"`
	Network    struct {
		Private *bool `json:"enablePrivateNodes"` // the cluster's default where it is left out
	} `json:"networkConfig" gives:"public_pools"`
}

type gkeManagement struct {
	AutoRepair  bool `gives:"pools_without_repair"`
	AutoUpgrade bool `gives:"pools_without_upgrade"`
}
