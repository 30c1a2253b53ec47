package services

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// EKSCluster is what rules may ask of a Kubernetes cluster.
type EKSCluster struct {
	Connected bool     `json:"connected"` // it runs elsewhere and is only shown here
	Logs      []string `json:"logs"`      // kinds of control-plane logs that go to CloudWatch: api, audit, authenticator, controllerManager, scheduler; in order
}

var eksClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::EKS::Cluster",
		Service: "eks",
		Doc:     EKSCluster{},
		Calls: []scanners.Call{
			{Op: "eks:ListClusters"},
			{Op: "eks:DescribeCluster", Each: true, For: []string{"connected", "logs", "tags"}},
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
	if fields := []string{"connected", "logs"}; r.Wants(append(fields, "tags")...) {
		out, err := eksClient(p).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
		switch {
		case !r.Got(err, append(fields, "tags")...):
		case out.Cluster == nil:
			r.Absent("eks:DescribeCluster", append(fields, "tags")...)
		default:
			tags = out.Cluster.Tags
			doc = readEKSLogs(r, out.Cluster)
		}
	}
	r.Emit(p.ARN("eks", "cluster/"+name), name, tags, &doc)
}

// readEKSLogs reads which logs are on. Clusters that are only connected have none.
func readEKSLogs(r *engine.Reading, cluster *types.Cluster) EKSCluster {
	doc := EKSCluster{Connected: cluster.ConnectorConfig != nil}
	if doc.Connected {
		return doc
	}
	if cluster.Logging == nil || len(cluster.Logging.ClusterLogging) == 0 {
		r.Absent("eks:DescribeCluster", "logs")
		return doc
	}
	for _, setup := range cluster.Logging.ClusterLogging {
		for _, kind := range setup.Types {
			if aws.ToBool(setup.Enabled) {
				doc.Logs = append(doc.Logs, string(kind))
			}
		}
	}
	slices.Sort(doc.Logs)
	return doc
}
