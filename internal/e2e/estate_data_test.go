package e2e

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	redshifttypes "github.com/aws/aws-sdk-go-v2/service/redshift/types"
)

// tables makes DynamoDB tables.
func (b *builder) tables(key string) {
	client := dynamodb.NewFromConfig(b.cfg)
	for _, name := range []string{"good-table", "bad-table"} {
		good := name == "good-table"
		input := &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: dynamotypes.BillingModePayPerRequest, DeletionProtectionEnabled: &good,
			AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: new("id"), AttributeType: dynamotypes.ScalarAttributeTypeS}},
			KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: new("id"), KeyType: dynamotypes.KeyTypeHash}},
		}
		if good {
			input.SSESpecification = &dynamotypes.SSESpecification{Enabled: &good, SSEType: dynamotypes.SSETypeKms, KMSMasterKeyId: &key}
		}
		if !good {
			input.BillingMode = dynamotypes.BillingModeProvisioned
			input.ProvisionedThroughput = &dynamotypes.ProvisionedThroughput{ReadCapacityUnits: new(int64(5)), WriteCapacityUnits: new(int64(5))}
		}
		b.ok(client.CreateTable(b.ctx, input))
		b.ok(client.UpdateContinuousBackups(b.ctx, &dynamodb.UpdateContinuousBackupsInput{TableName: &name,
			PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &good}}))
	}
}

// fileSystems makes EFS file systems.
func (b *builder) fileSystems(n network) {
	client := efs.NewFromConfig(b.cfg)
	good, err := client.CreateFileSystem(b.ctx, &efs.CreateFileSystemInput{CreationToken: new("good"), Encrypted: new(true), Backup: new(true),
		Tags: []efstypes.Tag{{Key: new("Name"), Value: new("good-files")}}})
	b.need(err)
	b.call("good-files", good.FileSystemId)
	for _, subnet := range n.subnets {
		b.ok(client.CreateMountTarget(b.ctx, &efs.CreateMountTargetInput{FileSystemId: good.FileSystemId, SubnetId: &subnet}))
	}
	b.ok(client.PutFileSystemPolicy(b.ctx, &efs.PutFileSystemPolicyInput{FileSystemId: good.FileSystemId, Policy: new(policy(statement{
		"Effect": "Deny", "Principal": map[string]string{"AWS": "*"}, "Action": "*", "Resource": *good.FileSystemArn,
		"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	}))}))
	bad, err := client.CreateFileSystem(b.ctx, &efs.CreateFileSystemInput{CreationToken: new("bad"), Encrypted: new(false),
		Tags: []efstypes.Tag{{Key: new("Name"), Value: new("bad-files")}}})
	b.need(err)
	b.call("bad-files", bad.FileSystemId)
	b.ok(client.CreateMountTarget(b.ctx, &efs.CreateMountTargetInput{FileSystemId: bad.FileSystemId, SubnetId: &n.lone}))
	b.ok(client.PutFileSystemPolicy(b.ctx, &efs.PutFileSystemPolicyInput{FileSystemId: bad.FileSystemId,
		Policy: new(policy(allow("*", "elasticfilesystem:ClientMount", "*")))}))
}

// warehouses makes Redshift clusters.
func (b *builder) warehouses() {
	client := redshift.NewFromConfig(b.cfg)
	b.ok(client.CreateClusterParameterGroup(b.ctx, &redshift.CreateClusterParameterGroupInput{
		ParameterGroupName: new("needs-tls"), ParameterGroupFamily: new("redshift-1.0"), Description: new("refuses plain connections")}))
	b.ok(client.CreateCluster(b.ctx, &redshift.CreateClusterInput{
		ClusterIdentifier: new("good-warehouse"), NodeType: new("ra3.xlplus"), MasterUsername: new("made"), MasterUserPassword: new("Made-up-1"),
		Encrypted: new(true), PubliclyAccessible: new(false), EnhancedVpcRouting: new(true), AutomatedSnapshotRetentionPeriod: new(int32(30)),
		ClusterParameterGroupName: new("needs-tls"),
	}))
	b.ok(client.CreateCluster(b.ctx, &redshift.CreateClusterInput{
		ClusterIdentifier: new("bad-warehouse"), NodeType: new("ra3.xlplus"), MasterUsername: new("made"), MasterUserPassword: new("Made-up-1"),
		Encrypted: new(false), PubliclyAccessible: new(true), EnhancedVpcRouting: new(false), AutomatedSnapshotRetentionPeriod: new(int32(1)),
	}))
	b.in("us-east-1").bucket("audit-of-warehouse", nil)
	b.bucketPolicy("audit-of-warehouse", statement{
		"Effect": "Allow", "Principal": map[string]string{"Service": "redshift.amazonaws.com"}, "Action": []string{"s3:PutObject", "s3:GetBucketAcl"},
		"Resource": []string{"arn:aws:s3:::audit-of-warehouse", "arn:aws:s3:::audit-of-warehouse/*"},
	})
	b.auditWarehouse("good-warehouse")
}

func (b *builder) auditWarehouse(name string) {
	b.t.Helper()
	_, err := redshift.NewFromConfig(b.cfg).EnableLogging(b.ctx, &redshift.EnableLoggingInput{ClusterIdentifier: &name,
		LogDestinationType: redshifttypes.LogDestinationTypeS3, BucketName: new("audit-of-warehouse"), S3KeyPrefix: new("audit/")})
	b.need(err)
}

// caches makes ElastiCache replication groups.
func (b *builder) caches() {
	client := elasticache.NewFromConfig(b.cfg)
	for _, name := range []string{"good-cache", "bad-cache"} {
		good := name == "good-cache"
		input := &elasticache.CreateReplicationGroupInput{
			ReplicationGroupId: &name, ReplicationGroupDescription: &name, CacheNodeType: new("cache.t4g.small"), Engine: new("redis"),
			AtRestEncryptionEnabled: &good, TransitEncryptionEnabled: &good, MultiAZEnabled: &good, AutomaticFailoverEnabled: &good,
			NumCacheClusters: new(int32(1)),
		}
		if good {
			input.NumCacheClusters, input.SnapshotRetentionLimit = new(int32(2)), new(int32(7))
		}
		b.ok(client.CreateReplicationGroup(b.ctx, input))
	}
}
