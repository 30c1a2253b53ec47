package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
	"posture/scanners/network"
)

// EKSCluster is what rules may ask of a Kubernetes cluster.
type EKSCluster struct {
	Connected      bool     `json:"connected"`       // it runs elsewhere and is only shown here
	OnOutpost      bool     `json:"on_outpost"`      // its control plane runs on an Outpost, which has no keys, endpoints and versions to choose
	CustomerKey    bool     `json:"customer_key"`    // a key of the customer's encrypts its secrets, on top of EKS's own
	PublicEndpoint bool     `json:"public_endpoint"` // its API answers every address of the internet
	Version        string   `json:"version"`         // 1.34, ...
	Support        string   `json:"support"`         // of the version: STANDARD_SUPPORT, EXTENDED_SUPPORT or UNSUPPORTED
	Logs           []string `json:"logs"`            // kinds of control-plane logs that go to CloudWatch: api, audit, authenticator, controllerManager, scheduler; in order
}

// ofEKSCluster holds the fields that a cluster's description says.
var ofEKSCluster = []string{"connected", "on_outpost", "customer_key", "public_endpoint", "version", "support", "logs"}

var eksClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EKS::Cluster",
		Service: "eks",
		Doc:     EKSCluster{},
		Calls: []scanners.Call{
			{Op: "eks:ListClusters"},
			{Op: "eks:DescribeCluster", Each: true, For: append(slices.Clone(ofEKSCluster), "tags")},
			{Op: "eks:DescribeClusterVersions", For: []string{"support"}},
		},
		Console: scanners.Console{Path: "/eks/home?region={region}#/clusters/{last}"},
	},
	Scan: scanEKSClusters,
}

func eksClient(p *engine.Place) *eks.Client { return engine.Client(p, eks.NewFromConfig) }

func scanEKSClusters(ctx context.Context, p *engine.Place) error {
	pages := eks.NewListClustersPaginator(eksClient(p), &eks.ListClustersInput{Include: []string{"all"}, MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *eks.ListClustersOutput) []string { return page.Clusters }, readEKSCluster)
}

func readEKSCluster(ctx context.Context, p *engine.Place, name string) {
	var doc EKSCluster
	var tags map[string]string
	r := p.Read()
	if fields := append(slices.Clone(ofEKSCluster), "tags"); r.Wants(fields...) {
		out, err := eksClient(p).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
		switch {
		case !r.Got(err, fields...):
		case out.Cluster == nil:
			r.Absent("eks:DescribeCluster", fields...)
		default:
			tags = out.Cluster.Tags
			doc = EKSCluster{Connected: out.Cluster.ConnectorConfig != nil, OnOutpost: out.Cluster.OutpostConfig != nil}
			if !doc.Connected {
				doc.readSettings(ctx, r, out.Cluster)
			}
		}
	}
	r.Emit(p.ARN("eks", "cluster/"+name), name, tags, &doc)
}

// readSettings reads what a cluster that is only connected does not have.
func (doc *EKSCluster) readSettings(ctx context.Context, r *engine.Reading, cluster *types.Cluster) {
	doc.Logs = readEKSLogs(r, cluster)
	doc.CustomerKey = slices.ContainsFunc(cluster.EncryptionConfig, func(c types.EncryptionConfig) bool {
		return c.Provider != nil && aws.ToString(c.Provider.KeyArn) != ""
	})
	doc.PublicEndpoint = readPublicEndpoint(r, cluster.ResourcesVpcConfig)
	doc.Version = word(r, aws.ToString(cluster.Version), "eks:DescribeCluster", "version")
	switch {
	case doc.Version == "":
		r.Absent("eks:DescribeCluster", "support")
	case r.Wants("support"):
		versions, err := eksVersions(ctx, r.Place)
		if r.Got(err, "support") {
			doc.Support = string(choice(r, versions[doc.Version], "eks:DescribeClusterVersions", "support"))
		}
	}
}

// readPublicEndpoint reports whether a cluster's API answers the whole internet.
func readPublicEndpoint(r *engine.Reading, vpc *types.VpcConfigResponse) bool {
	// The SDK makes false of a flag that is not there, and one of the two endpoints is always on.
	if vpc == nil || !vpc.EndpointPublicAccess && !vpc.EndpointPrivateAccess || vpc.EndpointPublicAccess && len(vpc.PublicAccessCidrs) == 0 {
		r.Absent("eks:DescribeCluster", "public_endpoint")
		return false
	}
	if !vpc.EndpointPublicAccess {
		return false
	}
	wide, err := network.Open(vpc.PublicAccessCidrs)
	if err != nil {
		r.Got(engine.Malformed("eks:DescribeCluster", err), "public_endpoint")
	}
	return len(wide) > 0
}

// eksVersions returns how each version of Kubernetes is supported, once per
// region.
func eksVersions(ctx context.Context, p *engine.Place) (map[string]types.VersionStatus, error) {
	return engine.Once(p, "versions of EKS", func() (map[string]types.VersionStatus, error) {
		pages := eks.NewDescribeClusterVersionsPaginator(eksClient(p), &eks.DescribeClusterVersionsInput{IncludeAll: aws.Bool(true), MaxResults: aws.Int32(100)})
		found := map[string]types.VersionStatus{}
		return found, engine.EachPage(ctx, pages, func(page *eks.DescribeClusterVersionsOutput) error {
			for _, version := range page.ClusterVersions {
				found[aws.ToString(version.ClusterVersion)] = version.VersionStatus
			}
			return nil
		})
	})
}

// readEKSLogs reads which logs are on.
func readEKSLogs(r *engine.Reading, cluster *types.Cluster) []string {
	if cluster.Logging == nil || len(cluster.Logging.ClusterLogging) == 0 {
		r.Absent("eks:DescribeCluster", "logs")
		return nil
	}
	var on []string
	for _, setup := range cluster.Logging.ClusterLogging {
		for _, kind := range setup.Types {
			if aws.ToBool(setup.Enabled) {
				on = append(on, string(kind))
			}
		}
	}
	slices.Sort(on)
	return on
}
