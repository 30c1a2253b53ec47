package services

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	"github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DMSReplicationInstance is what rules may ask of a replication instance of DMS.
type DMSReplicationInstance struct {
	Public bool `json:"public"` // it has a public address
}

var dmsReplicationInstances = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DMS::ReplicationInstance",
		Service: "dms",
		Doc:     DMSReplicationInstance{},
		Calls: []scanners.Call{
			{Op: "dms:DescribeReplicationInstances"},
			{Op: "dms:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/dms/v2/home?region={region}#replicationInstanceDetails/{name}"},
	},
	Scan: scanDMSReplicationInstances,
}

const dmsPage = 100 // the most that one page of DMS holds

func dmsClient(p *engine.Place) *dms.Client { return engine.Client(p, dms.NewFromConfig) }

func scanDMSReplicationInstances(ctx context.Context, p *engine.Place) error {
	pages := dms.NewDescribeReplicationInstancesPaginator(dmsClient(p), &dms.DescribeReplicationInstancesInput{MaxRecords: aws.Int32(dmsPage)})
	return engine.EachListed(ctx, p, pages, func(page *dms.DescribeReplicationInstancesOutput) []types.ReplicationInstance {
		return page.ReplicationInstances
	}, readDMSReplicationInstance)
}

// readDMSReplicationInstance takes an answer without the status, which every
// instance has, for one that says nothing of the address either.
func readDMSReplicationInstance(ctx context.Context, p *engine.Place, instance types.ReplicationInstance) {
	r := p.Read()
	doc := DMSReplicationInstance{Public: instance.PubliclyAccessible}
	if status := word(r, aws.ToString(instance.ReplicationInstanceStatus), "dms:DescribeReplicationInstances", "public"); status == "deleting" {
		return
	}
	r.Emit(aws.ToString(instance.ReplicationInstanceArn), aws.ToString(instance.ReplicationInstanceIdentifier), dmsTags(ctx, r, instance.ReplicationInstanceArn), &doc)
}

func dmsTags(ctx context.Context, r *engine.Reading, id *string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	out, err := dmsClient(r.Place).ListTagsForResource(ctx, &dms.ListTagsForResourceInput{ResourceArn: id})
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(out.TagList, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
