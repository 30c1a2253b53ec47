package services

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"

	"posture/internal/posture"
	"posture/scanners"
	"posture/scanners/aws/engine"
)

const redshiftPage = 100 // the largest page of Redshift's listings

// RedshiftCluster is what rules may ask of a provisioned Redshift cluster.
type RedshiftCluster struct {
	Public                bool  `json:"public"`                  // its endpoint has a public address
	Encrypted             bool  `json:"encrypted"`               // its data is encrypted at rest
	EnhancedVPCRouting    bool  `json:"enhanced_vpc_routing"`    // copies and unloads stay within its VPC
	SnapshotRetentionDays int64 `json:"snapshot_retention_days"` // how long automated snapshots are kept; 0: none are made
	AuditLogging          bool  `json:"audit_logging"`           // connections and activity are logged to S3 or CloudWatch
	AuditLogsFail         bool  `json:"audit_logs_fail"`         // the last delivery of those logs failed
	RequiresTLS           bool  `json:"requires_tls"`            // its parameter groups refuse connections without TLS
}

var redshiftClusters = engine.Service{
	Type: scanners.Type{
		Name:    "AWS::Redshift::Cluster",
		Service: "redshift",
		Doc:     RedshiftCluster{},
		Calls: []scanners.Call{
			{Op: "redshift:DescribeClusters"},
			{Op: "redshift:DescribeLoggingStatus", Each: true, For: []string{"audit_logging", "audit_logs_fail"}},
			{Op: "redshift:DescribeClusterParameters", For: []string{"requires_tls"}},
		},
		Console: scanners.Console{Path: "/redshiftv2/home?region={region}#cluster-details?cluster={last}"},
	},
	Scan: scanRedshiftClusters,
}

func redshiftClient(p *engine.Place) *redshift.Client {
	return engine.Client(p, redshift.NewFromConfig)
}

func scanRedshiftClusters(ctx context.Context, p *engine.Place) error {
	clusters, listErr := redshiftList(ctx, p)
	err := engine.Each(ctx, p, clusters, readRedshiftCluster)
	return cmp.Or(listErr, err)
}

// redshiftList lists the clusters, once per region. With an error come those
// that were listed before it.
func redshiftList(ctx context.Context, p *engine.Place) ([]types.Cluster, error) {
	return engine.Once(p, "redshift clusters", func() ([]types.Cluster, error) {
		pages := redshift.NewDescribeClustersPaginator(redshiftClient(p), &redshift.DescribeClustersInput{MaxRecords: aws.Int32(redshiftPage)})
		return engine.ListAll(ctx, pages, func(page *redshift.DescribeClustersOutput) []types.Cluster { return page.Clusters })
	})
}

// redshiftLogging returns where a cluster's audit logs go, asked once.
func redshiftLogging(ctx context.Context, p *engine.Place, cluster types.Cluster) (*redshift.DescribeLoggingStatusOutput, error) {
	return engine.Once(p, "redshift logging of "+aws.ToString(cluster.ClusterIdentifier), func() (*redshift.DescribeLoggingStatusOutput, error) {
		return redshiftClient(p).DescribeLoggingStatus(ctx, &redshift.DescribeLoggingStatusInput{ClusterIdentifier: cluster.ClusterIdentifier})
	})
}

func readRedshiftCluster(ctx context.Context, p *engine.Place, cluster types.Cluster) {
	r := p.Read()
	doc := RedshiftCluster{
		Public:                r.Flag(cluster.PubliclyAccessible, "redshift:DescribeClusters", "public"),
		Encrypted:             r.Flag(cluster.Encrypted, "redshift:DescribeClusters", "encrypted"),
		EnhancedVPCRouting:    r.Flag(cluster.EnhancedVpcRouting, "redshift:DescribeClusters", "enhanced_vpc_routing"),
		SnapshotRetentionDays: count(r, cluster.AutomatedSnapshotRetentionPeriod, "redshift:DescribeClusters", "snapshot_retention_days"),
	}
	if r.Wants("audit_logging", "audit_logs_fail") {
		out, err := redshiftLogging(ctx, p, cluster)
		if r.Got(err, "audit_logging", "audit_logs_fail") {
			doc.AuditLogging = r.Flag(out.LoggingEnabled, "redshift:DescribeLoggingStatus", "audit_logging")
			doc.AuditLogsFail = aws.ToTime(out.LastFailureTime).After(aws.ToTime(out.LastSuccessfulDeliveryTime))
		}
	}
	if r.Wants("requires_tls") {
		required, err := redshiftRequiresTLS(ctx, p, cluster.ClusterParameterGroups)
		if r.Got(err, "requires_tls") {
			doc.RequiresTLS = required
		}
	}
	name := aws.ToString(cluster.ClusterIdentifier)
	tags := engine.Tags(cluster.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
	r.Emit(p.ARN("redshift", "cluster:"+name), name, tags, &doc)
}

// redshiftRequiresTLS reports whether all of a cluster's parameter groups require TLS.
func redshiftRequiresTLS(ctx context.Context, p *engine.Place, groups []types.ClusterParameterGroupStatus) (bool, error) {
	for _, group := range groups {
		required, err := groupRequiresTLS(ctx, p, aws.ToString(group.ParameterGroupName))
		if err != nil || !required {
			return false, err
		}
	}
	return len(groups) > 0, nil
}

// groupRequiresTLS reads one parameter group, once.
func groupRequiresTLS(ctx context.Context, p *engine.Place, group string) (bool, error) {
	return engine.Once(p, "redshift parameters of "+group, func() (bool, error) {
		required, told := false, false
		pages := redshift.NewDescribeClusterParametersPaginator(redshiftClient(p), &redshift.DescribeClusterParametersInput{
			ParameterGroupName: &group,
			MaxRecords:         aws.Int32(redshiftPage),
		})
		err := engine.EachPage(ctx, pages, func(page *redshift.DescribeClusterParametersOutput) error {
			for _, parameter := range page.Parameters {
				if aws.ToString(parameter.ParameterName) == "require_ssl" {
					required, told = isOn(aws.ToString(parameter.ParameterValue)), true
				}
			}
			return nil
		})
		if err == nil && !told {
			err = engine.Malformed("redshift:DescribeClusterParameters", errNoParameter)
		}
		return required, err
	})
}

var errNoParameter error = &posture.ReasonError{Reason: posture.NotAnswered, Text: "the answer lacks require_ssl, which every parameter group has"}
