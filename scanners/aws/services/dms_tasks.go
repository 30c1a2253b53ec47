package services

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	"github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DMSReplicationTask is what rules may ask of a task of DMS.
type DMSReplicationTask struct {
	Logs bool `json:"logs"` // it writes a log to CloudWatch
}

var dmsReplicationTasks = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DMS::ReplicationTask",
		Service: "dms",
		Doc:     DMSReplicationTask{},
		Calls: []scanners.Call{
			{Op: "dms:DescribeReplicationTasks"},
			{Op: "dms:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/dms/v2/home?region={region}#taskDetails/{name}"},
	},
	Scan: scanDMSReplicationTasks,
}

func scanDMSReplicationTasks(ctx context.Context, p *engine.Place) error {
	pages := dms.NewDescribeReplicationTasksPaginator(dmsClient(p), &dms.DescribeReplicationTasksInput{MaxRecords: aws.Int32(dmsPage)})
	return engine.EachListed(ctx, p, pages, func(page *dms.DescribeReplicationTasksOutput) []types.ReplicationTask {
		return page.ReplicationTasks
	}, readDMSReplicationTask)
}

func readDMSReplicationTask(ctx context.Context, p *engine.Place, task types.ReplicationTask) {
	const op = "dms:DescribeReplicationTasks"
	if aws.ToString(task.Status) == "deleting" {
		return
	}
	r := p.Read()
	var settings struct {
		Logging struct{ EnableLogging *bool }
	}
	var doc DMSReplicationTask
	if text := word(r, aws.ToString(task.ReplicationTaskSettings), op, "logs"); text != "" {
		if r.Got(engine.Malformed(op, json.Unmarshal([]byte(text), &settings)), "logs") {
			doc.Logs = r.Flag(settings.Logging.EnableLogging, op, "logs")
		}
	}
	r.Emit(aws.ToString(task.ReplicationTaskArn), aws.ToString(task.ReplicationTaskIdentifier), dmsTags(ctx, r, task.ReplicationTaskArn), &doc)
}
