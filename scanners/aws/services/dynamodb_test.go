package services

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

func TestDynamoDBTables(t *testing.T) {
	made := time.Unix(1700000000, 0).UTC()
	full := DynamoDBTable{
		Created: made,
		PITR:    true, PITRDays: 35, KMSKey: "arn:aws:kms:us-east-1:111122223333:key/tables", CustomerKey: true, DeletionProtection: true,
		OnDemand: true, Replicas: 1, LastBackup: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	carts := posture.Resource{ID: "arn:aws:dynamodb:us-east-1:111122223333:table/carts", Name: "carts", Doc: &DynamoDBTable{Created: made, AutoScaled: true}}
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
			}, refused("dynamodb:DescribeTable", "AccessDeniedException", "dynamodb:DescribeTable", "kms_key", "customer_key", "deletion_protection", "on_demand", "auto_scaled", "replicas", "created")...)}},
		{name: "recovery refused", sections: map[string]string{"dynamodb:DescribeContinuousBackups TableName=orders error=AccessDeniedException": ""},
			want: []posture.Resource{carts, orders(func(doc *DynamoDBTable) { doc.PITR, doc.PITRDays = false, 0 },
				refused("dynamodb:DescribeContinuousBackups", "AccessDeniedException", "dynamodb:DescribeContinuousBackups", "pitr", "pitr_days")...)}},
		{name: "tags refused on the second page", sections: map[string]string{
			"dynamodb:ListTagsOfResource ResourceArn=arn:aws:dynamodb:us-east-1:111122223333:table/orders NextToken=two error=AccessDeniedException": "",
		}, want: []posture.Resource{carts, untagged}},
	})
}

// TestTablesThatScale: a table follows the load when all its capacities do, its
// indexes' too.
func TestTablesThatScale(t *testing.T) {
	const targets, policies = "application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies"
	index := `"ResourceId": "table/carts/index/by-date", "ScalableDimension": "dynamodb:index:`
	denied := map[string]string{policies + " error=AccessDeniedException": ""}
	for name, test := range map[string]struct {
		sections map[string]string
		want     bool
		unread   []posture.Unread
	}{
		"all of it":             {want: true},
		"no policies":           {sections: map[string]string{policies: `{"ScalingPolicies": []}`}},
		"the table's own only":  {sections: map[string]string{policies + " NextToken=two": `{"ScalingPolicies": [{` + index + `ReadCapacityUnits"}]}`}},
		"an index is suspended": {sections: map[string]string{targets + " NextToken=two": `{"ScalableTargets": [{` + index + `ReadCapacityUnits"}, {` + index + `WriteCapacityUnits", "SuspendedState": {"DynamicScalingOutSuspended": true}}]}`}},
		"policies refused":      {sections: denied, unread: refused(policies, "AccessDeniedException", policies, "auto_scaled")},
		"targets refused":       {sections: map[string]string{targets + " NextToken=two error=AccessDeniedException": ""}, unread: refused(targets, "AccessDeniedException", targets, "auto_scaled")},
		"the table says no mode": {sections: map[string]string{"dynamodb:DescribeTable TableName=carts": `{"Table": {"TableName": "carts", "CreationDateTime": 1700000000, "DeletionProtectionEnabled": false}}`},
			want: true, unread: unsaid("dynamodb:DescribeTable", "on_demand")},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanTypes(t, fixtures(t, test.sections), "AWS::DynamoDB::Table").get(t, "arn:aws:dynamodb:us-east-1:111122223333:table/carts")
			if scales := got.Doc.(*DynamoDBTable).AutoScaled; scales != test.want {
				t.Errorf("auto_scaled = %v, want %v", scales, test.want)
			}
			if diff := cmp.Diff(test.unread, got.Unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
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
