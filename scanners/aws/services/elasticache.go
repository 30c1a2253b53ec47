package services

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// ElastiCacheReplicationGroup is what rules may ask of a replication group
// (Valkey or Redis OSS).
type ElastiCacheReplicationGroup struct {
	EncryptedAtRest       bool   `json:"encrypted_at_rest"`       // disks, swap and backups are encrypted
	RequiresTLS           bool   `json:"requires_tls"`            // connections without TLS are refused
	MultiAZ               bool   `json:"multi_az"`                // its nodes lie in more than one Availability Zone
	AutomaticFailover     bool   `json:"automatic_failover"`      // a replica takes over when a primary fails
	SnapshotRetentionDays int64  `json:"snapshot_retention_days"` // how long automatic snapshots are kept; 0: none are made
	NodeType              string `json:"node_type"`               // cache.t4g.small, ...
	Replica               bool   `json:"replica"`                 // it is a secondary of a global datastore
	OnOutpost             bool   `json:"on_outpost"`              // its nodes are on an Outpost
}

var elastiCacheReplicationGroups = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::ElastiCache::ReplicationGroup",
		Service: "elasticache",
		Doc:     ElastiCacheReplicationGroup{},
		Calls: []scanners.Call{
			{Op: "elasticache:DescribeReplicationGroups"},
			{Op: "elasticache:ListTagsForResource", Each: true, For: []string{"tags"}},
		},
		Console: scanners.Console{Path: "/elasticache/home?region={region}#/redis/{last}"},
	},
	Scan: scanElastiCacheReplicationGroups,
}

func elastiCacheClient(p *engine.Place) *elasticache.Client {
	return engine.Client(p, elasticache.NewFromConfig)
}

func scanElastiCacheReplicationGroups(ctx context.Context, p *engine.Place) error {
	pages := elasticache.NewDescribeReplicationGroupsPaginator(elastiCacheClient(p), &elasticache.DescribeReplicationGroupsInput{MaxRecords: aws.Int32(100)})
	return engine.EachListed(ctx, p, pages, func(page *elasticache.DescribeReplicationGroupsOutput) []types.ReplicationGroup {
		return page.ReplicationGroups
	}, readElastiCacheReplicationGroup)
}

func readElastiCacheReplicationGroup(ctx context.Context, p *engine.Place, group types.ReplicationGroup) {
	r := p.Read()
	const op = "elasticache:DescribeReplicationGroups"
	doc := ElastiCacheReplicationGroup{
		EncryptedAtRest:       encryptsAtRest(group.StorageEncryptionType) || r.Flag(group.AtRestEncryptionEnabled, op, "encrypted_at_rest"),
		RequiresTLS:           r.Flag(group.TransitEncryptionEnabled, op, "requires_tls") && group.TransitEncryptionMode != types.TransitEncryptionModePreferred,
		MultiAZ:               choice(r, group.MultiAZ, op, "multi_az") == types.MultiAZStatusEnabled,
		AutomaticFailover:     choice(r, group.AutomaticFailover, op, "automatic_failover") == types.AutomaticFailoverStatusEnabled,
		SnapshotRetentionDays: count(r, group.SnapshotRetentionLimit, op, "snapshot_retention_days"),
		NodeType:              aws.ToString(group.CacheNodeType),
		Replica:               isSecondary(group.GlobalReplicationGroupInfo),
		OnOutpost:             len(group.MemberClustersOutpostArns) > 0,
	}
	r.Got(newValue(group.TransitEncryptionMode, op), "requires_tls") // older groups have none
	var tags map[string]string
	if r.Wants("tags") {
		out, err := elastiCacheClient(p).ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: group.ARN})
		if r.Got(err, "tags") {
			tags = engine.Tags(out.TagList, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
		}
	}
	r.Emit(aws.ToString(group.ARN), aws.ToString(group.ReplicationGroupId), tags, &doc)
}

// encryptsAtRest reports whether a group is encrypted in effect, which it may be
// where nobody asked for it.
func encryptsAtRest(by types.StorageEncryptionType) bool {
	return by == types.StorageEncryptionTypeSseElasticache || by == types.StorageEncryptionTypeSseKms
}

// isSecondary reports whether a group is a secondary of a global datastore.
func isSecondary(global *types.GlobalReplicationGroupInfo) bool {
	return global != nil && strings.EqualFold(aws.ToString(global.GlobalReplicationGroupMemberRole), "secondary")
}
