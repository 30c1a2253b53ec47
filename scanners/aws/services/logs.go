package services

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// LogGroup is what rules may ask of a CloudWatch log group.
type LogGroup struct {
	Class         string `json:"class"`          // STANDARD, INFREQUENT_ACCESS or DELIVERY, which passes events on and keeps none for long
	RetentionDays int    `json:"retention_days"` // days that events are kept; 0 when they never expire
	NeverExpires  bool   `json:"never_expires"`  // no retention is set
	KMSKey        string `json:"kms_key"`        // ARN of the KMS key that encrypts new events; empty for the service's own key
}

var logGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Logs::LogGroup",
		Service: "logs",
		Doc:     LogGroup{},
		Calls:   []scanners.Call{{Op: "logs:DescribeLogGroups"}},
		Console: scanners.Console{Path: "/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{$name}"},
	},
	Scan: scanLogGroups,
}

func logsClient(p *engine.Place) *cloudwatchlogs.Client {
	return engine.Client(p, cloudwatchlogs.NewFromConfig)
}

// logGroupList lists the log groups, once per region. With an error come those
// that were listed before it.
func logGroupList(ctx context.Context, p *engine.Place) ([]types.LogGroup, error) {
	return engine.Once(p, "log groups", func() ([]types.LogGroup, error) {
		pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(logsClient(p), &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(50)})
		return engine.ListAll(ctx, pages, func(page *cloudwatchlogs.DescribeLogGroupsOutput) []types.LogGroup { return page.LogGroups })
	})
}

func scanLogGroups(ctx context.Context, p *engine.Place) error {
	groups, err := logGroupList(ctx, p)
	return cmp.Or(err, engine.Each(ctx, p, groups, readLogGroup))
}

// logGroupNames returns the names of the region's log groups, as logGroupList does.
func logGroupNames(ctx context.Context, p *engine.Place) (map[string]bool, error) {
	return engine.Once(p, "names of log groups", func() (map[string]bool, error) {
		groups, err := logGroupList(ctx, p)
		names := map[string]bool{}
		for _, group := range groups {
			names[aws.ToString(group.LogGroupName)] = true
		}
		return names, err
	})
}

func readLogGroup(_ context.Context, p *engine.Place, group types.LogGroup) {
	doc := LogGroup{
		Class:         cmp.Or(string(group.LogGroupClass), string(types.LogGroupClassStandard)), // older answers name none
		RetentionDays: int(aws.ToInt32(group.RetentionInDays)),
		NeverExpires:  group.RetentionInDays == nil,
		KMSKey:        aws.ToString(group.KmsKeyId),
	}
	id := cmp.Or(aws.ToString(group.LogGroupArn), strings.TrimSuffix(aws.ToString(group.Arn), ":*"))
	p.Read().Emit(id, aws.ToString(group.LogGroupName), nil, &doc)
}
