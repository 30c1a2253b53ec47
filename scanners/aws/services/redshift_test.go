package services

import (
	"testing"

	"posture/internal/posture"
)

func TestRedshiftClusters(t *testing.T) {
	cluster := func(name string, tags map[string]string, doc RedshiftCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:redshift:us-east-1:111122223333:cluster:" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	good := RedshiftCluster{Encrypted: true, EnhancedVPCRouting: true, SnapshotRetentionDays: 7, AuditLogging: true, RequiresTLS: true}
	bad, tags := cluster("bad", nil, RedshiftCluster{Public: true, SnapshotRetentionDays: 1}), map[string]string{"owner": "data"}
	unlogged, unsure := good, good
	unlogged.AuditLogging, unsure.RequiresTLS = false, false
	testReading(t, "AWS::Redshift::Cluster", []readingTest{
		{name: "as they are", want: []posture.Resource{bad, cluster("good", tags, good)}},
		{name: "logging refused", sections: map[string]string{"redshift:DescribeLoggingStatus ClusterIdentifier=good error=AccessDenied": ""},
			want: []posture.Resource{bad, cluster("good", tags, unlogged,
				refused("redshift:DescribeLoggingStatus", "AccessDenied", "redshift:DescribeLoggingStatus", "audit_logging", "audit_logs_fail")...)}},
		{name: "parameters refused", sections: map[string]string{"redshift:DescribeClusterParameters ParameterGroupName=strict error=AccessDenied": ""},
			want: []posture.Resource{bad, cluster("good", tags, unsure,
				refused("redshift:DescribeClusterParameters", "AccessDenied", "redshift:DescribeClusterParameters", "requires_tls")...)}},
		{name: "second page broken", sections: map[string]string{"redshift:DescribeClusters Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{cluster("good", tags, good)}, cause: brokenListing("redshift:DescribeClusters")},
	})
}
