package rules_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/policy"
	"posture/internal/posture"
	"posture/rules"
	"posture/scanners/aws"
	"posture/scanners/aws/awstest"
)

// holder is an account in which one resource holds a policy.
type holder struct {
	rule   string
	typ    string
	fields []string
	estate string // archive for awstest, with POLICY, XML or ENCODED in place of the policy: as a JSON string, plain, as IAM encodes it
}

// holders are the resources that the cases of testdata/policies.txtar are about.
var holders = map[string]holder{
	"queue": {"aws-sqs-queue-not-public", "AWS::SQS::Queue", []string{"public", "public_by", "public_by_analyzer"}, noAnalyzer + `-- sqs:ListQueues --
{"QueueUrls": ["https://sqs.us-east-1.amazonaws.com/111122223333/parcels"]}
-- sqs:GetQueueAttributes --
{"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:111122223333:parcels", "Policy": POLICY}}
-- sqs:ListQueueTags --
{}
`},
	"topic": {"aws-sns-topic-not-public", "AWS::SNS::Topic", []string{"public", "public_by", "public_by_analyzer"}, noAnalyzer + `-- sns:ListTopics --
<Topics><member><TopicArn>arn:aws:sns:us-east-1:111122223333:parcels</TopicArn></member></Topics>
-- sns:GetTopicAttributes --
<Attributes><entry><key>TopicArn</key><value>arn:aws:sns:us-east-1:111122223333:parcels</value></entry><entry><key>TopicArn</key><value>arn:aws:sns:us-east-1:111122223333:parcels</value></entry><entry><key>Policy</key><value>XML</value></entry></Attributes>
-- sns:ListTagsForResource --
<Tags/>
`},
	"secret": {"aws-secretsmanager-policy-restrictive", "AWS::SecretsManager::Secret", []string{"public", "public_by", "public_by_analyzer", "last_used"}, noAnalyzer + `-- secretsmanager:ListSecrets --
{"SecretList": [{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:parcels-a1b2c3", "Name": "parcels", "LastAccessedDate": 1767225600}]}
-- secretsmanager:GetResourcePolicy --
{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:parcels-a1b2c3", "ResourcePolicy": POLICY}
`},
	"key": {"aws-kms-key-policy-not-public", "AWS::KMS::Key", []string{"policy_public", "public_by", "public_by_analyzer"}, noAnalyzer + `-- kms:ListKeys --
{"Keys": [{"KeyId": "parcels", "KeyArn": "arn:aws:kms:us-east-1:111122223333:key/parcels"}]}
-- kms:ListAliases --
{"Aliases": []}
-- kms:DescribeKey --
{"KeyMetadata": {"KeyId": "parcels", "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "RSA_2048"}}
-- kms:GetKeyPolicy --
{"Policy": POLICY}
-- kms:ListResourceTags --
{"Tags": []}
`},
	"alias": {"aws-lambda-not-public", "AWS::Lambda::Function", []string{"public", "public_by", "public_by_analyzer"}, lambdaEstate + `
-- lambda:GetPolicy error=ResourceNotFoundException status=404 --
-- lambda:GetPolicy Qualifier=live --
{"Policy": POLICY}
`},
	"function": {"aws-lambda-not-public", "AWS::Lambda::Function", []string{"public", "public_by", "public_by_analyzer"}, lambdaEstate + `
-- lambda:GetPolicy --
{"Policy": POLICY}
-- lambda:GetPolicy Qualifier=live error=ResourceNotFoundException status=404 --
`},
	"logs": {"aws-logs-not-shared-publicly", "AWS::Logs::ResourcePolicy", []string{"public", "public_by", "other_accounts", "organizations", "own_organization"}, ownOrganization + `
-- logs:DescribeResourcePolicies --
{"resourcePolicies": [{"policyName": "parcels", "policyDocument": POLICY}]}
`},
	"repository": {"aws-ecr-not-public", "AWS::ECR::Repository", []string{"public", "public_by", "public_by_analyzer"}, noAnalyzer + `-- ecr:DescribeRepositories --
{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/parcels", "repositoryName": "parcels"}]}
-- ecr:GetRepositoryPolicy --
{"policyText": POLICY}
`},
	"analyzed": {"aws-ecr-not-public", "AWS::ECR::Repository", []string{"public", "public_by", "public_by_analyzer"}, `
-- access-analyzer:ListAnalyzers --
{"analyzers": [{"arn": "arn:aws:access-analyzer:us-east-1:111122223333:analyzer/a", "name": "a", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}]}
-- access-analyzer:ListFindingsV2 --
{"findings": [{"id": "1", "resource": "arn:aws:ecr:us-east-1:111122223333:repository/parcels", "resourceOwnerAccount": "111122223333", "resourceType": "AWS::ECR::Repository", "status": "ACTIVE", "findingType": "ExternalAccess", "analyzedAt": "2025-01-01T00:00:00Z", "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-01-01T00:00:00Z"}]}
-- ecr:DescribeRepositories --
{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/parcels", "repositoryName": "parcels"}]}
-- ecr:GetRepositoryPolicy --
{"policyText": POLICY}
`},
	"unanalyzed": {"aws-ecr-not-public", "AWS::ECR::Repository", []string{"public", "public_by", "public_by_analyzer"}, `
-- access-analyzer:ListAnalyzers error=AccessDeniedException status=403 --
-- ecr:DescribeRepositories --
{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/parcels", "repositoryName": "parcels"}]}
-- ecr:GetRepositoryPolicy --
{"policyText": POLICY}
`},
	"unfound": {"aws-ecr-not-public", "AWS::ECR::Repository", []string{"public", "public_by", "public_by_analyzer"}, `
-- access-analyzer:ListAnalyzers --
{"analyzers": [{"arn": "arn:aws:access-analyzer:us-east-1:111122223333:analyzer/a", "name": "a", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": "2025-01-01T00:00:00Z"}]}
-- access-analyzer:ListFindingsV2 error=AccessDeniedException status=403 --
-- ecr:DescribeRepositories --
{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/parcels", "repositoryName": "parcels"}]}
-- ecr:GetRepositoryPolicy --
{"policyText": POLICY}
`},
	"registry": {"aws-ecr-registry-not-public", "AWS::ECR::RegistryPolicy", []string{"public", "public_by", "other_accounts", "organizations", "own_organization"}, ownOrganization + `
-- ecr:GetRegistryPolicy --
{"policyText": POLICY}
`},
	"domain": {"aws-opensearch-not-public", "AWS::OpenSearchService::Domain", []string{"in_vpc", "public", "public_by"}, `
-- es:ListDomainNames --
{"DomainNames": [{"DomainName": "parcels"}]}
-- es:DescribeDomains --
{"DomainStatusList": [{"ARN": "arn:aws:es:us-east-1:111122223333:domain/parcels", "DomainId": "1/parcels", "DomainName": "parcels", "ClusterConfig": {}, "AccessPolicies": POLICY}]}
`},
	"destination": {"aws-logs-destination-not-public", "AWS::Logs::Destination", []string{"public", "public_by", "other_accounts", "organizations", "own_organization"}, ownOrganization + `
-- logs:DescribeDestinations --
{"destinations": [{"destinationName": "parcels", "arn": "arn:aws:logs:us-east-1:111122223333:destination:parcels", "accessPolicy": POLICY}]}
`},
	"bucket": {"aws-s3-cross-account-access-scoped", "AWS::S3::Bucket", []string{"policy"}, ownOrganization + `
-- s3:ListBuckets --
<ListAllMyBucketsResult><Buckets><Bucket><Name>parcels</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>
-- s3:GetBucketPolicy --
XML
`},
	"filesystem": {"aws-efs-policy-requires-tls", "AWS::EFS::FileSystem", []string{"denies_plaintext"}, `
-- elasticfilesystem:DescribeFileSystems --
{"FileSystems": [{"FileSystemId": "fs-9", "FileSystemArn": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-9", "CreationTime": 1700000000, "Tags": []}]}
-- elasticfilesystem:DescribeFileSystemPolicy --
{"Policy": POLICY}
`},
	"files": {"aws-efs-not-public", "AWS::EFS::FileSystem", []string{"public", "public_by", "other_accounts", "organizations", "own_organization"}, ownOrganization + `
-- elasticfilesystem:DescribeFileSystems --
{"FileSystems": [{"FileSystemId": "fs-9", "FileSystemArn": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-9", "CreationTime": 1700000000, "Tags": []}]}
-- elasticfilesystem:DescribeFileSystemPolicy --
{"Policy": POLICY}
`},
	"backups": {"aws-backup-vault-not-public", "AWS::Backup::BackupVault", []string{"public", "public_by", "other_accounts", "organizations", "own_organization"}, ownOrganization + `
-- backup:ListBackupVaults --
{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:parcels", "BackupVaultName": "parcels", "NumberOfRecoveryPoints": 2}]}
-- backup:GetBackupVaultAccessPolicy --
{"Policy": POLICY}
`},
	"vault": {"aws-backup-vault-deletion-protected", "AWS::Backup::BackupVault", []string{"deletion_denied"}, `
-- backup:ListBackupVaults --
{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:parcels", "BackupVaultName": "parcels", "NumberOfRecoveryPoints": 2}]}
-- backup:GetBackupVaultAccessPolicy --
{"Policy": POLICY}
`},
}

// identities are the users, groups, roles and policies that the cases of
// testdata/identities.txtar are about.
var identities = map[string]holder{
	"trust":          {"aws-iam-cross-account-trust-scoped", "AWS::IAM::Role", []string{"trusts", "organizations", "own_organization", "public_by_analyzer"}, roleEstate("ENCODED", "") + noAnalyzer + ownOrganization},
	"federation":     {"aws-iam-role-federated-trust", "AWS::IAM::Role", []string{"open_to_providers"}, roleEstate("ENCODED", "")},
	"audience":       {"aws-iam-role-federated-audience", "AWS::IAM::Role", []string{"any_audience"}, roleEstate("ENCODED", "")},
	"everything":     {"aws-iam-no-admin-star-policies", "AWS::IAM::ManagedPolicy", []string{"grants"}, managedEstate},
	"escalation":     {"aws-iam-no-privilege-escalation", "AWS::IAM::ManagedPolicy", []string{"grants"}, managedEstate},
	"wildcards":      {"aws-iam-no-service-wildcards", "AWS::IAM::ManagedPolicy", []string{"grants"}, managedEstate},
	"tampering":      {"aws-iam-no-audit-tampering", "AWS::IAM::ManagedPolicy", []string{"grants"}, managedEstate},
	"in-everything":  {"aws-iam-no-inline-admin-star-policies", "AWS::IAM::Policy", []string{"grants"}, roleEstate("", inline)},
	"in-escalation":  {"aws-iam-inline-no-privilege-escalation", "AWS::IAM::Policy", []string{"grants"}, roleEstate("", inline)},
	"in-wildcards":   {"aws-iam-inline-no-service-wildcards", "AWS::IAM::Policy", []string{"grants"}, roleEstate("", inline)},
	"in-tampering":   {"aws-iam-inline-no-audit-tampering", "AWS::IAM::Policy", []string{"grants"}, roleEstate("", inline)},
	"role":           {"aws-iam-administratoraccess-restricted", "AWS::IAM::Role", []string{"administrator", "administrator_by"}, roleEstate("", provided) + providedDocument},
	"role-combined":  {"aws-iam-role-no-privilege-escalation", "AWS::IAM::Role", []string{"administrator", "escalates"}, roleEstate("", inline+passes)},
	"role-provided":  {"aws-iam-role-no-privilege-escalation", "AWS::IAM::Role", []string{"administrator", "escalates"}, roleEstate("", provided) + providedDocument},
	"role-bounded":   {"aws-iam-role-no-privilege-escalation", "AWS::IAM::Role", []string{"administrator", "escalates"}, roleEstate("", provided+bounded) + providedDocument},
	"user":           {"aws-iam-user-not-administrator", "AWS::IAM::User", []string{"administrator", "administrator_by"}, memberEstate},
	"user-combined":  {"aws-iam-user-no-privilege-escalation", "AWS::IAM::User", []string{"administrator", "escalates"}, memberEstate},
	"taker":          {"aws-iam-user-no-privilege-escalation", "AWS::IAM::User", []string{"administrator", "escalates"}, takerEstate},
	"taker-by-tag":   {"aws-iam-user-no-privilege-escalation", "AWS::IAM::User", []string{"administrator", "escalates"}, taggedEstate},
	"taker-odd":      {"aws-iam-user-no-privilege-escalation", "AWS::IAM::User", []string{"administrator", "escalates"}, oddTrustEstate},
	"function-of":    {"aws-lambda-role-not-lent", "AWS::Lambda::Function", []string{"lends_to"}, lenderEstate(provided) + lendingFunction},
	"function-small": {"aws-lambda-role-not-lent", "AWS::Lambda::Function", []string{"lends_to"}, lenderEstate("") + lendingFunction},
	"function-odd":   {"aws-lambda-role-not-lent", "AWS::Lambda::Function", []string{"lends_to"}, lenderEstate(strings.Replace(inline, "ENCODED", "%7B", 1)) + lendingFunction},
	"function-gone":  {"aws-lambda-role-not-lent", "AWS::Lambda::Function", []string{"lends_to"}, memberEstate + lendingFunction},
	"project-of":     {"aws-codebuild-role-not-lent", "AWS::CodeBuild::Project", []string{"lends_to"}, lenderEstate(provided) + lendingProject},
	"stack-of":       {"aws-cfn-stack-role-not-lent", "AWS::CloudFormation::Stack", []string{"has_role", "lends_to"}, lenderEstate(provided) + lendingStack},
	"job-of":         {"aws-glue-job-role-not-lent", "AWS::Glue::Job", []string{"lends_to"}, lenderEstate(provided) + lendingJob("arn:aws:iam::111122223333:role/sorter")},
	"job-named":      {"aws-glue-job-role-not-lent", "AWS::Glue::Job", []string{"lends_to"}, lenderEstate(provided) + lendingJob("sorter")},
	"endpoint-of":    {"aws-glue-dev-endpoint-role-not-lent", "AWS::Glue::DevEndpoint", []string{"lends_to"}, lenderEstate(provided) + lendingEndpoint},
	"notebook-of":    {"aws-sagemaker-notebook-role-not-lent", "AWS::SageMaker::NotebookInstance", []string{"lends_to"}, lenderEstate(provided) + lendingNotebook},
	"template-of":    {"aws-ec2-launch-template-role-not-lent", "AWS::EC2::LaunchTemplate", []string{"managed", "has_role", "lends_to"}, lenderEstate(provided) + lendingTemplate("arn")},
	"template-named": {"aws-ec2-launch-template-role-not-lent", "AWS::EC2::LaunchTemplate", []string{"managed", "has_role", "lends_to"}, lenderEstate(provided) + lendingTemplate("name")},
	"template-odd":   {"aws-ec2-launch-template-role-not-lent", "AWS::EC2::LaunchTemplate", []string{"managed", "has_role", "lends_to"}, lenderEstate(provided) + strings.Replace(lendingTemplate("name"), "<name>sorter</name>", "", 1)},
	"instance-of":    {"aws-ec2-instance-role-not-lent", "AWS::EC2::Instance", []string{"has_role", "managed", "lends_to"}, lenderEstate(provided) + lendingInstance},
	"group":          {"aws-iam-group-not-administrator", "AWS::IAM::Group", []string{"administrator", "administrator_by"}, memberEstate},
	"group-combined": {"aws-iam-group-no-privilege-escalation", "AWS::IAM::Group", []string{"administrator", "escalates"}, memberEstate},
}

// ownOrganization says which organization the account is in.
const ownOrganization = `-- organizations:DescribeOrganization --
{"Organization": {"Id": "o-parcels123", "MasterAccountId": "777788889999"}}
`

const noAnalyzer = `-- access-analyzer:ListAnalyzers --
{"analyzers": []}
`

const managedEstate = `
-- iam:GetAccountAuthorizationDetails --
<Policies><member><PolicyName>sorting</PolicyName><Arn>arn:aws:iam::111122223333:policy/sorting</Arn><PolicyVersionList>
<member><IsDefaultVersion>true</IsDefaultVersion><Document>ENCODED</Document></member></PolicyVersionList></member></Policies>
`

// roleEstate holds one role with a trust policy and what it has.
func roleEstate(trust, has string) string {
	return `
-- iam:GetAccountAuthorizationDetails --
<RoleDetailList><member><RoleName>sorter</RoleName><Arn>arn:aws:iam::111122223333:role/sorter</Arn><Path>/</Path>
<AssumeRolePolicyDocument>` + trust + `</AssumeRolePolicyDocument>` + has + `</member></RoleDetailList>
`
}

const (
	inline   = `<RolePolicyList><member><PolicyName>own</PolicyName><PolicyDocument>ENCODED</PolicyDocument></member></RolePolicyList>`
	provided = `<AttachedManagedPolicies><member><PolicyName>x</PolicyName><PolicyArn>arn:aws:iam::aws:policy/job-function/Sorting</PolicyArn></member></AttachedManagedPolicies>`
	passes   = `<AttachedManagedPolicies><member><PolicyName>x</PolicyName><PolicyArn>arn:aws:iam::111122223333:policy/passes</PolicyArn></member></AttachedManagedPolicies></member></RoleDetailList>
<Policies><member><PolicyName>passes</PolicyName><Arn>arn:aws:iam::111122223333:policy/passes</Arn><PolicyVersionList><member><IsDefaultVersion>true</IsDefaultVersion>
<Document>{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}</Document></member></PolicyVersionList></member></Policies><RoleDetailList><member>
<RoleName>passenger</RoleName><Arn>arn:aws:iam::111122223333:role/aws-service-role/passenger</Arn><Path>/aws-service-role/</Path>`
	bounded          = `<PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::aws:policy/job-function/Bound</PermissionsBoundaryArn></PermissionsBoundary>`
	providedDocument = `-- iam:GetPolicy --
<Policy><DefaultVersionId>v3</DefaultVersionId></Policy>
-- iam:GetPolicyVersion --
<PolicyVersion><Document>ENCODED</Document></PolicyVersion>
-- iam:GetPolicyVersion PolicyArn=arn:aws:iam::aws:policy/job-function/Bound --
<PolicyVersion><Document>{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}</Document></PolicyVersion>
`
	memberEstate = `
-- iam:GetAccountAuthorizationDetails --
<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><GroupList><member>crew</member></GroupList></member></UserDetailList>
<GroupDetailList><member><GroupName>crew</GroupName><Arn>arn:aws:iam::111122223333:group/crew</Arn>` + provided + `</member></GroupDetailList>
` + providedDocument
)

// takerEstate holds a user who may take the role "first", which may take
// "second"; the policy is that of the second.
const takerEstate = `
-- iam:GetAccountAuthorizationDetails --
<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><UserPolicyList><member><PolicyName>take</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/first"}}</PolicyDocument></member></UserPolicyList></member></UserDetailList>
<RoleDetailList><member><RoleName>first</RoleName><Arn>arn:aws:iam::111122223333:role/first</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}}</AssumeRolePolicyDocument></member>
<member><RoleName>second</RoleName><Arn>arn:aws:iam::111122223333:role/second</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/first"},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument>
<RolePolicyList><member><PolicyName>own</PolicyName><PolicyDocument>ENCODED</PolicyDocument></member></RolePolicyList></member></RoleDetailList>
`

// lenderEstate holds a user with the policy, and a role with what it has.
func lenderEstate(has string) string {
	return `
-- iam:GetAccountAuthorizationDetails --
<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><UserPolicyList><member><PolicyName>own</PolicyName>
<PolicyDocument>ENCODED</PolicyDocument></member></UserPolicyList></member></UserDetailList>
<RoleDetailList><member><RoleName>sorter</RoleName><Arn>arn:aws:iam::111122223333:role/sorter</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument>
<InstanceProfileList><member><InstanceProfileName>sorter</InstanceProfileName><Arn>arn:aws:iam::111122223333:instance-profile/sorter</Arn></member></InstanceProfileList>` + strings.ReplaceAll(has, "job-function/Sorting", "AdministratorAccess") + `</member></RoleDetailList>
`
}

const (
	lendingFunction = `-- lambda:ListFunctions --
{"Functions": [{"FunctionName": "parcels", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:parcels", "Role": "arn:aws:iam::111122223333:role/sorter", "PackageType": "Image"}]}
`
	lendingProject = `-- codebuild:ListProjects --
{"projects": ["parcels"]}
-- codebuild:BatchGetProjects --
{"projects": [{"name": "parcels", "arn": "arn:aws:codebuild:us-east-1:111122223333:project/parcels", "serviceRole": "arn:aws:iam::111122223333:role/sorter"}]}
`
	lendingStack = `-- cloudformation:DescribeStacks --
<Stacks><member><StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/parcels/1-2</StackId><StackName>parcels</StackName><StackStatus>CREATE_COMPLETE</StackStatus>
<EnableTerminationProtection>true</EnableTerminationProtection><RoleARN>arn:aws:iam::111122223333:role/sorter</RoleARN></member></Stacks>
`
	lendingEndpoint = `-- glue:GetDevEndpoints --
{"DevEndpoints": [{"EndpointName": "parcels", "RoleArn": "arn:aws:iam::111122223333:role/sorter"}]}
`
	lendingNotebook = `-- sagemaker:ListNotebookInstances --
{"NotebookInstances": [{"NotebookInstanceName": "parcels", "NotebookInstanceArn": "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/parcels"}]}
-- sagemaker:DescribeNotebookInstance --
{"RoleArn": "arn:aws:iam::111122223333:role/sorter", "DirectInternetAccess": "Disabled", "RootAccess": "Disabled"}
`
	lendingInstance = `-- ec2:DescribeInstances --
<reservationSet><item><ownerId>111122223333</ownerId><instancesSet><item><instanceId>i-9</instanceId><instanceState><name>running</name></instanceState>
<monitoring><state>enabled</state></monitoring><metadataOptions><httpTokens>required</httpTokens><httpEndpoint>enabled</httpEndpoint></metadataOptions><launchTime>2026-01-01T00:00:00Z</launchTime>
<iamInstanceProfile><arn>arn:aws:iam::111122223333:instance-profile/sorter</arn></iamInstanceProfile></item></instancesSet></item></reservationSet>
`
)

// lendingJob returns a job whose role is given so.
func lendingJob(role string) string {
	return `-- glue:GetJobs --
{"Jobs": [{"Name": "parcels", "Role": "` + role + `", "GlueVersion": "5.0", "Command": {"Name": "glueetl"}}]}
`
}

// lendingTemplate returns a launch template with a version that has no instance profile,
// and the other one that is given by its ARN or its name.
func lendingTemplate(by string) string {
	profile := map[string]string{"arn": "<arn>arn:aws:iam::111122223333:instance-profile/sorter</arn>", "name": "<name>sorter</name>"}[by]
	return `-- ec2:DescribeLaunchTemplates --
<launchTemplates><item><launchTemplateId>lt-9</launchTemplateId><launchTemplateName>parcels</launchTemplateName></item></launchTemplates>
-- ec2:DescribeLaunchTemplateVersions --
<launchTemplateVersionSet><item><launchTemplateId>lt-9</launchTemplateId><launchTemplateData/></item>
<item><launchTemplateId>lt-9</launchTemplateId><launchTemplateData><iamInstanceProfile>` + profile + `</iamInstanceProfile></launchTemplateData></item></launchTemplateVersionSet>
`
}

var (
	// taggedEstate is takerEstate with a first role that may be taken only if it
	// has a tag, oddTrustEstate with a second one whose trust policy is malformed.
	taggedEstate   = strings.Replace(takerEstate, `:role/first"}}`, `:role/first","Condition":{"StringEquals":{"aws:ResourceTag/team":"shop"}}}}`, 1)
	oddTrustEstate = strings.Replace(takerEstate, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/first"}`, `"Effect":"Maybe","Principal":"*"`, 1)
)

const lambdaEstate = noAnalyzer + `-- lambda:ListFunctions --
{"Functions": [{"FunctionName": "parcels", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:parcels", "PackageType": "Image"}]}
-- lambda:ListAliases --
{"Aliases": [{"Name": "live", "FunctionVersion": "1"}]}
-- lambda:ListVersionsByFunction --
{"Versions": [{"Version": "$LATEST"}]}
`

// TestAWSPolicies judges what the scanner reads of resources with a policy.
func TestAWSPolicies(t *testing.T) { testPolicies(t, "testdata/policies.txtar", holders) }

// TestAWSIdentities judges what the scanner reads of who may do what.
func TestAWSIdentities(t *testing.T) { testPolicies(t, "testdata/identities.txtar", identities) }

// testPolicies goes through an archive. Each file is one case: its name says of
// what, the expected status and in a few words why; its content is the policy.
func testPolicies(t *testing.T, path string, holders map[string]holder) {
	t.Helper()
	loaded := loadAWS(t)
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		t.Run(file.Name, func(t *testing.T) {
			words := strings.SplitN(file.Name, " ", 3)
			of, known := holders[words[0]]
			if !known {
				t.Fatalf("no resource is called %q", words[0])
			}
			estate := of.with(t, string(file.Data))
			got := judgeAWS(t, loaded, estate, posture.Want{of.typ: of.fields})[of.rule]
			if diff := cmp.Diff([]posture.Status{posture.Status(words[1])}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", of.rule, diff)
			}
		})
	}
}

// with returns the account in which the resource has the policy.
func (h holder) with(t *testing.T, document string) string {
	t.Helper()
	quoted, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("POLICY", string(quoted), "XML", document, "ENCODED", url.PathEscape(document)).Replace(h.estate)
}

func loadAWS(t *testing.T) *policy.Policy {
	t.Helper()
	loaded, err := policy.Load(policy.Options{Docs: aws.Catalogue().Docs(), Files: []fs.FS{rules.Clouds()[0].Files}, Criteria: criteria(t)})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// judgeAWS returns the statuses, by rule, of what is wanted of an account of
// the estate.
func judgeAWS(t *testing.T, loaded *policy.Policy, archive string, want posture.Want) map[string][]posture.Status {
	t.Helper()
	return judgeNamed(t, loaded, archive, want, "")
}

// judgeNamed does so for the resources of that name only, unless it is empty.
func judgeNamed(t *testing.T, loaded *policy.Policy, archive string, want posture.Want, name string) map[string][]posture.Status {
	t.Helper()
	estate, err := awstest.Load([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"us-east-1"}, map[string]*awstest.Estate{"111122223333": estate})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	account, err := aws.Open(t.Context(), server.Config("111122223333"), posture.Target{Provider: posture.AWS, Account: "111122223333"}, aws.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]posture.Status{}
	account.Scan(t.Context(), want, func(r posture.Resource) {
		if name != "" && r.Name != name {
			return
		}
		findings, err := loaded.Judge(r, time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Error(err)
		}
		for _, f := range findings {
			found[f.Rule] = append(found[f.Rule], f.Status)
		}
	})
	for _, section := range cloud.Missing() {
		t.Errorf("write a section: -- %s --", section)
	}
	return found
}

// TestAWSIdentitySeverities holds that a fault is as grave whoever has it.
func TestAWSIdentitySeverities(t *testing.T) {
	t.Parallel()
	loaded := map[string]posture.Severity{}
	for _, rule := range loadAWS(t).Rules() {
		loaded[rule.ID] = rule.Severity
	}
	for severity, ids := range map[posture.Severity][]string{
		posture.Critical: {
			"aws-iam-administratoraccess-restricted", "aws-iam-user-not-administrator", "aws-iam-group-not-administrator",
			"aws-iam-no-admin-star-policies", "aws-iam-no-inline-admin-star-policies",
		},
		posture.High: {
			"aws-iam-role-no-privilege-escalation", "aws-iam-user-no-privilege-escalation", "aws-iam-group-no-privilege-escalation",
			"aws-iam-no-privilege-escalation", "aws-iam-inline-no-privilege-escalation",
		},
	} {
		for _, id := range ids {
			if loaded[id] != severity {
				t.Errorf("%s is %q, others of its kind are %q", id, loaded[id], severity)
			}
		}
	}
}
