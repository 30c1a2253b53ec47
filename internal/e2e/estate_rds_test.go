package e2e

import (
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func (b *builder) rds() *rds.Client { return rds.NewFromConfig(b.cfg) }

// databases makes instances and clusters with their snapshots.
func (b *builder) databases(key string) {
	client := b.rds()
	b.ok(client.CreateDBParameterGroup(b.ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: new("needs-tls"), DBParameterGroupFamily: new("postgres16"), Description: new("refuses plain connections")}))
	b.ok(client.ModifyDBParameterGroup(b.ctx, &rds.ModifyDBParameterGroupInput{DBParameterGroupName: new("needs-tls"),
		Parameters: []types.Parameter{{ParameterName: new("rds.force_ssl"), ParameterValue: new("1"), ApplyMethod: types.ApplyMethodImmediate}}}))
	b.ok(client.CreateDBParameterGroup(b.ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: new("takes-plain"), DBParameterGroupFamily: new("postgres16"), Description: new("takes plain connections")}))
	b.ok(client.CreateDBInstance(b.ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: new("good-database"), Engine: new("postgres"), DBInstanceClass: new("db.t4g.small"), AllocatedStorage: new(int32(20)),
		MasterUsername: new("made"), MasterUserPassword: new("made-up-1"), StorageEncrypted: new(true), KmsKeyId: &key, MultiAZ: new(true),
		BackupRetentionPeriod: new(int32(14)), DeletionProtection: new(true), AutoMinorVersionUpgrade: new(true), PubliclyAccessible: new(false),
		EnableIAMDatabaseAuthentication: new(true), CopyTagsToSnapshot: new(true), EnableCloudwatchLogsExports: []string{"postgresql"},
		DBParameterGroupName: new("needs-tls"), CACertificateIdentifier: new("rds-ca-rsa2048-g1"),
	}))
	b.ok(client.CreateDBInstance(b.ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: new("bad-database"), Engine: new("postgres"), DBInstanceClass: new("db.t4g.small"), AllocatedStorage: new(int32(20)),
		MasterUsername: new("made"), MasterUserPassword: new("made-up-1"), StorageEncrypted: new(false), MultiAZ: new(false),
		BackupRetentionPeriod: new(int32(1)), DeletionProtection: new(false), AutoMinorVersionUpgrade: new(false), PubliclyAccessible: new(true),
		EnableIAMDatabaseAuthentication: new(false), CopyTagsToSnapshot: new(false), DBParameterGroupName: new("takes-plain"),
		CACertificateIdentifier: new("rds-ca-2019"),
	}))
	for name, database := range map[string]string{"good-copy": "good-database", "bad-copy": "bad-database"} {
		b.ok(client.CreateDBSnapshot(b.ctx, &rds.CreateDBSnapshotInput{DBSnapshotIdentifier: &name, DBInstanceIdentifier: &database}))
	}
	b.ok(client.ModifyDBSnapshotAttribute(b.ctx, &rds.ModifyDBSnapshotAttributeInput{
		DBSnapshotIdentifier: new("bad-copy"), AttributeName: new("restore"), ValuesToAdd: []string{"all"}}))
	b.clusters(key)
}

// clusters makes clusters with their snapshots.
func (b *builder) clusters(key string) {
	client := b.rds()
	b.ok(client.CreateDBCluster(b.ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: new("good-cluster"), Engine: new("aurora-postgresql"), MasterUsername: new("made"), MasterUserPassword: new("made-up-1"),
		StorageEncrypted: new(true), KmsKeyId: &key, BackupRetentionPeriod: new(int32(14)), DeletionProtection: new(true),
		EnableIAMDatabaseAuthentication: new(true), CopyTagsToSnapshot: new(true), EnableCloudwatchLogsExports: []string{"postgresql"},
	}))
	b.ok(client.CreateDBCluster(b.ctx, &rds.CreateDBClusterInput{
		DBClusterIdentifier: new("bad-cluster"), Engine: new("aurora-postgresql"), MasterUsername: new("made"), MasterUserPassword: new("made-up-1"),
		StorageEncrypted: new(false), BackupRetentionPeriod: new(int32(1)), DeletionProtection: new(false),
		EnableIAMDatabaseAuthentication: new(false), CopyTagsToSnapshot: new(false),
	}))
	for name, cluster := range map[string]string{"good-cluster-copy": "good-cluster", "bad-cluster-copy": "bad-cluster"} {
		b.ok(client.CreateDBClusterSnapshot(b.ctx, &rds.CreateDBClusterSnapshotInput{DBClusterSnapshotIdentifier: &name, DBClusterIdentifier: &cluster}))
	}
	b.ok(client.ModifyDBClusterSnapshotAttribute(b.ctx, &rds.ModifyDBClusterSnapshotAttributeInput{
		DBClusterSnapshotIdentifier: new("bad-cluster-copy"), AttributeName: new("restore"), ValuesToAdd: []string{"all"}}))
}
