package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
)

// ElastiCacheReplicationGroup is what rules may ask of a replication group
// (Valkey or Redis OSS).
type ElastiCacheReplicationGroup struct {
	EncryptedAtRest       bool  `json:"encrypted_at_rest"`       // disks, swap and backups are encrypted
	RequiresTLS           bool  `json:"requires_tls"`            // connections without TLS are refused
	MultiAZ               bool  `json:"multi_az"`                // its nodes lie in more than one Availability Zone
	AutomaticFailover     bool  `json:"automatic_failover"`      // a replica takes over when a primary fails
	SnapshotRetentionDays int64 `json:"snapshot_retention_days"` // how long automatic snapshots are kept; 0: none are made
}

var elastiCacheReplicationGroups = scanner{
	Type: "AWS::ElastiCache::ReplicationGroup",
	Doc:  ElastiCacheReplicationGroup{},
	Calls: []call{
		{Op: "elasticache:DescribeReplicationGroups"},
		{Op: "elasticache:ListTagsForResource", Each: true, For: []string{"tags"}},
	},
	Scan: scanElastiCacheReplicationGroups,
}

func elastiCacheClient(p *place) *elasticache.Client {
	return client(p, func(cfg aws.Config) *elasticache.Client { return elasticache.NewFromConfig(cfg) })
}

func scanElastiCacheReplicationGroups(ctx context.Context, p *place) error {
	pages := elasticache.NewDescribeReplicationGroupsPaginator(elastiCacheClient(p), &elasticache.DescribeReplicationGroupsInput{MaxRecords: aws.Int32(100)})
	return eachPage(ctx, pages, func(page *elasticache.DescribeReplicationGroupsOutput) error {
		return each(ctx, p, page.ReplicationGroups, p.readElastiCacheReplicationGroup)
	})
}

func (p *place) readElastiCacheReplicationGroup(ctx context.Context, group types.ReplicationGroup) {
	r := p.read()
	doc := ElastiCacheReplicationGroup{
		EncryptedAtRest:       aws.ToBool(group.AtRestEncryptionEnabled),
		RequiresTLS:           aws.ToBool(group.TransitEncryptionEnabled) && group.TransitEncryptionMode != types.TransitEncryptionModePreferred,
		MultiAZ:               group.MultiAZ == types.MultiAZStatusEnabled,
		AutomaticFailover:     group.AutomaticFailover == types.AutomaticFailoverStatusEnabled,
		SnapshotRetentionDays: int64(aws.ToInt32(group.SnapshotRetentionLimit)),
	}
	var tags map[string]string
	if r.Wants("tags") {
		out, err := elastiCacheClient(p).ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: group.ARN})
		if r.Got(err, "tags") {
			tags = tagMap(out.TagList, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.emit(aws.ToString(group.ARN), aws.ToString(group.ReplicationGroupId), tags, &doc)
}
