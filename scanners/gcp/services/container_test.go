package services

import (
	"testing"

	"google.golang.org/api/container/v1"

	"posture/internal/posture"
)

// gkeSchemas are Google's own types of the test data.
var gkeSchemas = map[string]any{
	"container.googleapis.com/Cluster v1": container.Cluster{},
}

func TestGKEClusters(t *testing.T) {
	t.Parallel()
	serviceTest{
		data: "container", schemas: gkeSchemas, types: []string{"container.googleapis.com/Cluster"},
		want: map[string]any{
			"shop": &GKECluster{
				SecretsKey: "projects/shop-prod/locations/europe-west1/keyRings/r/cryptoKeys/k",
				LogsSystem: true, LogsWorkloads: true, Monitored: true, WorkloadIdentity: true, Regional: true,
				PrivateNodes: true, PublicEndpoint: true, AuthorizedNetworks: true, NetworkPolicy: true,
				ReleaseChannel: "REGULAR", ShieldedNodes: true,
			},
			"pilot": &GKECluster{
				Autopilot: true, LogsSystem: true, LogsWorkloads: true, Monitored: true, WorkloadIdentity: true,
				PoolsOnDefault: []string{"default-pool"}, Regional: true, PrivateNodes: true, NetworkPolicy: true,
				ReleaseChannel: "STABLE", ShieldedNodes: true,
			},
			"old": &GKECluster{
				ABAC: true, BasicAuth: true, ClientCertificate: true, PoolsWithoutIdentity: []string{"apps", "more"},
				PoolsOnDefault: []string{"apps", "more"}, PoolsWithoutRepair: []string{"apps"}, PublicPools: []string{"apps", "more"},
				PublicEndpoint: true, AuthorizedNetworks: true, GoogleCloudAccess: true, OpenNetworks: []string{"0.0.0.0/0"},
				PoolsWithoutUpgrade: []string{"apps", "more"},
			},
			"half": &GKECluster{
				LogsSystem: true, PoolsWithoutIdentity: []string{"apps"}, Regional: true, PrivateNodes: true,
				PublicPools: []string{"apps"}, PublicEndpoint: true, NetworkPolicy: true,
			},
			"no-pools": &GKECluster{Regional: true, PrivateNodes: true},
		},
		unread: map[string][]posture.Unread{"no-pools": {
			{Field: "pools_without_identity", Cause: absent("container.googleapis.com/Cluster")},
			{Field: "pools_on_default_account", Cause: absent("container.googleapis.com/Cluster")},
			{Field: "pools_without_repair", Cause: absent("container.googleapis.com/Cluster")},
			{Field: "pools_without_upgrade", Cause: absent("container.googleapis.com/Cluster")},
			{Field: "public_pools", Cause: absent("container.googleapis.com/Cluster")},
		}},
	}.run(t)
}
