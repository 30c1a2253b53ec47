package services

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"posture/scanners"
	"posture/scanners/aws/engine"
)

// RDSCluster is what rules may ask of a database cluster: Aurora, Multi-AZ
// clusters, Neptune and DocumentDB.
type RDSCluster struct {
	Engine              string    `json:"engine"`                // aurora-postgresql, mysql, neptune, docdb, ...
	EngineMode          string    `json:"engine_mode"`           // provisioned, serverless, ...
	Encrypted           bool      `json:"encrypted"`             // its storage is encrypted at rest
	BackupRetentionDays int64     `json:"backup_retention_days"` // how long automated backups are kept
	MultiAZ             bool      `json:"multi_az"`              // it has instances in more than one Availability Zone
	DeletionProtection  bool      `json:"deletion_protection"`   // it refuses to be deleted
	IAMAuthentication   bool      `json:"iam_authentication"`    // IAM identities can log in with short-lived tokens
	CopiesTags          bool      `json:"copies_tags"`           // its snapshots get its tags
	LogExports          []string  `json:"log_exports"`           // the engine logs that go to CloudWatch Logs
	Replica             bool      `json:"replica"`               // it copies another cluster: the secondary of a global database, or a replica across regions
	Limitless           bool      `json:"limitless"`             // its instances belong to a shard group, which decides on standbys
	Created             time.Time `json:"created"`               // when it was made
	LastBackup          time.Time `json:"last_backup"`           // when AWS Backup last backed it up; the zero time: never
}

var rdsClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::RDS::DBCluster",
		Service: "rds",
		Doc:     RDSCluster{},
		Calls: []scanners.Call{
			{Op: "rds:DescribeDBClusters"},
			{Op: "rds:DescribeGlobalClusters", For: []string{"replica"}},
			{Op: "backup:ListProtectedResources", For: []string{"last_backup"}},
		},
		Console: scanners.Console{Path: "/rds/home?region={region}#database:id={last};is-cluster=true"},
	},
	Scan: scanRDSClusters,
}

// rdsClusterList lists the clusters, once per region. With an error come those
// that were listed before it.
func rdsClusterList(ctx context.Context, p *engine.Place) ([]types.DBCluster, error) {
	return engine.Once(p, "rds clusters", func() ([]types.DBCluster, error) {
		pages := rds.NewDescribeDBClustersPaginator(rdsClient(p), &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(rdsPage)})
		return engine.ListAll(ctx, pages, func(page *rds.DescribeDBClustersOutput) []types.DBCluster { return page.DBClusters })
	})
}

func scanRDSClusters(ctx context.Context, p *engine.Place) error {
	clusters, listErr := rdsClusterList(ctx, p)
	err := engine.Each(ctx, p, clusters, readRDSCluster)
	return cmp.Or(listErr, err)
}

// readAcrossRegions reports whether the instance's cluster is kept in step with
// others of other regions, so that Aurora does not upgrade it by itself.
func readAcrossRegions(ctx context.Context, r *engine.Reading, instance types.DBInstance) bool {
	const field = "across_regions"
	name := aws.ToString(instance.DBClusterIdentifier)
	if name == "" || !strings.HasPrefix(aws.ToString(instance.Engine), "aurora") || !r.Wants(field) {
		return false
	}
	clusters, err := rdsClusterList(ctx, r.Place)
	for _, cluster := range clusters {
		if aws.ToString(cluster.DBClusterIdentifier) == name {
			return isAcrossRegions(r.Place, cluster)
		}
	}
	if r.Got(err, field) {
		r.Absent("rds:DescribeDBClusters", field)
	}
	return false
}

// isAcrossRegions reports whether a cluster is part of a global database, or
// replicates to or from another region. An id that is no ARN is the plain name of
// a cluster, which AWS writes only for one of the same region: that it does not
// parse is an answer, and no error.
func isAcrossRegions(p *engine.Place, cluster types.DBCluster) bool {
	elsewhere := func(id string) bool {
		at, err := arn.Parse(id)
		return err == nil && at.Region != p.Region
	}
	return aws.ToString(cluster.GlobalClusterIdentifier) != "" ||
		elsewhere(aws.ToString(cluster.ReplicationSourceIdentifier)) || slices.ContainsFunc(cluster.ReadReplicaIdentifiers, elsewhere)
}

func readRDSCluster(ctx context.Context, p *engine.Place, cluster types.DBCluster) {
	if !arnOwnedHere(p, cluster.DBClusterArn) {
		return
	}
	r := p.Read()
	doc := rdsClusterDoc(r, cluster)
	doc.Replica = readIsReplica(ctx, r, cluster)
	id, name := aws.ToString(cluster.DBClusterArn), aws.ToString(cluster.DBClusterIdentifier)
	doc.Created = readCreated(r, cluster.ClusterCreateTime, "rds:DescribeDBClusters")
	doc.LastBackup = readLastBackup(ctx, r, id)
	r.Emit(id, name, rdsTags(cluster.TagList), &doc)
}

func rdsClusterDoc(r *engine.Reading, cluster types.DBCluster) RDSCluster {
	const op = "rds:DescribeDBClusters"
	return RDSCluster{
		Engine:              word(r, aws.ToString(cluster.Engine), op, "engine"),
		EngineMode:          aws.ToString(cluster.EngineMode),
		Encrypted:           r.Flag(cluster.StorageEncrypted, op, "encrypted"),
		BackupRetentionDays: count(r, cluster.BackupRetentionPeriod, op, "backup_retention_days"),
		MultiAZ:             r.Flag(cluster.MultiAZ, op, "multi_az"),
		DeletionProtection:  r.Flag(cluster.DeletionProtection, op, "deletion_protection"),
		IAMAuthentication:   r.Flag(cluster.IAMDatabaseAuthenticationEnabled, op, "iam_authentication"),
		CopiesTags:          r.Flag(cluster.CopyTagsToSnapshot, op, "copies_tags"),
		LogExports:          cluster.EnabledCloudwatchLogsExports,
		Limitless:           cluster.ClusterScalabilityType == types.ClusterScalabilityTypeLimitless,
	}
}

// readIsReplica reports whether a cluster copies another. Of the members of a
// global database, the one that is written to has an instance that writes.
// Where a member has no instance at all, the global database says which it is.
func readIsReplica(ctx context.Context, r *engine.Reading, cluster types.DBCluster) bool {
	switch {
	case aws.ToString(cluster.ReplicationSourceIdentifier) != "":
		return true
	case aws.ToString(cluster.GlobalClusterIdentifier) == "":
		return false
	case len(cluster.DBClusterMembers) > 0:
		return !slices.ContainsFunc(cluster.DBClusterMembers, func(m types.DBClusterMember) bool { return aws.ToBool(m.IsClusterWriter) })
	case !r.Wants("replica"):
		return false
	}
	globals, err := rdsGlobalList(ctx, r.Place)
	for _, global := range globals {
		for _, member := range global.GlobalClusterMembers {
			if aws.ToString(member.DBClusterArn) == aws.ToString(cluster.DBClusterArn) && member.IsWriter != nil {
				return !*member.IsWriter
			}
		}
	}
	if r.Got(err, "replica") {
		r.Absent("rds:DescribeGlobalClusters", "replica")
	}
	return false
}

// rdsGlobalList lists the global databases, once per region. With an error come
// those that were listed before it.
func rdsGlobalList(ctx context.Context, p *engine.Place) ([]types.GlobalCluster, error) {
	return engine.Once(p, "rds global clusters", func() ([]types.GlobalCluster, error) {
		pages := rds.NewDescribeGlobalClustersPaginator(rdsClient(p), &rds.DescribeGlobalClustersInput{MaxRecords: aws.Int32(rdsPage)})
		return engine.ListAll(ctx, pages, func(page *rds.DescribeGlobalClustersOutput) []types.GlobalCluster { return page.GlobalClusters })
	})
}
