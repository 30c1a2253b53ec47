package services

import (
	"testing"
	"time"

	"posture/internal/posture"
)

func rdsArn(rest string) string { return "arn:aws:rds:us-east-1:" + testAccount + ":" + rest }

func TestRDSInstances(t *testing.T) {
	expires := time.Date(2027, time.January, 2, 3, 4, 5, 0, time.UTC)
	good := RDSInstance{
		Created: ec2Made,
		Engine:  "postgres", EngineVersion: "17.2", Encrypted: true, BackupRetentionDays: 14, MultiAZ: true, DeletionProtection: true,
		AutoMinorUpgrade: true, IAMAuthentication: true, CopiesTags: true, LogExports: []string{"postgresql"},
		CA: "rds-ca-rsa2048-g1", CertificateExpires: expires, ForcesTLS: true, LastBackup: lastBackup,
	}
	instance := func(name string, tags map[string]string, doc RDSInstance, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: rdsArn("db:" + name), Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	tags := map[string]string{"environment": "production"}
	bad := instance("bad", nil, RDSInstance{Created: ec2Made, Engine: "mysql", Public: true, CA: "rds-ca-2019", CertificateExpires: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)})
	member := instance("member", nil, RDSInstance{Created: ec2Made, Engine: "aurora-postgresql", ClusterMember: true})
	replica := RDSInstance{Created: ec2Made, Engine: "postgres", ReadReplica: true, CertificateExpires: expires, ForcesTLS: true}
	unsure, unsureReplica := good, replica
	unsure.ForcesTLS, unsureReplica.ForcesTLS = false, false
	unread := refused("rds:DescribeDBParameters", "AccessDenied", "rds:DescribeDBParameters", "forces_tls")
	backups := backedUp(rdsArn("db:good"))
	testReading(t, "AWS::RDS::DBInstance", []readingTest{
		{name: "as they are", sections: map[string]string{"backup:ListProtectedResources": backups},
			want: []posture.Resource{bad, instance("good", tags, good), member, instance("replica", nil, replica)}},
		{name: "a parameter group refused", sections: map[string]string{
			"backup:ListProtectedResources":                                           backups,
			"rds:DescribeDBParameters DBParameterGroupName=strict error=AccessDenied": "",
		}, want: []posture.Resource{bad, instance("good", tags, unsure, unread...), member, instance("replica", nil, unsureReplica, unread...)}},
		{name: "an answer that lacks settings", sections: map[string]string{
			"backup:ListProtectedResources": backups,
			"rds:DescribeDBInstances": "<DBInstances><DBInstance><DBInstanceIdentifier>odd</DBInstanceIdentifier><DBInstanceArn>" + rdsArn("db:odd") +
				"</DBInstanceArn><CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier></DBInstance></DBInstances>",
		}, want: []posture.Resource{instance("odd", nil, RDSInstance{CA: "rds-ca-rsa2048-g1"}, missing("rds:DescribeDBInstances", "public", "created", "certificate_expires", "engine", "encrypted", "backup_retention_days", "multi_az",
			"deletion_protection", "auto_minor_upgrade", "iam_authentication", "copies_tags")...)}},
		{name: "second page broken", sections: map[string]string{
			"backup:ListProtectedResources":                                     backups,
			"rds:DescribeDBInstances Marker=two error=InternalError status=500": "",
		}, want: []posture.Resource{instance("good", tags, good)}, cause: brokenListing("rds:DescribeDBInstances")},
	})
}

func TestRDSClusters(t *testing.T) {
	cluster := func(name string, tags map[string]string, doc RDSCluster, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: rdsArn("cluster:" + name), Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	aurora := RDSCluster{
		Created: ec2Made,
		Engine:  "aurora-postgresql", EngineMode: "provisioned", Encrypted: true, BackupRetentionDays: 7, MultiAZ: true,
		DeletionProtection: true, IAMAuthentication: true, CopiesTags: true, LogExports: []string{"postgresql"},
	}
	documents := RDSCluster{Created: ec2Made, Engine: "docdb", BackupRetentionDays: 1}
	backed, tags := aurora, map[string]string{"env": "prod"}
	backed.LastBackup = lastBackup
	backups := backedUp(rdsArn("cluster:aurora"))
	unread := refused("backup:ListProtectedResources", "AccessDeniedException", "backup:ListProtectedResources", "last_backup")
	testReading(t, "AWS::RDS::DBCluster", []readingTest{
		{name: "as they are", sections: map[string]string{"backup:ListProtectedResources": backups},
			want: []posture.Resource{cluster("aurora", tags, backed), cluster("documents", nil, documents)}},
		{name: "backups refused", sections: map[string]string{"backup:ListProtectedResources error=AccessDeniedException": ""},
			want: []posture.Resource{cluster("aurora", tags, aurora, unread...), cluster("documents", nil, documents, unread...)}},
		{name: "second page broken", sections: map[string]string{
			"backup:ListProtectedResources":                                    backups,
			"rds:DescribeDBClusters Marker=two error=InternalError status=500": "",
		}, want: []posture.Resource{cluster("aurora", tags, backed)}, cause: brokenListing("rds:DescribeDBClusters")},
	})
}

func TestRDSSnapshots(t *testing.T) {
	snapshot := func(name string, tags map[string]string, doc RDSSnapshot, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: rdsArn("snapshot:" + name), Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	private, tags := snapshot("private", nil, RDSSnapshot{Engine: "postgres", Encrypted: true}), map[string]string{"owner": "shop"}
	testReading(t, "AWS::RDS::DBSnapshot", []readingTest{
		{name: "as they are", want: []posture.Resource{private, snapshot("public", tags, RDSSnapshot{Engine: "mysql", Public: true})}},
		{name: "attributes refused", sections: map[string]string{"rds:DescribeDBSnapshotAttributes DBSnapshotIdentifier=public error=AccessDenied": ""},
			want: []posture.Resource{private, snapshot("public", tags, RDSSnapshot{Engine: "mysql"},
				refused("rds:DescribeDBSnapshotAttributes", "AccessDenied", "rds:DescribeDBSnapshotAttributes", "public")...)}},
		{name: "an empty answer", sections: map[string]string{"rds:DescribeDBSnapshotAttributes DBSnapshotIdentifier=public": ""},
			want: []posture.Resource{private, snapshot("public", tags, RDSSnapshot{Engine: "mysql"}, missing("rds:DescribeDBSnapshotAttributes", "public")...)}},
		{name: "second page broken", sections: map[string]string{"rds:DescribeDBSnapshots SnapshotType=manual Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{private}, cause: brokenListing("rds:DescribeDBSnapshots")},
	})
}

func TestRDSClusterSnapshots(t *testing.T) {
	snapshot := func(name string, doc RDSSnapshot, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: rdsArn("cluster-snapshot:" + name), Name: name, Doc: &doc, Unread: unread}
	}
	private := snapshot("private", RDSSnapshot{Engine: "aurora-mysql", Encrypted: true})
	testReading(t, "AWS::RDS::DBClusterSnapshot", []readingTest{
		{name: "as they are", want: []posture.Resource{private, snapshot("public", RDSSnapshot{Engine: "neptune", Public: true})}},
		{name: "attributes refused", sections: map[string]string{"rds:DescribeDBClusterSnapshotAttributes DBClusterSnapshotIdentifier=public error=AccessDenied": ""},
			want: []posture.Resource{private, snapshot("public", RDSSnapshot{Engine: "neptune"},
				refused("rds:DescribeDBClusterSnapshotAttributes", "AccessDenied", "rds:DescribeDBClusterSnapshotAttributes", "public")...)}},
		{name: "second page broken", sections: map[string]string{"rds:DescribeDBClusterSnapshots SnapshotType=manual Marker=two error=InternalError status=500": ""},
			want: []posture.Resource{private}, cause: brokenListing("rds:DescribeDBClusterSnapshots")},
	})
}
