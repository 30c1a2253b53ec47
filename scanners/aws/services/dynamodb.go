package services

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// DynamoDBTable is what rules may ask of a table.
type DynamoDBTable struct {
	PITR               bool      `json:"pitr"`                // point-in-time recovery is on
	PITRDays           int       `json:"pitr_days"`           // days back that a restore can reach; 0 when recovery is off
	KMSKey             string    `json:"kms_key"`             // ARN of the KMS key, the account's own or AWS's managed one; empty for a key that AWS owns
	CustomerKey        bool      `json:"customer_key"`        // a customer manages that key; false for aws/dynamodb
	DeletionProtection bool      `json:"deletion_protection"` // the table cannot be deleted before this is turned off
	OnDemand           bool      `json:"on_demand"`           // capacity follows the load without being provisioned
	AutoScaled         bool      `json:"auto_scaled"`         // provisioned capacity, of its global indexes too, is raised and lowered with the load; false on demand
	Replicas           int       `json:"replicas"`            // copies in other regions
	Alarmed            []string  `json:"alarmed"`             // metrics that rules ask for, and that an alarm watches that somebody hears of, in order
	Created            time.Time `json:"created"`             // when the table was made
	LastBackup         time.Time `json:"last_backup"`         // when AWS Backup last backed it up; the zero time if never
}

var dynamoDBTables = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::DynamoDB::Table",
		Service: "dynamodb",
		Doc:     DynamoDBTable{},
		Calls: slices.Concat(scalingCalls(), []scanners.Call{
			alarmedCall,
			{Op: "dynamodb:ListTables"},
			{Op: "dynamodb:DescribeTable", Each: true, For: []string{"kms_key", "customer_key", "deletion_protection", "on_demand", "auto_scaled", "replicas", "created"}},
			{Op: "kms:ListAliases", For: []string{"customer_key"}},
			{Op: "dynamodb:DescribeContinuousBackups", Each: true, For: []string{"pitr", "pitr_days"}},
			{Op: "dynamodb:ListTagsOfResource", Each: true, For: []string{"tags"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		}),
		Console: scanners.Console{Path: "/dynamodbv2/home?region={region}#table?name={last}"},
	},
	Scan: scanDynamoDBTables,
}

func dynamoDBClient(p *engine.Place) *dynamodb.Client {
	return engine.Client(p, dynamodb.NewFromConfig)
}

func scanDynamoDBTables(ctx context.Context, p *engine.Place) error {
	pages := dynamodb.NewListTablesPaginator(dynamoDBClient(p), &dynamodb.ListTablesInput{Limit: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *dynamodb.ListTablesOutput) []string { return page.TableNames }, readDynamoDBTable)
}

func readDynamoDBTable(ctx context.Context, p *engine.Place, name string) {
	var doc DynamoDBTable
	r := p.Read()
	id := p.ARN("dynamodb", "table/"+name)
	readTable(ctx, r, name, &doc)
	readContinuousBackups(ctx, r, name, &doc)
	doc.LastBackup = readLastBackup(ctx, r, id)
	doc.Alarmed = readAlarmed(ctx, r, measured{
		namespace: "AWS/DynamoDB", by: map[string]string{"TableName": name}, part: "GlobalSecondaryIndexName",
		metrics: []string{"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "ThrottledRequests", "WriteThrottleEvents"},
	})
	r.Emit(id, name, readTableTags(ctx, r, id), &doc)
}

func readTable(ctx context.Context, r *engine.Reading, name string, doc *DynamoDBTable) {
	fields := []string{"kms_key", "customer_key", "deletion_protection", "on_demand", "auto_scaled", "replicas", "created"}
	if !r.Wants(fields...) {
		return
	}
	out, err := dynamoDBClient(r.Place).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if !r.Got(err, fields...) {
		return
	}
	table := out.Table
	if table == nil {
		r.Absent("dynamodb:DescribeTable", fields...)
		return
	}
	if table.SSEDescription != nil {
		doc.KMSKey = aws.ToString(table.SSEDescription.KMSMasterKeyArn)
		doc.CustomerKey = readCustomerKey(ctx, r, doc.KMSKey, "customer_key")
	}
	if table.BillingModeSummary == nil && table.ProvisionedThroughput == nil {
		r.Absent("dynamodb:DescribeTable", "on_demand")
	} else if table.BillingModeSummary != nil { // those that were never on demand have none
		doc.OnDemand = choice(r, table.BillingModeSummary.BillingMode, "dynamodb:DescribeTable", "on_demand") == types.BillingModePayPerRequest
	}
	if !doc.OnDemand {
		doc.AutoScaled = readAutoScaled(ctx, r, name, table)
	}
	doc.DeletionProtection = r.Flag(table.DeletionProtectionEnabled, "dynamodb:DescribeTable", "deletion_protection")
	doc.Replicas = len(table.Replicas)
	doc.Created = readCreated(r, table.CreationDateTime, "dynamodb:DescribeTable")
}

func readContinuousBackups(ctx context.Context, r *engine.Reading, name string, doc *DynamoDBTable) {
	if !r.Wants("pitr", "pitr_days") {
		return
	}
	out, err := dynamoDBClient(r.Place).DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if !r.Got(err, "pitr", "pitr_days") {
		return
	}
	backups := out.ContinuousBackupsDescription
	if backups == nil || backups.PointInTimeRecoveryDescription == nil {
		r.Absent("dynamodb:DescribeContinuousBackups", "pitr", "pitr_days")
		return
	}
	recovery := backups.PointInTimeRecoveryDescription
	if choice(r, recovery.PointInTimeRecoveryStatus, "dynamodb:DescribeContinuousBackups", "pitr", "pitr_days") != types.PointInTimeRecoveryStatusEnabled {
		return
	}
	doc.PITR, doc.PITRDays = true, int(aws.ToInt32(recovery.RecoveryPeriodInDays))
}

func readTableTags(ctx context.Context, r *engine.Reading, arn string) map[string]string {
	if !r.Wants("tags") {
		return nil
	}
	pages := &byToken[*dynamodb.ListTagsOfResourceOutput]{
		ask: func(ctx context.Context, token *string) (*dynamodb.ListTagsOfResourceOutput, error) {
			return dynamoDBClient(r.Place).ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: &arn, NextToken: token})
		},
		next: func(page *dynamodb.ListTagsOfResourceOutput) *string { return page.NextToken },
	}
	tags, err := engine.ListAll(ctx, pages, func(page *dynamodb.ListTagsOfResourceOutput) []types.Tag { return page.Tags })
	if !r.Got(err, "tags") {
		return nil
	}
	return engine.Tags(tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}
