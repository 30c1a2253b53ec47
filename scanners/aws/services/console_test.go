package services

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/nasty"
	"posture/internal/posture"
)

// TestEveryTypeHasAPage holds that a type says where the console shows it, or
// why it does not, and that a resource has a link accordingly.
func TestEveryTypeHasAPage(t *testing.T) {
	catalogue := Catalogue()
	pages := map[string]bool{}
	for _, typ := range catalogue.Types {
		pages[typ.Name] = typ.Console.Path != ""
		if pages[typ.Name] == (typ.Console.None != "") {
			t.Errorf("%s: the page is %q, the reason for none %q", typ.Name, typ.Console.Path, typ.Console.None)
		}
	}
	for _, r := range scanTypes(t, wholeEstate(t)).Resources {
		if link := catalogue.Link(r); (link != "") != pages[r.Type] {
			t.Errorf("%s %s: the link is %q", r.Type, r.ID, link)
		}
	}
}

// linkTests holds for each type where the console shows a resource.
var linkTests = []struct{ typ, region, id, name, want string }{
	{"AWS::ElasticBeanstalk::Environment", "eu-west-1", "arn:aws:elasticbeanstalk:eu-west-1:111122223333:environment/shop/live", "live", "/elasticbeanstalk/home?region=eu-west-1#/environments"},
	{"AWS::EMR::BlockPublicAccess", "eu-west-1", "arn:aws:elasticmapreduce:eu-west-1:111122223333:blockpublicaccess", "EMR block public access in eu-west-1", "/emr/home?region=eu-west-1#/blockPublicAccess"},
	{"AWS::EMR::Cluster", "eu-west-1", "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-1", "analysts", "/emr/home?region=eu-west-1#/clusterDetails/j-1"},
	{"AWS::EMR::SecurityConfiguration", "eu-west-1", "arn:aws:elasticmapreduce:eu-west-1:111122223333:securityconfiguration/good", "good", "/emr/home?region=eu-west-1#/securityConfigs"},
	{"AWS::InspectorV2::Inspector", "eu-west-1", "arn:aws:inspector2:eu-west-1:111122223333:inspector", "Inspector", "/inspector/v2/home?region=eu-west-1#/dashboard"},
	{"AWS::KafkaConnect::Connector", "eu-west-1", "arn:aws:kafkaconnect:eu-west-1:111122223333:connector/orders/1", "orders", "/msk/home?region=eu-west-1#/connector/arn%3Aaws%3Akafkaconnect%3Aeu-west-1%3A111122223333%3Aconnector%2Forders%2F1/view"},
	{"AWS::MSK::Cluster", "eu-west-1", "arn:aws:kafka:eu-west-1:111122223333:cluster/orders/1-1", "orders", "/msk/home?region=eu-west-1#/cluster/arn%3Aaws%3Akafka%3Aeu-west-1%3A111122223333%3Acluster%2Forders%2F1-1/view"},
	{"AWS::NetworkFirewall::Firewall", "eu-west-1", "arn:aws:network-firewall:eu-west-1:111122223333:firewall/edge", "edge", "/vpcconsole/home?region=eu-west-1#NetworkFirewallDetails:arn=arn%3Aaws%3Anetwork-firewall%3Aeu-west-1%3A111122223333%3Afirewall%2Fedge"},
	{"AWS::Route53::HostedZone", "global", "arn:aws:route53:::hostedzone/Z1", "example.com", "/route53/v2/hostedzones#ListRecordSets/Z1"},
	{"AWS::SSM::Document", "eu-west-1", "arn:aws:ssm:eu-west-1:111122223333:document/install", "install", "/systems-manager/documents/install/description?region=eu-west-1"},
	{"AWS::SSM::DocumentPublicSharing", "eu-west-1", "arn:aws:ssm:eu-west-1:111122223333:servicesetting/ssm/documents/console/public-sharing-permission", "public sharing of documents in eu-west-1", "/systems-manager/documents?region=eu-west-1"},
	{"AWS::SSM::ManagedInstance", "eu-west-1", "arn:aws:ssm:eu-west-1:111122223333:managed-instance/mi-1", "office", "/systems-manager/fleet-manager/managed-nodes/mi-1/general?region=eu-west-1"},
	{"AWS::::Account", "global", "arn:aws:iam::111122223333:root", "account 111122223333", "/iam/home#/account_settings"},
	{"AWS::AppSync::GraphQLApi", "eu-west-1", "arn:aws:appsync:eu-west-1:111122223333:apis/abc", "shop", "/appsync/home?region=eu-west-1#/abc/v1/settings"},
	{"AWS::Athena::WorkGroup", "eu-west-1", "arn:aws:athena:eu-west-1:111122223333:workgroup/reports", "reports", "/athena/home?region=eu-west-1#/workgroups/details/reports"},
	{"AWS::AccessAnalyzer::Analyzer", "eu-west-1", "arn:aws:access-analyzer:eu-west-1:111122223333:analyzer", "IAM Access Analyzer", "/access-analyzer/home?region=eu-west-1#/"},
	{"AWS::AutoScaling::AutoScalingGroup", "eu-west-1", "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1-2:autoScalingGroupName/web/blue", "web/blue",
		"/ec2/home?region=eu-west-1#AutoScalingGroupDetails:id=web%2Fblue;view=details"},
	{"AWS::Backup::BackupPlan", "eu-west-1", "arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81f553", "every day", "/backup/home?region=eu-west-1#/backupplan/details/8f81f553"},
	{"AWS::Backup::BackupVault", "eu-west-1", "arn:aws:backup:eu-west-1:111122223333:backup-vault:Default", "Default", "/backup/home?region=eu-west-1#/backupvaults/details/Default"},
	{"AWS::Backup::Recovery", "eu-west-1", "arn:aws:backup:eu-west-1:111122223333:recovery", "Recovery with AWS Backup", "/backup/home?region=eu-west-1#/"},
	{"AWS::Bedrock::ModelInvocationLogging", "eu-west-1", "arn:aws:bedrock:eu-west-1:111122223333:model-invocation-logging", "Bedrock in eu-west-1", "/bedrock/home?region=eu-west-1#/settings"},
	{"AWS::CloudFormation::Stack", "eu-west-1", "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1-2", "shop",
		"/cloudformation/home?region=eu-west-1#/stacks/stackinfo?stackId=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A111122223333%3Astack%2Fshop%2F1-2"},
	{"AWS::CloudFront::Distribution", "global", "arn:aws:cloudfront::111122223333:distribution/E1", "E1", "/cloudfront/v4/home#/distributions/E1"},
	{"AWS::CloudTrail::Account", "global", "arn:aws:cloudtrail:us-east-1:111122223333:account", "CloudTrail", "/cloudtrailv2/home?region=us-east-1#/trails"},
	{"AWS::CloudTrail::Trail", "eu-west-1", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main", "main",
		"/cloudtrailv2/home?region=eu-west-1#/trails/arn%3Aaws%3Acloudtrail%3Aeu-west-1%3A111122223333%3Atrail%2Fmain"},
	{"AWS::CloudWatch::Alarm", "eu-west-1", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root: sign-in", "root: sign-in", "/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/root%3A%20sign-in"},
	{"AWS::CloudWatch::AuditAlarms", "global", "arn:aws:cloudwatch:us-east-1:111122223333:audit-alarms", "Alarms on the audit log", "/cloudwatch/home?region=us-east-1#alarmsV2:"},
	{"AWS::Cognito::IdentityPool", "eu-west-1", "arn:aws:cognito-identity:eu-west-1:111122223333:identitypool/eu-west-1:1-2", "shop", "/cognito/v2/identity/identity-pools/eu-west-1%3A1-2/user-statistics?region=eu-west-1"},
	{"AWS::Cognito::UserPool", "eu-west-1", "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_Shop", "shop", "/cognito/v2/idp/user-pools/eu-west-1_Shop/overview?region=eu-west-1"},
	{"AWS::Config::ConfigurationRecorder", "eu-west-1", "arn:aws:config:eu-west-1:111122223333:config-recorder", "AWS Config", "/config/home?region=eu-west-1#/settings"},
	{"AWS::CodeBuild::Project", "eu-west-1", "arn:aws:codebuild:eu-west-1:111122223333:project/orders", "orders", "/codesuite/codebuild/111122223333/projects/orders/history?region=eu-west-1"},
	{"AWS::DynamoDB::Table", "eu-west-1", "arn:aws:dynamodb:eu-west-1:111122223333:table/carts", "carts", "/dynamodbv2/home?region=eu-west-1#table?name=carts"},
	{"AWS::EC2::ClientVpnEndpoint", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:client-vpn-endpoint/cvpn-endpoint-1", "office",
		"/vpcconsole/home?region=eu-west-1#ClientVPNEndpointDetails:clientVpnEndpointId=cvpn-endpoint-1"},
	{"AWS::EC2::EBSEncryptionByDefault", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:ebs-encryption-by-default", "EBS encryption by default in eu-west-1",
		"/ec2/home?region=eu-west-1#Settings:tab=dataProtectionAndSecurity"},
	{"AWS::EC2::Image", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:image/ami-1", "base", "/ec2/home?region=eu-west-1#ImageDetails:imageId=ami-1"},
	{"AWS::EC2::Instance", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "web", "/ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-1"},
	{"AWS::EC2::LaunchTemplate", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:launch-template/lt-1", "web", "/ec2/home?region=eu-west-1#LaunchTemplateDetails:launchTemplateId=lt-1"},
	{"AWS::EC2::SecurityGroup", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1", "bastion", "/ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-1"},
	{"AWS::EC2::Snapshot", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:snapshot/snap-1", "disk", "/ec2/home?region=eu-west-1#SnapshotDetails:snapshotId=snap-1"},
	{"AWS::EC2::SnapshotBlockPublicAccess", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:snapshot-block-public-access", "public snapshot sharing in eu-west-1",
		"/ec2/home?region=eu-west-1#Settings:tab=dataProtectionAndSecurity"},
	{"AWS::EC2::Subnet", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1", "a", "/vpcconsole/home?region=eu-west-1#SubnetDetails:subnetId=subnet-1"},
	{"AWS::EC2::VPC", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1", "main", "/vpcconsole/home?region=eu-west-1#VpcDetails:VpcId=vpc-1"},
	{"AWS::EC2::VPNConnection", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:vpn-connection/vpn-1", "office", "/vpcconsole/home?region=eu-west-1#VpnConnectionDetails:VpnConnectionId=vpn-1"},
	{"AWS::EC2::Volume", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", "disk", "/ec2/home?region=eu-west-1#VolumeDetails:volumeId=vol-1"},
	{"AWS::ECR::RegistryPolicy", "eu-west-1", "arn:aws:ecr:eu-west-1:111122223333:registry-policy", "registry policy in eu-west-1", "/ecr/private-registry/permissions?region=eu-west-1"},
	{"AWS::ECR::Repository", "eu-west-1", "arn:aws:ecr:eu-west-1:111122223333:repository/shop/web", "shop/web", "/ecr/repositories/private/111122223333/shop%2Fweb?region=eu-west-1"},
	{"AWS::ECS::Service", "eu-west-1", "arn:aws:ecs:eu-west-1:111122223333:service/shop/web", "web", "/ecs/v2/clusters?region=eu-west-1"},
	{"AWS::ECS::TaskDefinition", "eu-west-1", "arn:aws:ecs:eu-west-1:111122223333:task-definition/web", "web", "/ecs/v2/task-definitions/web?region=eu-west-1"},
	{"AWS::EC2::NetworkAcl", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:network-acl/acl-1", "web", "/vpcconsole/home?region=eu-west-1#NetworkAclDetails:networkAclId=acl-1"},
	{"AWS::EC2::TransitGateway", "eu-west-1", "arn:aws:ec2:eu-west-1:111122223333:transit-gateway/tgw-1", "hub", "/vpcconsole/home?region=eu-west-1#TransitGatewayDetails:transitGatewayId=tgw-1"},
	{"AWS::RDS::AccountQuotas", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:quotas", "RDS quotas in eu-west-1", "/rds/home?region=eu-west-1"},
	{"AWS::RDS::DBProxy", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:db-proxy:prx-1", "orders", "/rds/home?region=eu-west-1#proxy:id=orders"},
	{"AWS::EKS::Cluster", "eu-west-1", "arn:aws:eks:eu-west-1:111122223333:cluster/shop", "shop", "/eks/home?region=eu-west-1#/clusters/shop"},
	{"AWS::WAFv2::WebACL", "eu-west-1", "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1", "shop", "/wafv2-pro/protections?region=eu-west-1"},
	{"AWS::StepFunctions::StateMachine", "eu-west-1", "arn:aws:states:eu-west-1:111122223333:stateMachine:orders", "orders",
		"/states/home?region=eu-west-1#/statemachines/view/arn%3Aaws%3Astates%3Aeu-west-1%3A111122223333%3AstateMachine%3Aorders"},
	{"AWS::EFS::FileSystem", "eu-west-1", "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1", "shared", "/efs/home?region=eu-west-1#/file-systems/fs-1"},
	{"AWS::ElastiCache::ReplicationGroup", "eu-west-1", "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions", "sessions", "/elasticache/home?region=eu-west-1#/redis/sessions"},
	{"AWS::ElasticLoadBalancingV2::Listener", "eu-west-1", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/web/1/2", "web:80",
		"/ec2/home?region=eu-west-1#ELBListenerV2:listenerArn=arn%3Aaws%3Aelasticloadbalancing%3Aeu-west-1%3A111122223333%3Alistener%2Fapp%2Fweb%2F1%2F2"},
	{"AWS::ElasticLoadBalancing::LoadBalancer", "eu-west-1", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/old", "old", "/ec2/home?region=eu-west-1#LoadBalancers:search=old"},
	{"AWS::ElasticLoadBalancingV2::LoadBalancer", "eu-west-1", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1", "web",
		"/ec2/home?region=eu-west-1#LoadBalancer:loadBalancerArn=arn%3Aaws%3Aelasticloadbalancing%3Aeu-west-1%3A111122223333%3Aloadbalancer%2Fapp%2Fweb%2F1"},
	{"AWS::Glue::DataCatalogEncryptionSettings", "eu-west-1", "arn:aws:glue:eu-west-1:111122223333:catalog", "Data Catalog in eu-west-1", "/glue/home?region=eu-west-1#/v2/data-catalog/catalog-settings"},
	{"AWS::Glue::DevEndpoint", "eu-west-1", "arn:aws:glue:eu-west-1:111122223333:devEndpoint/lab", "lab", ""},
	{"AWS::Glue::Job", "eu-west-1", "arn:aws:glue:eu-west-1:111122223333:job/nightly", "nightly", "/gluestudio/home?region=eu-west-1#/editor/job/nightly/details"},
	{"AWS::GuardDuty::Detector", "eu-west-1", "arn:aws:guardduty:eu-west-1:111122223333:detector", "GuardDuty", "/guardduty/home?region=eu-west-1#/settings"},
	{"AWS::IAM::Group", "global", "arn:aws:iam::111122223333:group/team/developers", "developers", "/iam/home#/groups/details/developers"},
	{"AWS::IAM::ManagedPolicy", "global", "arn:aws:iam::111122223333:policy/team/everything", "everything", "/iam/home#/policies/details/arn%3Aaws%3Aiam%3A%3A111122223333%3Apolicy%2Fteam%2Feverything"},
	{"AWS::IAM::Policy", "global", "arn:aws:iam::111122223333:user/team/bob/policy/all", "bob/all", "/iam/home#/users/details/bob"},
	{"AWS::IAM::Policy", "global", "arn:aws:iam::111122223333:group/policy/developers/policy/all", "developers/all", "/iam/home#/groups/details/developers"},
	{"AWS::IAM::Policy", "global", "arn:aws:iam::111122223333:role/admin/policy/all", "admin/all", "/iam/home#/roles/details/admin"},
	{"AWS::IAM::Role", "global", "arn:aws:iam::111122223333:role/team/admin", "admin", "/iam/home#/roles/details/admin"},
	{"AWS::IAM::ServerCertificate", "global", "arn:aws:iam::111122223333:server-certificate/old", "old", ""},
	{"AWS::IAM::User", "global", "arn:aws:iam::111122223333:user/team/ada", "ada", "/iam/home#/users/details/ada"},
	{"AWS::ApiGateway::RestApi", "eu-west-1", "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3", "shop", "/apigateway/main/apis/a1b2c3/resources?api=a1b2c3&region=eu-west-1"},
	{"AWS::ApiGateway::Stage", "eu-west-1", "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3/stages/live", "shop/live", "/apigateway/main/apis?region=eu-west-1"},
	{"AWS::ApiGatewayV2::Api", "eu-west-1", "arn:aws:apigateway:eu-west-1::/apis/a1b2c3", "orders", "/apigateway/main/api-detail?api=a1b2c3&region=eu-west-1"},
	{"AWS::ApiGatewayV2::Stage", "eu-west-1", "arn:aws:apigateway:eu-west-1::/apis/a1b2c3/stages/$default", "orders/$default", "/apigateway/main/apis?region=eu-west-1"},
	{"AWS::AmazonMQ::Broker", "eu-west-1", "arn:aws:mq:eu-west-1:111122223333:broker:orders:b-1", "orders", "/amazon-mq/home?region=eu-west-1#/brokers/details?id=b-1"},
	{"AWS::CertificateManager::Certificate", "eu-west-1", "arn:aws:acm:eu-west-1:111122223333:certificate/1", "shop.example.com", "/acm/home?region=eu-west-1#/certificates/1"},
	{"AWS::DMS::Endpoint", "eu-west-1", "arn:aws:dms:eu-west-1:111122223333:endpoint:ABC", "source", "/dms/v2/home?region=eu-west-1#endpointDetails/source"},
	{"AWS::DMS::ReplicationInstance", "eu-west-1", "arn:aws:dms:eu-west-1:111122223333:rep:ABC", "copier", "/dms/v2/home?region=eu-west-1#replicationInstanceDetails/copier"},
	{"AWS::DMS::ReplicationTask", "eu-west-1", "arn:aws:dms:eu-west-1:111122223333:task:ABC", "orders", "/dms/v2/home?region=eu-west-1#taskDetails/orders"},
	{"AWS::DataSync::Task", "eu-west-1", "arn:aws:datasync:eu-west-1:111122223333:task/task-1", "nightly", "/datasync/home?region=eu-west-1#/tasks/task-1"},
	{"AWS::Transfer::Server", "eu-west-1", "arn:aws:transfer:eu-west-1:111122223333:server/s-1", "s-1", "/transfer/home?region=eu-west-1#/servers/s-1"},
	{"AWS::FSx::FileSystem", "eu-west-1", "arn:aws:fsx:eu-west-1:111122223333:file-system/fs-1", "share", "/fsx/home?region=eu-west-1#file-system-details/fs-1"},
	{"AWS::DAX::Cluster", "eu-west-1", "arn:aws:dax:eu-west-1:111122223333:cache/orders", "orders", "/dynamodbv2/home?region=eu-west-1#dax-clusters"},
	{"AWS::Kinesis::Stream", "eu-west-1", "arn:aws:kinesis:eu-west-1:111122223333:stream/orders", "orders", "/kinesis/home?region=eu-west-1#/streams/details/orders/monitoring"},
	{"AWS::KinesisFirehose::DeliveryStream", "eu-west-1", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/orders", "orders", "/firehose/home?region=eu-west-1#/details/orders/monitoring"},
	{"AWS::KMS::Key", "eu-west-1", "arn:aws:kms:eu-west-1:111122223333:key/mrk-1", "main", "/kms/home?region=eu-west-1#/kms/keys/mrk-1"},
	{"AWS::Lambda::Function", "eu-west-1", "arn:aws:lambda:eu-west-1:111122223333:function:orders", "orders", "/lambda/home?region=eu-west-1#/functions/orders"},
	{"AWS::Logs::LogGroup", "eu-west-1", "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders#1", "/aws/lambda/orders#1",
		"/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Forders$25231"},
	{"AWS::Logs::Destination", "eu-west-1", "arn:aws:logs:eu-west-1:111122223333:destination:central", "central", ""},
	{"AWS::Logs::ResourcePolicy", "eu-west-1", "arn:aws:logs:eu-west-1:111122223333:resource-policy:dns", "dns", ""},
	{"AWS::OpenSearchServerless::Collection", "eu-west-1", "arn:aws:aoss:eu-west-1:111122223333:collection/abc", "search", "/aos/home?region=eu-west-1#opensearch/collections/search"},
	{"AWS::OpenSearchService::Domain", "eu-west-1", "arn:aws:es:eu-west-1:111122223333:domain/search", "search", "/aos/home?region=eu-west-1#opensearch/domains/search"},
	{"AWS::RDS::DBCluster", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:cluster:aurora", "aurora", "/rds/home?region=eu-west-1#database:id=aurora;is-cluster=true"},
	{"AWS::RDS::DBClusterSnapshot", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:rds:aurora-1", "rds:aurora-1", "/rds/home?region=eu-west-1#db-snapshot:id=rds%3Aaurora-1"},
	{"AWS::RDS::DBInstance", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:db:main", "main", "/rds/home?region=eu-west-1#database:id=main;is-cluster=false"},
	{"AWS::RDS::DBSnapshot", "eu-west-1", "arn:aws:rds:eu-west-1:111122223333:snapshot:rds:main-1", "rds:main-1", "/rds/home?region=eu-west-1#db-snapshot:id=rds%3Amain-1"},
	{"AWS::Redshift::Cluster", "eu-west-1", "arn:aws:redshift:eu-west-1:111122223333:cluster:sales", "sales", "/redshiftv2/home?region=eu-west-1#cluster-details?cluster=sales"},
	{"AWS::S3::AccountPublicAccessBlock", "global", "arn:aws:s3::111122223333:account-public-access-block", "account 111122223333", "/s3/settings?region=us-east-1"},
	{"AWS::S3::Bucket", "eu-west-1", "arn:aws:s3:::logs.example.com", "logs.example.com", "/s3/buckets/logs.example.com?region=eu-west-1"},
	{"AWS::SageMaker::NotebookInstance", "eu-west-1", "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/research", "research", "/sagemaker/home?region=eu-west-1#/notebook-instances/research"},
	{"AWS::SNS::Topic", "eu-west-1", "arn:aws:sns:eu-west-1:111122223333:on-call", "on-call", "/sns/v3/home?region=eu-west-1#/topic/arn%3Aaws%3Asns%3Aeu-west-1%3A111122223333%3Aon-call"},
	{"AWS::SQS::Queue", "eu-west-1", "arn:aws:sqs:eu-west-1:111122223333:jobs", "jobs",
		"/sqs/v3/home?region=eu-west-1#/queues/https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F111122223333%2Fjobs"},
	{"AWS::SSO::PermissionSet", "eu-west-1", "arn:aws:sso:::permissionSet/ssoins-7223f1ab2c3d4e5f/ps-0a1b2c3d4e5f6a7b", "Reads",
		"/singlesignon/organization/home?region=eu-west-1#/instances/7223f1ab2c3d4e5f/permission-sets/details/ps-0a1b2c3d4e5f6a7b"},
	{"AWS::SecretsManager::Secret", "eu-west-1", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-a1b2c3", "shop/db", "/secretsmanager/secret?name=shop%2Fdb&region=eu-west-1"},
	{"AWS::SecurityHub::Hub", "eu-west-1", "arn:aws:securityhub:eu-west-1:111122223333:hub/default", "Security Hub", "/securityhub/home?region=eu-west-1#/summary"},
}

func TestLinks(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range linkTests {
		tested[c.typ] = true
		want := c.want
		if want != "" {
			want = "https://console.aws.amazon.com" + want
		}
		got := Catalogue().Link(posture.Resource{Type: c.typ, Region: c.region, ID: c.id, Name: c.name, Account: testAccount})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.typ, diff)
		}
	}
	for _, typ := range Catalogue().Types {
		if !tested[typ.Name] {
			t.Errorf("%s: no link is tested", typ.Name)
		}
	}
}

func TestLinksOfPartitions(t *testing.T) {
	for _, c := range []struct{ typ, region, id, want string }{
		{"AWS::SQS::Queue", "cn-north-1", "arn:aws-cn:sqs:cn-north-1:111122223333:jobs",
			"https://console.amazonaws.cn/sqs/v3/home?region=cn-north-1#/queues/https%3A%2F%2Fsqs.cn-north-1.amazonaws.com.cn%2F111122223333%2Fjobs"},
		{"AWS::CloudTrail::Account", "global", "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:account",
			"https://console.amazonaws-us-gov.com/cloudtrailv2/home?region=us-gov-west-1#/trails"},
		{"AWS::SQS::Queue", "global", "arn:aws:sqs:eu-west-1:111122223333:jobs", ""},
		{"AWS::SQS::Queue", "eu-west-1.example.com", "arn:aws:sqs:eu-west-1:111122223333:jobs", ""},
		{"AWS::SQS::Queue", "eu-west-1", "arn:other:sqs:eu-west-1:111122223333:jobs", ""},
		{"AWS::SQS::Queue", "eu-west-1", "jobs", ""},
		{"AWS::Other::Thing", "eu-west-1", "arn:aws:sqs:eu-west-1:111122223333:jobs", ""},
	} {
		if got := Catalogue().Link(posture.Resource{Type: c.typ, Region: c.region, ID: c.id, Name: "jobs", Account: testAccount}); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.typ, c.id, got, c.want)
		}
	}
}

// TestNastyLinks holds that a stranger's name stays in its place: the link has
// the same marks between its words as any other of its type.
func TestNastyLinks(t *testing.T) {
	marks := func(link string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("/?&#=;<>|\"' \n\\", r) || r > 126 {
				return r
			}
			return -1
		}, link)
	}
	for _, c := range linkTests {
		good := Catalogue().Link(posture.Resource{Type: c.typ, Region: c.region, ID: c.id, Name: c.name, Account: testAccount})
		end := strings.LastIndexAny(c.id, "/:") + 1
		for _, n := range nasty.Names() {
			for _, r := range []posture.Resource{{ID: c.id[:end] + n.Text, Name: n.Text}, {ID: c.id, Name: c.name, Region: n.Text}} {
				r.Type, r.Account = c.typ, testAccount
				if r.Region == "" {
					r.Region = c.region
				}
				if got := Catalogue().Link(r); got != "" && marks(got) != marks(good) {
					t.Errorf("%s %q: a link to %q", c.typ, r.ID, got)
				}
			}
		}
	}
}
