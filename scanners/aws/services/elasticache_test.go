package services

import (
	"testing"

	"posture/internal/posture"
)

func TestElastiCacheReplicationGroups(t *testing.T) {
	group := func(name string, tags map[string]string, doc ElastiCacheReplicationGroup, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:elasticache:us-east-1:111122223333:replicationgroup:" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	good := ElastiCacheReplicationGroup{EncryptedAtRest: true, RequiresTLS: true, MultiAZ: true, AutomaticFailover: true, SnapshotRetentionDays: 7}
	bad, tags := group("bad", nil, ElastiCacheReplicationGroup{}), map[string]string{"owner": "shop"}
	testReading(t, "AWS::ElastiCache::ReplicationGroup", []readingTest{
		{name: "as they are", want: []posture.Resource{bad, group("good", tags, good)}},
		{name: "encrypted though nobody asked for it", sections: map[string]string{"elasticache:DescribeReplicationGroups Marker=two": `<ReplicationGroups><ReplicationGroup><ReplicationGroupId>bad</ReplicationGroupId><ARN>arn:aws:elasticache:us-east-1:111122223333:replicationgroup:bad</ARN>
			<AtRestEncryptionEnabled>false</AtRestEncryptionEnabled><StorageEncryptionType>sse-elasticache</StorageEncryptionType><TransitEncryptionEnabled>false</TransitEncryptionEnabled>
			<MultiAZ>disabled</MultiAZ><AutomaticFailover>disabled</AutomaticFailover><SnapshotRetentionLimit>0</SnapshotRetentionLimit></ReplicationGroup></ReplicationGroups>`},
			want: []posture.Resource{group("bad", nil, ElastiCacheReplicationGroup{EncryptedAtRest: true}), group("good", tags, good)}},
		{name: "tags refused", sections: map[string]string{"elasticache:ListTagsForResource ResourceName=arn:aws:elasticache:us-east-1:111122223333:replicationgroup:good error=AccessDenied": ""},
			want: []posture.Resource{bad, group("good", nil, good, refused("elasticache:ListTagsForResource", "AccessDenied", "elasticache:ListTagsForResource", "tags")...)}},
		{name: "second page broken", sections: map[string]string{"elasticache:DescribeReplicationGroups Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{group("good", tags, good)}, cause: brokenListing("elasticache:DescribeReplicationGroups")},
	})
}
