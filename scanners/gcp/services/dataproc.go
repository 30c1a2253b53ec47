package services

import (
	"cmp"
	"context"

	"posture/scanners"
	"posture/scanners/gcp/engine"
)

// DataprocCluster is what rules may ask of a cluster of Dataproc.
type DataprocCluster struct {
	OnGKE  bool   `json:"on_gke"`  // it runs in a GKE cluster, and has no disks of its own
	KMSKey string `json:"kms_key"` // the customer-managed key that encrypts its disks; "" for none
}

var dataprocClusters = engine.Service{
	Type: scanners.Type{
		Name:    "dataproc.googleapis.com/Cluster",
		Doc:     DataprocCluster{},
		Console: scanners.Console{Path: "/dataproc/clusters/{clusters}/monitoring?region={regions}&project={project}"},
	},
	Versions: []string{"v1", "v1beta2"},
	Get: []engine.Get{{
		Op: "dataproc.clusters.get", Permission: "dataproc.clusters.get", Root: "https://dataproc.googleapis.com/v1/", Version: "v1",
	}},
	Read: readDataprocCluster,
}

// dataprocData is what is read of a cluster (dataproc.clusters.get).
type dataprocData struct {
	engine.Labelled
	Virtual *struct{} `json:"virtualClusterConfig" gives:"on_gke"` // of a cluster that runs in GKE
	Config  struct {
		Encryption struct {
			Disks string `json:"gcePdKmsKeyName"`
			All   string `json:"kmsKey"` // for disks and the arguments of jobs
		} `json:"encryptionConfig"`
	} `gives:"kms_key"`
}

func readDataprocCluster(_ context.Context, r *engine.Reading) any {
	var data dataprocData
	r.Decode(&data)
	keys := data.Config.Encryption
	return &DataprocCluster{OnGKE: data.Virtual != nil, KMSKey: cmp.Or(keys.Disks, keys.All)}
}
