package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dax"
	"github.com/aws/aws-sdk-go-v2/service/dax/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DAXCluster is what rules may ask of a cluster of DynamoDB Accelerator.
type DAXCluster struct {
	EncryptedAtRest bool `json:"encrypted_at_rest"` // what its nodes write to disk is encrypted
	RequiresTLS     bool `json:"requires_tls"`      // clients reach it by TLS only
}

var daxClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DAX::Cluster",
		Service: "dax",
		Doc:     DAXCluster{},
		Calls: []scanners.Call{
			{Op: "dax:DescribeClusters"},
			{Op: "dax:ListTags", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/dynamodbv2/home?region={region}#dax-clusters"},
	},
	Scan: scanDAXClusters,
}

func daxClient(p *engine.Place) *dax.Client { return engine.Client(p, dax.NewFromConfig) }

func scanDAXClusters(ctx context.Context, p *engine.Place) error {
	pages := &byToken[*dax.DescribeClustersOutput]{
		ask: func(ctx context.Context, token *string) (*dax.DescribeClustersOutput, error) {
			return daxClient(p).DescribeClusters(ctx, &dax.DescribeClustersInput{NextToken: token, MaxResults: aws.Int32(100)})
		},
		next: func(page *dax.DescribeClustersOutput) *string { return page.NextToken },
	}
	return engine.EachListed(ctx, p, pages, func(page *dax.DescribeClustersOutput) []types.Cluster { return page.Clusters }, readDAXCluster)
}

func readDAXCluster(ctx context.Context, p *engine.Place, cluster types.Cluster) {
	const op = "dax:DescribeClusters"
	r := p.Read()
	doc := DAXCluster{RequiresTLS: choice(r, cluster.ClusterEndpointEncryptionType, op, "requires_tls") == types.ClusterEndpointEncryptionTypeTls}
	var sse types.SSEDescription
	if cluster.SSEDescription != nil {
		sse = *cluster.SSEDescription
	}
	doc.EncryptedAtRest = choice(r, sse.Status, op, "encrypted_at_rest") == types.SSEStatusEnabled
	r.Emit(aws.ToString(cluster.ClusterArn), aws.ToString(cluster.ClusterName), readDAXTags(ctx, r, cluster.ClusterArn), &doc)
}

func readDAXTags(ctx context.Context, r *engine.Reading, id *string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	pages := &byToken[*dax.ListTagsOutput]{
		ask: func(ctx context.Context, token *string) (*dax.ListTagsOutput, error) {
			return daxClient(r.Place).ListTags(ctx, &dax.ListTagsInput{ResourceName: id, NextToken: token})
		},
		next: func(page *dax.ListTagsOutput) *string { return page.NextToken },
	}
	tags, err := engine.ListAll(ctx, pages, func(page *dax.ListTagsOutput) []types.Tag { return page.Tags })
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
