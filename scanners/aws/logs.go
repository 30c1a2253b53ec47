package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// LogGroup is what rules may ask of a CloudWatch log group.
type LogGroup struct {
	RetentionDays int    `json:"retention_days"` // days that events are kept; 0 when they never expire
	NeverExpires  bool   `json:"never_expires"`  // no retention is set
	KMSKey        string `json:"kms_key"`        // ARN of the KMS key that encrypts new events; empty for the service's own key
}

var logGroups = scanner{
	Type:  "AWS::Logs::LogGroup",
	Doc:   LogGroup{},
	Calls: []call{{Op: "logs:DescribeLogGroups"}},
	Scan:  scanLogGroups,
}

func logsClient(p *place) *cloudwatchlogs.Client {
	return client(p, func(cfg aws.Config) *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(cfg) })
}

func scanLogGroups(ctx context.Context, p *place) error {
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(logsClient(p), &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(50)})
	return eachPage(ctx, pages, func(page *cloudwatchlogs.DescribeLogGroupsOutput) error {
		return each(ctx, p, page.LogGroups, p.readLogGroup)
	})
}

func (p *place) readLogGroup(_ context.Context, group types.LogGroup) {
	doc := LogGroup{
		RetentionDays: int(aws.ToInt32(group.RetentionInDays)),
		NeverExpires:  group.RetentionInDays == nil,
		KMSKey:        aws.ToString(group.KmsKeyId),
	}
	id := aws.ToString(group.LogGroupArn)
	if id == "" {
		id = strings.TrimSuffix(aws.ToString(group.Arn), ":*")
	}
	p.read().emit(id, aws.ToString(group.LogGroupName), nil, &doc)
}
