package services

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

// TestValuesNobodyKnows holds for settings whose values the SDK lists
// that one which AWS has gained since decides nothing. Of each row all that a file
// of testdata says is replaced.
func TestValuesNobodyKnows(t *testing.T) {
	for _, test := range []struct {
		typ, file, replace, operation string
		fields                        []string
	}{
		{"AWS::EC2::TransitGateway", "ec2", "<autoAcceptSharedAttachments>disable<", "ec2:DescribeTransitGateways", []string{"auto_accepts"}},
		{"AWS::EC2::Instance", "ec2", "<httpTokens>required<", "ec2:DescribeInstances", []string{"imdsv2_required"}},
		{"AWS::EC2::Instance", "ec2", "<httpEndpoint>disabled<", "ec2:DescribeInstances", []string{"metadata_reachable"}},
		{"AWS::EC2::Instance", "ec2", "<monitoring><state>enabled<", "ec2:DescribeInstances", []string{"detailed_monitoring"}},
		{"AWS::EC2::Volume", "ec2", "<status>in-use<", "ec2:DescribeVolumes", []string{"attached"}},
		{"AWS::EC2::SnapshotBlockPublicAccess", "ec2", "<state>block-new-sharing<", "ec2:GetSnapshotBlockPublicAccessState", []string{"blocks_all", "blocks_new"}},
		{"AWS::EC2::Subnet", "ec2", "<state>active<", "ec2:DescribeRouteTables", []string{"nat_zones"}},
		{"AWS::EC2::VPC", "ec2", "<trafficType>REJECT<", "ec2:DescribeFlowLogs", []string{"flow_logs"}},
		{"AWS::EC2::VPC", "ec2", "<deliverLogsStatus>SUCCESS<", "ec2:DescribeFlowLogs", []string{"flow_logs"}},
		{"AWS::EC2::VPNConnection", "ec2", "<state>available<", "ec2:DescribeVpnConnections", []string{"state"}},
		{"AWS::EC2::VPNConnection", "ec2", "<status>UP<", "ec2:DescribeVpnConnections", []string{"tunnels_up"}},
		{"AWS::StepFunctions::StateMachine", "states", `"level": "ERROR"`, "states:DescribeStateMachine", []string{"log_level"}},
		{"AWS::ApiGateway::RestApi", "apigateway", `"types": ["PRIVATE"`, "apigateway:GetRestApis", []string{"private"}},
		{"AWS::ApiGateway::Stage", "apigateway", `"types": ["PRIVATE"`, "apigateway:GetRestApis", []string{"private"}},
		{"AWS::ApiGatewayV2::Api", "apigatewayv2", `"authorizationType": "JWT"`, "apigatewayv2:GetRoutes", []string{"open_routes"}},
		{"AWS::ApiGatewayV2::Api", "apigatewayv2", `"protocolType": "HTTP"`, "apigatewayv2:GetApis", []string{"protocol"}},
		{"AWS::ApiGatewayV2::Stage", "apigatewayv2", `"loggingLevel": "ERROR"`, "apigatewayv2:GetStages", []string{"execution_logs"}},
		{"AWS::Backup::Recovery", "backup", `"State": "EXPIRED"`, "backup:ListBackupJobs", []string{"backup_jobs", "failed_backups"}},
		{"AWS::CertificateManager::Certificate", "acm", `"Status": "ISSUED"`, "acm:ListCertificates", []string{"status"}},
		{"AWS::CertificateManager::Certificate", "acm", `"Type": "IMPORTED"`, "acm:ListCertificates", []string{"kind"}},
		{"AWS::CertificateManager::Certificate", "acm", `"KeyAlgorithm": "RSA_1024"`, "acm:ListCertificates", []string{"key_algorithm"}},
		{"AWS::DAX::Cluster", "dax", `"SSEDescription": {"Status": "ENABLED"`, "dax:DescribeClusters", []string{"encrypted_at_rest"}},
		{"AWS::DAX::Cluster", "dax", `"ClusterEndpointEncryptionType": "TLS"`, "dax:DescribeClusters", []string{"requires_tls"}},
		{"AWS::DMS::Endpoint", "dms", `"SslMode": "require"`, "dms:DescribeEndpoints", []string{"requires_tls"}},
		{"AWS::DataSync::Task", "datasync", `"LogLevel": "BASIC"`, "datasync:DescribeTask", []string{"log_level"}},
		{"AWS::FSx::FileSystem", "fsx", `"FileSystemType": "OPENZFS"`, "fsx:DescribeFileSystems", []string{"kind"}},
		{"AWS::Kinesis::Stream", "kinesis", `"EncryptionType": "KMS"`, "kinesis:DescribeStreamSummary", []string{"encrypted"}},
		{"AWS::KinesisFirehose::DeliveryStream", "firehose", `"DeliveryStreamType": "DirectPut"`, "firehose:DescribeDeliveryStream", []string{"source"}},
		{"AWS::KinesisFirehose::DeliveryStream", "firehose", `"DeliveryStreamEncryptionConfiguration": {"Status": "ENABLED"`, "firehose:DescribeDeliveryStream", []string{"encrypted"}},
		{"AWS::Transfer::Server", "transfer", `"Protocols": ["SFTP"`, "transfer:DescribeServer", []string{"protocols"}},
		{"AWS::EKS::Cluster", "eks", `"versionStatus": "STANDARD_SUPPORT"`, "eks:DescribeClusterVersions", []string{"support"}},
		{"AWS::ElastiCache::ReplicationGroup", "elasticache", "<TransitEncryptionMode>required<", "elasticache:DescribeReplicationGroups", []string{"requires_tls"}},
		{"AWS::ElastiCache::ReplicationGroup", "elasticache", "<MultiAZ>enabled<", "elasticache:DescribeReplicationGroups", []string{"multi_az"}},
		{"AWS::ElastiCache::ReplicationGroup", "elasticache", "<AutomaticFailover>enabled<", "elasticache:DescribeReplicationGroups", []string{"automatic_failover"}},
		{"AWS::Config::ConfigurationRecorder", "config", `"lastStatus": "SUCCESS"`, "config:DescribeConfigurationRecorderStatus", []string{"recording", "waiting_since"}},
		{"AWS::CodeBuild::Project", "codebuild", `"cloudWatchLogs": {"status": "DISABLED"`, "codebuild:BatchGetProjects", []string{"logs"}},
		{"AWS::AppSync::GraphQLApi", "appsync", `"fieldLogLevel": "ERROR"`, "appsync:ListGraphqlApis", []string{"field_log_level"}},
		{"AWS::Athena::WorkGroup", "athena", `"State": "ENABLED"`, "athena:ListWorkGroups", []string{"enabled"}},
		{"AWS::CloudFormation::Stack", "cloudformation", `<StackStatus>UPDATE_COMPLETE<`, "cloudformation:DescribeStacks", []string{"status"}},
		{"AWS::Cognito::UserPool", "cognito", `"MfaConfiguration": "OFF"`, "cognito-idp:DescribeUserPool", []string{"mfa"}},
		{"AWS::Glue::DataCatalogEncryptionSettings", "glue", `"CatalogEncryptionMode": "SSE-KMS"`, "glue:GetDataCatalogEncryptionSettings", []string{"metadata"}},
		{"AWS::Glue::Job", "glue", `"S3EncryptionMode": "SSE-KMS"`, "glue:GetSecurityConfigurations", []string{"encrypts_output"}},
		{"AWS::Glue::Job", "glue", `"CloudWatchEncryptionMode": "SSE-KMS"`, "glue:GetSecurityConfigurations", []string{"encrypts_logs"}},
		{"AWS::Glue::Job", "glue", `"JobBookmarksEncryptionMode": "CSE-KMS"`, "glue:GetSecurityConfigurations", []string{"encrypts_bookmarks"}},
		{"AWS::SageMaker::NotebookInstance", "sagemaker", `"DirectInternetAccess": "Enabled"`, "sagemaker:DescribeNotebookInstance", []string{"direct_internet"}},
		{"AWS::SageMaker::NotebookInstance", "sagemaker", `"RootAccess": "Enabled"`, "sagemaker:DescribeNotebookInstance", []string{"root_access"}},
		{"AWS::DynamoDB::Table", "dynamodb", `"BillingMode": "PAY_PER_REQUEST"`, "dynamodb:DescribeTable", []string{"on_demand"}},
		{"AWS::DynamoDB::Table", "dynamodb", `"PointInTimeRecoveryStatus": "ENABLED"`, "dynamodb:DescribeContinuousBackups", []string{"pitr", "pitr_days"}},
		{"AWS::ECS::TaskDefinition", "ecs", `"logDriver": "awsfirelens"`, "ecs:DescribeTaskDefinition", []string{"containers_without_logs"}},
		{"AWS::ECS::Service", "ecs", `"schedulingStrategy": "REPLICA"`, "ecs:DescribeServices", []string{"daemon"}},
		{"AWS::EFS::FileSystem", "elasticfilesystem", "\"Status\": \"ENABLED\"", "elasticfilesystem:DescribeBackupPolicy", []string{"backup_policy"}},
		{"AWS::ElasticLoadBalancingV2::LoadBalancer", "elasticloadbalancing", "<Scheme>internet-facing<", "elasticloadbalancing:DescribeLoadBalancers", []string{"internet_facing"}},
		{"AWS::ElasticLoadBalancingV2::LoadBalancer", "elasticloadbalancing", "<Type>network<", "elasticloadbalancing:DescribeLoadBalancers", []string{"kind"}},
		{"AWS::ElasticLoadBalancingV2::LoadBalancer", "elasticloadbalancing", "<Protocol>TLS<", "elasticloadbalancing:DescribeListeners", []string{"tls_listeners"}},
		{"AWS::ElasticLoadBalancingV2::Listener", "elasticloadbalancing", "<Scheme>internet-facing<", "elasticloadbalancing:DescribeLoadBalancers", []string{"internet_facing"}},
		{"AWS::ElasticLoadBalancingV2::Listener", "elasticloadbalancing", "<Type>network<", "elasticloadbalancing:DescribeLoadBalancers", []string{"kind"}},
		{"AWS::ElasticLoadBalancingV2::Listener", "elasticloadbalancing", "<Protocol>TLS<", "elasticloadbalancing:DescribeListeners", []string{"protocol"}},
		{"AWS::GuardDuty::Detector", "guardduty", `{"status": "ENABLED"`, "guardduty:GetDetector", []string{"enabled"}},
		{"AWS::KMS::Key", "kms", `"KeyState": "Enabled"`, "kms:DescribeKey", []string{"pending_deletion", "rotatable", "state"}},
		{"AWS::KMS::Key", "kms", `"KeySpec": "SYMMETRIC_DEFAULT"`, "kms:DescribeKey", []string{"rotatable"}},
		{"AWS::KMS::Key", "kms", `"Origin": "AWS_KMS"`, "kms:DescribeKey", []string{"rotatable"}},
		{"AWS::S3::Bucket", "s3", "<VersioningConfiguration><Status>Enabled<", "s3:GetBucketVersioning", []string{"versioning"}},
		{"AWS::S3::Bucket", "s3", "<MfaDelete>Enabled<", "s3:GetBucketVersioning", []string{"mfa_delete"}},
		{"AWS::S3::Bucket", "s3", "<SSEAlgorithm>aws:kms<", "s3:GetBucketEncryption", []string{"encryption_algorithm"}},
		{"AWS::S3::Bucket", "s3", "<ObjectOwnership>BucketOwnerEnforced<", "s3:GetBucketOwnershipControls", []string{"acls_disabled"}},
		{"AWS::S3::Bucket", "s3", "<ID>old</ID><Status>Enabled<", "s3:GetBucketLifecycleConfiguration", []string{"expires_objects", "expires_old_versions"}},
		{"AWS::S3::Bucket", "s3", "<ObjectLockEnabled>Enabled<", "s3:GetObjectLockConfiguration", []string{"object_lock"}},
		{"AWS::SecurityHub::Hub", "securityhub", `"StandardsStatus": "READY"`, "securityhub:GetEnabledStandards", []string{"standards"}},
	} {
		t.Run(test.replace, func(t *testing.T) {
			want, got := unreadOf(t, fixtures(t, nil), test.typ), unreadOf(t, unlike(t, test.file, test.replace), test.typ)
			for _, u := range unknownValue(test.operation, test.fields...) {
				want[u] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

// unreadOf returns what is unread of any resource of a type.
func unreadOf(t *testing.T, estate *awstest.Estate, typ string) map[posture.Unread]bool {
	t.Helper()
	found := map[posture.Unread]bool{}
	for _, r := range scanTypes(t, estate, typ).Resources {
		for _, u := range r.Unread {
			found[u] = true
		}
	}
	return found
}

// unlike returns the estate of testdata with another word at the end of a setting,
// everywhere in one file.
func unlike(t *testing.T, file, setting string) *awstest.Estate {
	t.Helper()
	name := file + ".txtar"
	texts := fstest.MapFS{}
	for _, of := range must(fs.Glob(os.DirFS("testdata"), "*.txtar"))(t) {
		texts[of] = &fstest.MapFile{Data: must(os.ReadFile("testdata/" + of))(t)}
	}
	before := string(texts[name].Data)
	end := strings.LastIndexFunc(setting, func(c rune) bool { return c >= 'A' && c <= 'z' }) + 1
	after := strings.ReplaceAll(before, setting, setting[:end]+"-2"+setting[end:])
	if after == before {
		t.Fatalf("%s does not say %s", name, setting)
	}
	texts[name].Data = []byte(after)
	return must(awstest.LoadFS(texts))(t)
}

// must returns what a call gave, and ends the test where it failed.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
