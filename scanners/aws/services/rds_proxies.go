package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// RDSProxy is what rules may ask of a proxy before databases of RDS.
type RDSProxy struct {
	RequiresTLS bool `json:"requires_tls"` // it refuses clients without TLS
}

var rdsProxies = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::DBProxy",
		Service: "rds",
		Doc:     RDSProxy{},
		Calls: []scanners.Call{
			{Op: "rds:DescribeDBProxies"},
			{Op: "rds:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/rds/home?region={region}#proxy:id={name}"},
	},
	Scan: scanRDSProxies,
}

func scanRDSProxies(ctx context.Context, p *engine.Place) error {
	pages := rds.NewDescribeDBProxiesPaginator(rdsClient(p), &rds.DescribeDBProxiesInput{MaxRecords: aws.Int32(rdsPage)})
	return engine.EachListed(ctx, p, pages, func(page *rds.DescribeDBProxiesOutput) []types.DBProxy { return page.DBProxies }, readRDSProxy)
}

func readRDSProxy(ctx context.Context, p *engine.Place, proxy types.DBProxy) {
	if !arnOwnedHere(p, proxy.DBProxyArn) || proxy.Status == types.DBProxyStatusDeleting {
		return
	}
	r := p.Read()
	doc := RDSProxy{RequiresTLS: r.Flag(proxy.RequireTLS, "rds:DescribeDBProxies", "requires_tls")}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := rdsClient(p).ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: proxy.DBProxyArn})
		if r.Got(err, "tags") {
			tags = rdsTags(out.TagList)
		}
	}
	r.Emit(aws.ToString(proxy.DBProxyArn), aws.ToString(proxy.DBProxyName), tags, &doc)
}
