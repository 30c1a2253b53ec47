package services

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/datasync"
	"github.com/aws/aws-sdk-go-v2/service/datasync/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DataSyncTask is what rules may ask of a task of DataSync.
type DataSyncTask struct {
	LogGroup string `json:"log_group"` // ARN of the log group that it writes to; empty for none
	LogLevel string `json:"log_level"` // OFF, BASIC or TRANSFER
}

var dataSyncTasks = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DataSync::Task",
		Service: "datasync",
		Doc:     DataSyncTask{},
		Calls: []scanners.Call{
			{Op: "datasync:ListTasks"},
			{Op: "datasync:DescribeTask", Each: true, For: []string{"log_group", "log_level"}},
			{Op: "datasync:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/datasync/home?region={region}#/tasks/{last}"},
	},
	Scan: scanDataSyncTasks,
}

func dataSyncClient(p *engine.Place) *datasync.Client {
	return engine.Client(p, datasync.NewFromConfig)
}

func scanDataSyncTasks(ctx context.Context, p *engine.Place) error {
	pages := datasync.NewListTasksPaginator(dataSyncClient(p), &datasync.ListTasksInput{MaxResults: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *datasync.ListTasksOutput) []types.TaskListEntry { return page.Tasks }, readDataSyncTask)
}

func readDataSyncTask(ctx context.Context, p *engine.Place, task types.TaskListEntry) {
	var doc DataSyncTask
	r := p.Read()
	if r.Wants("log_group", "log_level") {
		out, err := dataSyncClient(p).DescribeTask(ctx, &datasync.DescribeTaskInput{TaskArn: task.TaskArn})
		if r.Got(err, "log_group", "log_level") {
			var options types.Options
			if out.Options != nil {
				options = *out.Options
			}
			doc.LogGroup = aws.ToString(out.CloudWatchLogGroupArn)
			doc.LogLevel = string(choice(r, options.LogLevel, "datasync:DescribeTask", "log_level"))
		}
	}
	id := aws.ToString(task.TaskArn)
	name := cmp.Or(aws.ToString(task.Name), id[strings.LastIndexByte(id, '/')+1:]) // it may have none
	r.Emit(id, name, readDataSyncTags(ctx, r, task.TaskArn), &doc)
}

func readDataSyncTags(ctx context.Context, r *engine.Reading, id *string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	pages := datasync.NewListTagsForResourcePaginator(dataSyncClient(r.Place), &datasync.ListTagsForResourceInput{ResourceArn: id, MaxResults: aws.Int32(100)})
	tags, err := engine.ListAll(ctx, pages, func(page *datasync.ListTagsForResourceOutput) []types.TagListEntry { return page.Tags })
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(t types.TagListEntry) (key, value *string) { return t.Key, t.Value })
}
