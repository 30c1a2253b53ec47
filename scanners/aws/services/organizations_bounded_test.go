package services

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
	"posture/scanners/aws/engine"
)

// everybodys is one thing of each type with a policy, all open to everybody: in
// place of POLICY, QUOTED, ENCODED.
const everybodys = noAnalyzer + `-- iam:GetAccountAuthorizationDetails --
<RoleDetailList><member><RoleName>taken</RoleName><Arn>arn:aws:iam::111122223333:role/taken</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument></member>
<member><RoleName>federated</RoleName><Arn>arn:aws:iam::111122223333:role/federated</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity"}}</AssumeRolePolicyDocument></member>
<member><RoleName>linked</RoleName><Arn>arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/linked</Arn><Path>/aws-service-role/x.amazonaws.com/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument></member></RoleDetailList>
-- sqs:ListQueues --
{"QueueUrls": ["https://sqs.us-east-1.amazonaws.com/111122223333/queue"]}
-- sqs:GetQueueAttributes --
{"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:111122223333:queue", "Policy": QUOTED}}
-- sns:ListTopics --
<Topics><member><TopicArn>arn:aws:sns:us-east-1:111122223333:topic</TopicArn></member></Topics>
-- sns:GetTopicAttributes --
<Attributes><entry><key>TopicArn</key><value>arn:aws:sns:us-east-1:111122223333:topic</value></entry><entry><key>TopicArn</key><value>arn:aws:sns:us-east-1:111122223333:topic</value></entry><entry><key>Policy</key><value>POLICY</value></entry></Attributes>
-- secretsmanager:ListSecrets --
{"SecretList": [{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:secret-a1b2c3", "Name": "secret", "LastAccessedDate": 1767225600}]}
-- secretsmanager:GetResourcePolicy --
{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:secret-a1b2c3", "ResourcePolicy": QUOTED}
-- kms:ListKeys --
{"Keys": [{"KeyId": "key", "KeyArn": "arn:aws:kms:us-east-1:111122223333:key/key"}]}
-- kms:ListAliases --
{"Aliases": []}
-- kms:DescribeKey --
{"KeyMetadata": {"KeyId": "key", "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "RSA_2048"}}
-- kms:GetKeyPolicy --
{"Policy": QUOTED}
-- ecr:DescribeRepositories --
{"repositories": [{"repositoryArn": "arn:aws:ecr:us-east-1:111122223333:repository/repository", "repositoryName": "repository"}]}
-- ecr:GetRepositoryPolicy --
{"policyText": QUOTED}
-- ecr:GetRegistryPolicy --
{"policyText": QUOTED}
-- logs:DescribeResourcePolicies --
{"resourcePolicies": [{"policyName": "logs", "policyDocument": QUOTED}]}
-- logs:DescribeDestinations --
{"destinations": [{"destinationName": "destination", "arn": "arn:aws:logs:us-east-1:111122223333:destination:destination", "accessPolicy": QUOTED}]}
-- es:ListDomainNames --
{"DomainNames": [{"DomainName": "domain"}]}
-- es:DescribeDomains --
{"DomainStatusList": [{"ARN": "arn:aws:es:us-east-1:111122223333:domain/domain", "DomainId": "1/domain", "DomainName": "domain", "ClusterConfig": {}, "AccessPolicies": QUOTED}]}
-- elasticfilesystem:DescribeFileSystems --
{"FileSystems": [{"FileSystemId": "fs-1", "FileSystemArn": "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1", "Name": "files", "CreationTime": 1700000000, "Tags": []}]}
-- elasticfilesystem:DescribeFileSystemPolicy --
{"Policy": QUOTED}
-- backup:ListBackupVaults --
{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:vault", "BackupVaultName": "vault"}]}
-- backup:GetBackupVaultAccessPolicy --
{"Policy": QUOTED}
-- lambda:ListFunctions --
{"Functions": [{"FunctionName": "function", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:function", "Role": "arn:aws:iam::111122223333:role/none", "Runtime": "python3.13"}]}
-- lambda:GetPolicy --
{"Policy": QUOTED}
-- s3:ListBuckets --
<ListAllMyBucketsResult><Buckets><Bucket><Name>bucket</Name><BucketRegion>us-east-1</BucketRegion></Bucket><Bucket><Name>by-acl</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>
-- s3control:GetPublicAccessBlock error=NoSuchPublicAccessBlockConfiguration --
-- s3:GetPublicAccessBlock error=NoSuchPublicAccessBlockConfiguration --
-- s3:GetBucketPolicyStatus bucket=bucket --
<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>
-- s3:GetBucketPolicyStatus error=NoSuchBucketPolicy --
-- s3:GetBucketPolicy bucket=bucket --
POLICY
-- s3:GetBucketPolicy error=NoSuchBucketPolicy --
-- s3:GetBucketAcl --
<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList/></AccessControlPolicy>
-- s3:GetBucketAcl bucket=by-acl --
<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>
`

// openTo holds, by type, what is asked of everybodys, and whether it is open.
var openTo = map[string]map[string]func(doc any) bool{
	"AWS::IAM::Role": {
		"trusts":            func(doc any) bool { return len(doc.(*IAMRole).Trusts) > 0 },
		"open_to_providers": func(doc any) bool { return len(doc.(*IAMRole).OpenToProviders) > 0 },
		"any_audience":      func(doc any) bool { return len(doc.(*IAMRole).AnyAudience) > 0 },
	},
	"AWS::SQS::Queue": {
		"public":    func(doc any) bool { return doc.(*SQSQueue).Public },
		"public_by": func(doc any) bool { return len(doc.(*SQSQueue).PublicBy) > 0 },
	},
	"AWS::SNS::Topic": {
		"public":    func(doc any) bool { return doc.(*SNSTopic).Public },
		"public_by": func(doc any) bool { return len(doc.(*SNSTopic).PublicBy) > 0 },
	},
	"AWS::SecretsManager::Secret": {
		"public":    func(doc any) bool { return doc.(*Secret).Public },
		"public_by": func(doc any) bool { return len(doc.(*Secret).PublicBy) > 0 },
	},
	"AWS::KMS::Key": {
		"policy_public": func(doc any) bool { return doc.(*KMSKey).PolicyPublic },
		"public_by":     func(doc any) bool { return len(doc.(*KMSKey).PublicBy) > 0 },
	},
	"AWS::ECR::Repository": {
		"public":    func(doc any) bool { return doc.(*ECRRepository).Public },
		"public_by": func(doc any) bool { return len(doc.(*ECRRepository).PublicBy) > 0 },
	},
	"AWS::ECR::RegistryPolicy": {
		"public":         func(doc any) bool { return doc.(*ECRRegistryPolicy).Public },
		"public_by":      func(doc any) bool { return len(doc.(*ECRRegistryPolicy).PublicBy) > 0 },
		"other_accounts": func(doc any) bool { return len(doc.(*ECRRegistryPolicy).OtherAccounts) > 0 },
	},
	"AWS::Logs::ResourcePolicy": {
		"public":         func(doc any) bool { return doc.(*LogsResourcePolicy).Public },
		"public_by":      func(doc any) bool { return len(doc.(*LogsResourcePolicy).PublicBy) > 0 },
		"other_accounts": func(doc any) bool { return len(doc.(*LogsResourcePolicy).OtherAccounts) > 0 },
	},
	"AWS::Logs::Destination": {
		"public":         func(doc any) bool { return doc.(*LogsDestination).Public },
		"public_by":      func(doc any) bool { return len(doc.(*LogsDestination).PublicBy) > 0 },
		"other_accounts": func(doc any) bool { return len(doc.(*LogsDestination).OtherAccounts) > 0 },
	},
	"AWS::EFS::FileSystem": {
		"public":         func(doc any) bool { return doc.(*EFSFileSystem).Public },
		"public_by":      func(doc any) bool { return len(doc.(*EFSFileSystem).PublicBy) > 0 },
		"other_accounts": func(doc any) bool { return len(doc.(*EFSFileSystem).OtherAccounts) > 0 },
	},
	"AWS::Backup::BackupVault": {
		"public":         func(doc any) bool { return doc.(*BackupVault).Public },
		"public_by":      func(doc any) bool { return len(doc.(*BackupVault).PublicBy) > 0 },
		"other_accounts": func(doc any) bool { return len(doc.(*BackupVault).OtherAccounts) > 0 },
	},
	"AWS::OpenSearchService::Domain": {
		"public":    func(doc any) bool { return doc.(*OpenSearchDomain).Public },
		"public_by": func(doc any) bool { return len(doc.(*OpenSearchDomain).PublicBy) > 0 },
	},
	"AWS::Lambda::Function": {
		"public":    func(doc any) bool { return doc.(*LambdaFunction).Public },
		"public_by": func(doc any) bool { return len(doc.(*LambdaFunction).PublicBy) > 0 },
	},
	"AWS::S3::Bucket": {
		"public":                   func(doc any) bool { return doc.(*S3Bucket).Public },
		"public_by":                func(doc any) bool { return len(doc.(*S3Bucket).PublicBy) > 0 },
		"policy.others_may_change": func(doc any) bool { return len(doc.(*S3Bucket).Policy.OthersMayChange) > 0 },
	},
}

// stillOpen names what is open of everybodys, with a question mark where that
// is not known.
func stillOpen(t *testing.T, s scanned) string {
	t.Helper()
	said := map[string]string{}
	for _, r := range s.Resources {
		for field, of := range openTo[r.Type] {
			unread := slices.ContainsFunc(r.Unread, func(u posture.Unread) bool { return u.Field == field })
			name := r.Name
			if r.Type == "AWS::ECR::RegistryPolicy" {
				name = "registry"
			}
			switch is := of(r.Doc); {
			case is && unread:
				t.Errorf("%s of %s is unread and has a value", field, r.Name)
			case is && said[name] != "?":
				said[name] = "!"
			case unread:
				said[name] = "?"
			}
		}
	}
	var open []string
	for name, how := range said {
		open = append(open, name+strings.TrimSuffix(how, "!"))
	}
	slices.Sort(open)
	return strings.Join(open, " ")
}

// TestResourceControlPolicies holds for each type with a policy whether those
// of the organization bound it, as AWS lists the services.
func TestResourceControlPolicies(t *testing.T) {
	t.Parallel()
	const (
		all  = "bucket by-acl destination domain federated files function key linked logs queue registry repository secret taken topic vault"
		free = "domain files function linked topic vault" // of services that are not on the list, or made by a service
	)
	outside := `"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-shop123456"}`
	deny := func(actions, rest string) string {
		return `{"Statement":{"Effect":"Deny","Principal":"*","Resource":"*","Action":` + actions + `,` + rest + `}}`
	}
	for _, test := range []struct {
		name, rcp string
		changes   map[string]string
		open      string
	}{
		{name: "nothing forbidden", rcp: fullAccess, open: all},
		{name: "strangers denied", rcp: deny(`"*"`, outside+`}`), open: strings.Replace(free, "domain", "domain federated", 1)},
		{name: "everybody denied", rcp: `{"Statement":{"Effect":"Deny","Principal":"*","Resource":"*","Action":"*"}}`, open: free},
		{name: "strangers denied one service", rcp: deny(`"s3:*"`, outside+`}`), open: strings.TrimPrefix(all, "bucket by-acl ")},
		{name: "strangers denied a part of a service", rcp: deny(`["s3:Put*","s3:Delete*"]`, outside+`}`), open: all},
		{name: "some buckets only", rcp: strings.Replace(deny(`"s3:*"`, outside+`}`), `"Resource":"*"`, `"Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`, 1),
			open: strings.TrimPrefix(all, "bucket ")},
		{name: "policies throttled", rcp: fullAccess,
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=RESOURCE_CONTROL_POLICY TargetId=r-1 error=TooManyRequestsException": ""},
			open:    "bucket? by-acl? destination? domain federated? files function key? linked logs? queue? registry? repository? secret? taken? topic vault"},
		{name: "policies refused", rcp: deny(`"*"`, outside+`}`), open: all,
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=RESOURCE_CONTROL_POLICY TargetId=r-1 error=AccessDeniedException": ""}},
		{name: "the management account", rcp: deny(`"*"`, outside+`}`), open: all,
			changes: map[string]string{"organizations:DescribeOrganization": `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "` + testAccount + `", "FeatureSet": "ALL"}}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scanUnder(t, withPolicy(t, everybodysPolicy), organized(t, fullAccess, test.rcp, test.changes), wantOpen())
			if got := stillOpen(t, s); got != test.open {
				t.Errorf("open: %s\nwant: %s", got, test.open)
			}
		})
	}
}

const everybodysPolicy = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`

// withPolicy returns everybodys with one policy for all but the roles.
func withPolicy(t *testing.T, policy string) *awstest.Estate {
	t.Helper()
	quoted, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	estate := loadEstate(t, strings.NewReplacer("POLICY", policy, "QUOTED", string(quoted)).Replace(everybodys))
	for _, op := range []string{"lambda:ListAliases", "lambda:ListVersionsByFunction"} {
		if err := estate.Set(op, "{}"); err != nil {
			t.Fatal(err)
		}
	}
	return estate
}

// scanUnder scans the account with what its organization answers; nil for none.
func scanUnder(t *testing.T, estate, above *awstest.Estate, want posture.Want) scanned {
	t.Helper()
	estates := map[string]*awstest.Estate{testAccount: estate}
	if above != nil {
		estates[managementAccount] = above
	}
	server := serve(t, awstest.New([]string{"us-east-1"}, estates))
	o := options(1)
	if above != nil {
		cfg := server.Config(managementAccount)
		o.Above = &cfg
	}
	target := posture.Target{Provider: posture.AWS, Account: testAccount, Regions: []string{"us-east-1"}}
	account, err := engine.Open(t.Context(), server.Config(testAccount), target, o)
	if err != nil {
		t.Fatal(fmt.Errorf("open the account: %w", err))
	}
	return scanAccount(t.Context(), account, want)
}
