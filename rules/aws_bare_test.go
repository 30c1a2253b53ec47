package rules_test

import (
	"testing"

	"posture/internal/posture"
)

// bareAnswers holds listings of each type that tell of a resource no more than its id.
var bareAnswers = map[string]string{
	"AWS::RDS::DBInstance": `
-- cloudwatch:DescribeAlarms --
{"MetricAlarms": []}
-- rds:DescribeDBInstances --
<DBInstances><DBInstance><DBInstanceArn>arn:aws:rds:us-east-1:111122223333:db:d</DBInstanceArn><Engine>oracle-ee</Engine></DBInstance></DBInstances>
-- backup:ListProtectedResources --
{"Results": [{"ResourceArn": "arn:aws:rds:us-east-1:111122223333:db:d"}]}`,
	"AWS::RDS::DBCluster": `
-- rds:DescribeDBClusters --
<DBClusters><DBCluster><DBClusterArn>arn:aws:rds:us-east-1:111122223333:cluster:c</DBClusterArn><Engine>aurora-mysql</Engine></DBCluster></DBClusters>
-- backup:ListProtectedResources --
{"Results": []}`,
	"AWS::RDS::DBSnapshot": `
-- rds:DescribeDBSnapshots --
<DBSnapshots><DBSnapshot><DBSnapshotArn>arn:aws:rds:us-east-1:111122223333:snapshot:s</DBSnapshotArn></DBSnapshot></DBSnapshots>
-- rds:DescribeDBSnapshotAttributes --
`,
	"AWS::RDS::DBClusterSnapshot": `
-- rds:DescribeDBClusterSnapshots --
<DBClusterSnapshots><DBClusterSnapshot><DBClusterSnapshotArn>arn:aws:rds:us-east-1:111122223333:cluster-snapshot:s</DBClusterSnapshotArn></DBClusterSnapshot></DBClusterSnapshots>
-- rds:DescribeDBClusterSnapshotAttributes --
`,
	"AWS::Redshift::Cluster": `
-- redshift:DescribeClusters --
<Clusters><Cluster><ClusterIdentifier>c</ClusterIdentifier><ClusterParameterGroups><ClusterParameterGroup><ParameterGroupName>g</ParameterGroupName></ClusterParameterGroup></ClusterParameterGroups></Cluster></Clusters>
-- redshift:DescribeLoggingStatus --
-- redshift:DescribeClusterParameters --
<Parameters/>`,
	"AWS::ElastiCache::ReplicationGroup": `
-- elasticache:DescribeReplicationGroups --
<ReplicationGroups><ReplicationGroup><ARN>arn:aws:elasticache:us-east-1:111122223333:replicationgroup:g</ARN></ReplicationGroup></ReplicationGroups>
-- elasticache:ListTagsForResource --
<TagList/>`,
	"AWS::DynamoDB::Table": `
-- cloudwatch:DescribeAlarms --
{"MetricAlarms": []}
-- dynamodb:ListTables --
{"TableNames": ["t"]}
-- dynamodb:DescribeTable --
{"Table": {}}
-- dynamodb:DescribeContinuousBackups --
{"ContinuousBackupsDescription": {}}
-- dynamodb:ListTagsOfResource --
{"Tags": []}
-- backup:ListProtectedResources --
{"Results": []}`,
	"AWS::EFS::FileSystem": `
-- elasticfilesystem:DescribeFileSystems --
{"FileSystems": [{"FileSystemId": "fs-1"}]}
-- elasticfilesystem:DescribeMountTargets --
{"MountTargets": []}
-- elasticfilesystem:DescribeBackupPolicy --
{"BackupPolicy": {}}
-- elasticfilesystem:DescribeFileSystemPolicy --
{"FileSystemId": "fs-1"}
-- backup:ListProtectedResources --
{"Results": []}`,
	"AWS::EC2::Volume": `
-- ec2:DescribeVolumes --
<volumeSet><item><volumeId>vol-1</volumeId></item></volumeSet>
-- ec2:DescribeSnapshots --
<snapshotSet/>
-- backup:ListProtectedResources --
{"Results": []}`,
	"AWS::EC2::Snapshot": `
-- ec2:DescribeSnapshots --
<snapshotSet><item><snapshotId>snap-1</snapshotId></item></snapshotSet>`,
	"AWS::EC2::Image": `
-- ec2:DescribeImages --
<imagesSet><item><imageId>ami-1</imageId></item></imagesSet>`,
	"AWS::EC2::Subnet": `
-- ec2:DescribeSubnets --
<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>
-- ec2:DescribeRouteTables --
<routeTableSet/>`,
	"AWS::EC2::VPNConnection": `
-- ec2:DescribeVpnConnections --
<vpnConnectionSet><item><vpnConnectionId>vpn-1</vpnConnectionId></item></vpnConnectionSet>`,
	"AWS::ECS::Service": `
-- ecs:ListClusters --
{"clusterArns": ["c"]}
-- ecs:ListServices --
{"serviceArns": ["arn:aws:ecs:us-east-1:111122223333:service/c/s"]}
-- ecs:DescribeServices --
{"services": [{"serviceArn": "arn:aws:ecs:us-east-1:111122223333:service/c/s"}]}`,
	"AWS::ElasticLoadBalancing::LoadBalancer": `
-- elb:DescribeLoadBalancers --
<LoadBalancerDescriptions><member><LoadBalancerName>old</LoadBalancerName></member></LoadBalancerDescriptions>
-- elb:DescribeLoadBalancerAttributes --
<LoadBalancerAttributes/>
-- elb:DescribeTags --
<TagDescriptions/>`,
	"AWS::EC2::Instance": `
-- ec2:DescribeInstances --
<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></item></reservationSet>
-- backup:ListProtectedResources --
{"Results": []}`,
	"AWS::AutoScaling::AutoScalingGroup": `
-- autoscaling:DescribeAutoScalingGroups --
<AutoScalingGroups><member><AutoScalingGroupARN>g</AutoScalingGroupARN></member></AutoScalingGroups>`,
	"AWS::ElasticLoadBalancingV2::LoadBalancer": `
-- cloudwatch:DescribeAlarms --
{"MetricAlarms": []}
-- elasticloadbalancing:DescribeLoadBalancers --
<LoadBalancers><member><LoadBalancerArn>l</LoadBalancerArn><Type>application</Type></member></LoadBalancers>
-- elasticloadbalancing:DescribeLoadBalancerAttributes --
<Attributes/>
-- elasticloadbalancing:DescribeTags --
<TagDescriptions/>`,
	"AWS::ElasticLoadBalancingV2::Listener": `
-- elasticloadbalancing:DescribeLoadBalancers --
<LoadBalancers><member><LoadBalancerArn>l</LoadBalancerArn><Type>application</Type></member></LoadBalancers>
-- elasticloadbalancing:DescribeListeners --
<Listeners><member><ListenerArn>a</ListenerArn><Protocol>HTTP</Protocol><Port>80</Port></member><member><ListenerArn>b</ListenerArn><Protocol>HTTPS</Protocol><Port>443</Port></member></Listeners>`,
	"AWS::Backup::BackupVault": `
-- backup:ListBackupVaults --
{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:v", "NumberOfRecoveryPoints": 1}]}
-- backup:GetBackupVaultAccessPolicy error=ResourceNotFoundException --
`,
	"AWS::Backup::BackupPlan": `
-- backup:ListBackupPlans --
{"BackupPlansList": [{"BackupPlanArn": "arn:aws:backup:us-east-1:111122223333:backup-plan:p", "BackupPlanId": "p"}]}
-- backup:GetBackupPlan --
{"BackupPlanId": "p"}
-- backup:ListBackupSelections --
{"BackupSelectionsList": []}`,
}

// absenceTells holds the rules that an answer without a field decides all the
// same: leaving it out, or an empty list, is how the API says no.
var absenceTells = map[string]string{
	"aws-alarm-elb-health":                "alarms are a listing",
	"aws-alarm-rds-capacity":              "alarms are a listing",
	"aws-alarm-table-throttling":          "alarms are a listing",
	"aws-backup-vault-deletion-protected": "a vault without a lock may leave it out",
	"aws-rds-instance-logs-exported":      "exports are a list",
	"aws-rds-cluster-logs-exported":       "exports are a list",
	"aws-dynamodb-table-kms-cmk":          "the key that AWS owns is not described",
	"aws-backup-vault-kms-encrypted":      "a vault without a key of KMS names none",
	"aws-backup-plan-has-resources":       "selections are a listing",
	"aws-ec2-instance-uses-role":          "an instance without a profile names none",
	"aws-ec2-instance-no-public-ip":       "an instance outside of a VPC names none, and addresses are a list",
	"aws-ebs-snapshot-not-public":         "what is public is a listing of its own",
}

// TestBareAnswers: where an answer lacks what a rule asks, the finding is
// unknown. Nothing passes or fails by a zero.
func TestBareAnswers(t *testing.T) {
	loaded := loadAWS(t)
	for typ, estate := range bareAnswers {
		t.Run(typ, func(t *testing.T) {
			judged := 0
			for rule, statuses := range judgeAWS(t, loaded, estate, posture.Want{typ: append(fieldsOf(t, typ), "tags")}) {
				for _, status := range statuses {
					judged++
					if _, tells := absenceTells[rule]; status != posture.Unknown && !tells {
						t.Errorf("%s: %s", rule, status)
					}
				}
			}
			if judged == 0 {
				t.Error("nothing was judged")
			}
		})
	}
}
