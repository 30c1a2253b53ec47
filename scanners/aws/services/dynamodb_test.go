package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func TestDynamoDBTables(t *testing.T) {
	made := time.Unix(1700000000, 0).UTC()
	full := DynamoDBTable{
		Created: made,
		PITR:    true, PITRDays: 35, KMSKey: "arn:aws:kms:us-east-1:111122223333:key/tables", CustomerKey: true, DeletionProtection: true,
		OnDemand: true, Replicas: 1, LastBackup: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	carts := posture.Resource{ID: "arn:aws:dynamodb:us-east-1:111122223333:table/carts", Name: "carts", Doc: &DynamoDBTable{Created: made}}
	orders := func(change func(*DynamoDBTable), unread ...posture.Unread) posture.Resource {
		doc := full
		change(&doc)
		return posture.Resource{ID: "arn:aws:dynamodb:us-east-1:111122223333:table/orders", Name: "orders",
			Tags: map[string]string{"owner": "shop", "env": "prod"}, Doc: &doc, Unread: unread}
	}
	asIs := orders(func(*DynamoDBTable) {})
	untagged := orders(func(*DynamoDBTable) {}, refused("dynamodb:ListTagsOfResource", "AccessDeniedException", "dynamodb:ListTagsOfResource", "tags")...)
	untagged.Tags = nil
	testReading(t, "AWS::DynamoDB::Table", []readingTest{
		{name: "two pages", want: []posture.Resource{carts, asIs}},
		{name: "second page broken", sections: map[string]string{"dynamodb:ListTables ExclusiveStartTableName=orders error=InternalError status=500": ""},
			want: []posture.Resource{asIs}, cause: brokenListing("dynamodb:ListTables")},
		{name: "table refused", sections: map[string]string{"dynamodb:DescribeTable TableName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{carts, orders(func(doc *DynamoDBTable) {
				doc.KMSKey, doc.CustomerKey, doc.DeletionProtection, doc.OnDemand, doc.Replicas, doc.Created = "", false, false, false, 0, time.Time{}
			}, refused("dynamodb:DescribeTable", "AccessDeniedException", "dynamodb:DescribeTable", "kms_key", "customer_key", "deletion_protection", "on_demand", "replicas", "created")...)}},
		{name: "recovery refused", sections: map[string]string{"dynamodb:DescribeContinuousBackups TableName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{carts, orders(func(doc *DynamoDBTable) { doc.PITR, doc.PITRDays = false, 0 },
				refused("dynamodb:DescribeContinuousBackups", "AccessDeniedException", "dynamodb:DescribeContinuousBackups", "pitr", "pitr_days")...)}},
		{name: "tags refused on the second page", sections: map[string]string{
			"dynamodb:ListTagsOfResource ResourceArn=arn:aws:dynamodb:us-east-1:111122223333:table/orders NextToken=two error=AccessDeniedException": "",
		}, want: []posture.Resource{carts, untagged}},
	})
}

// A table that the listing of backups did not get to may be backed up all
// the same, and one that it did get to is.
func TestDynamoDBTablesWhenBackupsAreRefused(t *testing.T) {
	estate := fixtures(t, map[string]string{"backup:ListProtectedResources nextToken=two error=AccessDeniedException": ""})
	got := scanTypes(t, estate, "AWS::DynamoDB::Table")
	for _, r := range got.Resources {
		known := !r.Doc.(*DynamoDBTable).LastBackup.IsZero()
		if unread := len(r.Unread) == 1 && r.Unread[0].Field == "last_backup"; known == unread {
			t.Errorf("%s: last backup %v, unread %v", r.Name, r.Doc, r.Unread)
		}
	}
}
