package services

// gkeData is what is read of a cluster (container.clusters.get). The API
// leaves out what is false: an absent switch is off.
type gkeData struct {
	Labels     map[string]string `json:"resourceLabels"`
	Location   *string           // a region or a zone
	Autopilot  struct{ Enabled bool }
	LegacyABAC struct{ Enabled bool }
	Auth       gkeAuth `json:"masterAuth"`
	Encryption struct {
		State   string // what is asked for
		Current string `json:"currentState"`
		Key     string `json:"keyName"`
	} `json:"databaseEncryption"`
	LoggingService    string
	MonitoringService string
	Logging           gkeTelemetry `json:"loggingConfig"`
	Monitoring        gkeTelemetry `json:"monitoringConfig"`
	WorkloadIdentity  struct {
		Pool string `json:"workloadPool"`
	} `json:"workloadIdentityConfig"`
	Private struct {
		Nodes    bool `json:"enablePrivateNodes"`
		Endpoint bool `json:"enablePrivateEndpoint"`
	} `json:"privateClusterConfig"`
	Authorized gkeNetworks `json:"masterAuthorizedNetworksConfig"`
	Endpoints  struct {
		IP *gkeEndpoints `json:"ipEndpointsConfig"`
	} `json:"controlPlaneEndpointsConfig"`
	Network struct {
		Datapath     string `json:"datapathProvider"`
		PrivateNodes bool   `json:"defaultEnablePrivateNodes"`
	} `json:"networkConfig"`
	NetworkPolicy struct{ Enabled bool }
	Channel       struct{ Channel string } `json:"releaseChannel"`
	Shielded      struct{ Enabled bool }   `json:"shieldedNodes"`
	Pools         []gkePool                `json:"nodePools"`
	Autoscaling   struct {
		Provisions bool         `json:"enableNodeAutoprovisioning"`
		Defaults   *gkeDefaults `json:"autoprovisioningNodePoolDefaults"`
	}
}

// gkeDefaults is how GKE sets up the node pools that it makes by itself.
type gkeDefaults struct {
	Account    string `json:"serviceAccount"`
	Management *gkeManagement
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
	Username    string
	Certificate string `json:"clientCertificate"`
	Issue       struct {
		Certificate bool `json:"issueClientCertificate"`
	} `json:"clientCertificateConfig"`
}

type gkeTelemetry struct {
	Components *struct {
		Enabled []string `json:"enableComponents"`
	} `json:"componentConfig"`
}

type gkeNetworks struct {
	Enabled     bool
	GoogleCloud *bool `json:"gcpPublicCidrsAccessEnabled"`
	Blocks      []struct {
		CIDR string `json:"cidrBlock"`
	} `json:"cidrBlocks"`
}

func (n *gkeNetworks) ranges() []string {
	var ranges []string
	for _, block := range n.Blocks {
		ranges = append(ranges, block.CIDR)
	}
	return ranges
}

type gkeEndpoints struct {
	Enabled    *bool        // by addresses at all
	Public     *bool        `json:"enablePublicEndpoint"`
	Authorized *gkeNetworks `json:"authorizedNetworksConfig"`
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
		Account  string                `json:"serviceAccount"`
		Metadata struct{ Mode string } `json:"workloadMetadataConfig"`
	}
	Management gkeManagement
	Network    struct {
		Private *bool `json:"enablePrivateNodes"` // the cluster's default where it is left out
	} `json:"networkConfig"`
}

type gkeManagement struct{ AutoRepair, AutoUpgrade bool }
