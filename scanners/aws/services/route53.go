package services

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

// HostedZone is what rules may ask of a hosted zone of Route 53.
type HostedZone struct {
	Private   bool `json:"private"`    // only VPCs see its names; their queries are logged by the resolver, not by the zone
	QueryLogs bool `json:"query_logs"` // queries for its names are logged
}

const (
	listHostedZones = "route53:ListHostedZones"
	listQueryLogs   = "route53:ListQueryLoggingConfigs"
	listZoneTags    = "route53:ListTagsForResources"
)

var hostedZones = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Route53::HostedZone",
		Service: "route53",
		Doc:     HostedZone{},
		Global:  true,
		Calls: []scanners.Call{
			{Op: listHostedZones},
			{Op: listQueryLogs, For: []string{"query_logs"}},
			{Op: listZoneTags, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/route53/v2/hostedzones#ListRecordSets/{last}"},
	},
	Scan: scanHostedZones,
}

// zonesTagged is for how many zones one call lists the tags.
const zonesTagged = 10

func route53Client(p *engine.Place) *route53.Client {
	return engine.Client(p.Home(), route53.NewFromConfig)
}

func scanHostedZones(ctx context.Context, p *engine.Place) error {
	pages := route53.NewListHostedZonesPaginator(route53Client(p), &route53.ListHostedZonesInput{MaxItems: aws.Int32(100)})
	return engine.EachPage(ctx, pages, func(page *route53.ListHostedZonesOutput) error {
		for zones := range slices.Chunk(page.HostedZones, zonesTagged) {
			tags, err := zoneTags(ctx, p, zones)
			for _, zone := range zones {
				readHostedZone(ctx, p, zone, tags, err)
			}
		}
		return nil
	})
}

func readHostedZone(ctx context.Context, p *engine.Place, zone types.HostedZone, tagged map[string]map[string]string, untagged error) {
	const op = listHostedZones
	r := p.Read()
	id := zoneID(zone)
	var doc HostedZone
	if zone.Config == nil {
		r.Absent(op, "private")
	} else {
		doc.Private = zone.Config.PrivateZone
	}
	if r.Wants("query_logs") {
		logged, err := zonesLogged(ctx, p)
		doc.QueryLogs = logged[id]
		if !doc.QueryLogs {
			r.Got(err, "query_logs")
		}
	}
	var tags map[string]string
	if r.Wants("tags") && r.Got(untagged, "tags") {
		var found bool
		if tags, found = tagged[id]; !found {
			r.Absent(listZoneTags, "tags")
		}
	}
	r.EmitIn(posture.Global, "arn:"+p.Partition+":route53:::hostedzone/"+id, strings.TrimSuffix(aws.ToString(zone.Name), "."), tags, &doc)
}

// zoneID returns the id of a zone, without the path that listings put before it.
func zoneID(zone types.HostedZone) string {
	return strings.TrimPrefix(aws.ToString(zone.Id), "/hostedzone/")
}

// zoneTags returns the tags of zones by their ids, where a rule wants them.
func zoneTags(ctx context.Context, p *engine.Place, zones []types.HostedZone) (map[string]map[string]string, error) {
	found := map[string]map[string]string{}
	if !p.Wants("tags") {
		return found, nil
	}
	var ids []string
	for _, zone := range zones {
		ids = append(ids, zoneID(zone))
	}
	out, err := route53Client(p).ListTagsForResources(ctx, &route53.ListTagsForResourcesInput{ResourceType: types.TagResourceTypeHostedzone, ResourceIds: ids})
	if err != nil {
		return nil, err
	}
	for _, set := range out.ResourceTagSets {
		found[aws.ToString(set.ResourceId)] = engine.Tags(set.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	}
	return found, nil
}

// zonesLogged returns the ids of the zones whose queries are logged, asked once.
func zonesLogged(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p.Home(), "route53 query logs", func() (map[string]bool, error) {
		pages := route53.NewListQueryLoggingConfigsPaginator(route53Client(p), &route53.ListQueryLoggingConfigsInput{MaxResults: aws.Int32(100)})
		list, err := engine.ListAll(ctx, pages, func(page *route53.ListQueryLoggingConfigsOutput) []types.QueryLoggingConfig {
			return page.QueryLoggingConfigs
		})
		logged := map[string]bool{}
		for _, config := range list {
			logged[aws.ToString(config.HostedZoneId)] = true
		}
		return logged, err
	})
}
