package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kafka/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// MSKCluster is what rules may ask of a cluster of Managed Streaming for Apache
// Kafka.
type MSKCluster struct {
	Serverless    bool   `json:"serverless"`      // it has no brokers to set up: it is private, uses TLS and asks IAM who a client is
	ClientTLSOnly bool   `json:"client_tls_only"` // clients without TLS are refused
	InClusterTLS  bool   `json:"in_cluster_tls"`  // brokers use TLS among each other, which only a new cluster can change
	Public        bool   `json:"public"`          // its brokers have public addresses
	Authenticated bool   `json:"authenticated"`   // it lets in only clients that prove who they are
	Version       string `json:"version"`         // the version of its settings, which a change must name
}

const listMSKClusters = "kafka:ListClustersV2"

var mskClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::MSK::Cluster",
		Service: "kafka",
		Doc:     MSKCluster{},
		Calls:   []scanners.Call{{Op: listMSKClusters}},
		Console: scanners.Console{Path: "/msk/home?region={region}#/cluster/{id}/view"},
	},
	Scan: scanMSKClusters,
}

func scanMSKClusters(ctx context.Context, p *engine.Place) error {
	pages := kafka.NewListClustersV2Paginator(engine.Client(p, kafka.NewFromConfig), &kafka.ListClustersV2Input{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *kafka.ListClustersV2Output) []types.Cluster { return page.ClusterInfoList }, readMSKCluster)
}

func readMSKCluster(_ context.Context, p *engine.Place, cluster types.Cluster) {
	if !arnOwnedHere(p, cluster.ClusterArn) || cluster.State == types.ClusterStateDeleting {
		return
	}
	r := p.Read()
	doc := MSKCluster{
		Serverless: choice(r, cluster.ClusterType, listMSKClusters, "serverless") == types.ClusterTypeServerless,
		Version:    word(r, aws.ToString(cluster.CurrentVersion), listMSKClusters, "version"),
	}
	if provisioned := cluster.Provisioned; provisioned != nil {
		readMSKProvisioned(r, provisioned, &doc)
	} else if !doc.Serverless {
		r.Absent(listMSKClusters, "client_tls_only", "in_cluster_tls", "public", "authenticated")
	}
	r.Emit(aws.ToString(cluster.ClusterArn), aws.ToString(cluster.ClusterName), cluster.Tags, &doc)
}

func readMSKProvisioned(r *engine.Reading, cluster *types.Provisioned, doc *MSKCluster) {
	if e := cluster.EncryptionInfo; e != nil && e.EncryptionInTransit != nil {
		doc.ClientTLSOnly = choice(r, e.EncryptionInTransit.ClientBroker, listMSKClusters, "client_tls_only") == types.ClientBrokerTls
		doc.InClusterTLS = r.Flag(e.EncryptionInTransit.InCluster, listMSKClusters, "in_cluster_tls")
	} else {
		r.Absent(listMSKClusters, "client_tls_only", "in_cluster_tls")
	}
	doc.Authenticated = mskAuthenticates(cluster.ClientAuthentication)
	nodes := cluster.BrokerNodeGroupInfo
	if nodes == nil || nodes.ConnectivityInfo == nil || nodes.ConnectivityInfo.PublicAccess == nil {
		r.Absent(listMSKClusters, "public")
		return
	}
	doc.Public = word(r, aws.ToString(nodes.ConnectivityInfo.PublicAccess.Type), listMSKClusters, "public") != "DISABLED"
}

// mskAuthenticates reports whether every client has to prove who it is. A cluster
// without any way to do so lets in everybody.
func mskAuthenticates(by *types.ClientAuthentication) bool {
	if by == nil || by.Unauthenticated != nil && aws.ToBool(by.Unauthenticated.Enabled) {
		return false
	}
	if by.Tls != nil && (aws.ToBool(by.Tls.Enabled) || len(by.Tls.CertificateAuthorityArnList) > 0) {
		return true
	}
	sasl := by.Sasl
	return sasl != nil && (sasl.Iam != nil && aws.ToBool(sasl.Iam.Enabled) || sasl.Scram != nil && aws.ToBool(sasl.Scram.Enabled))
}
