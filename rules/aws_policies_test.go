package rules_test

import (
	"encoding/json"
	"io/fs"
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
	estate string // archive for awstest, with POLICY in place of the policy as a JSON string
}

// holders are the resources that the cases of testdata/policies.txtar are about.
var holders = map[string]holder{
	"queue": {"aws-sqs-queue-not-public", "AWS::SQS::Queue", []string{"public"}, `
-- sqs:ListQueues --
{"QueueUrls": ["https://sqs.us-east-1.amazonaws.com/111122223333/parcels"]}
-- sqs:GetQueueAttributes --
{"Attributes": {"Policy": POLICY}}
-- sqs:ListQueueTags --
{}
`},
	"topic": {"aws-sns-topic-not-public", "AWS::SNS::Topic", []string{"public"}, `
-- sns:ListTopics --
<Topics><member><TopicArn>arn:aws:sns:us-east-1:111122223333:parcels</TopicArn></member></Topics>
-- sns:GetTopicAttributes --
<Attributes><entry><key>Policy</key><value>XML</value></entry></Attributes>
-- sns:ListTagsForResource --
<Tags/>
`},
	"secret": {"aws-secretsmanager-policy-restrictive", "AWS::SecretsManager::Secret", []string{"public", "last_used"}, `
-- secretsmanager:ListSecrets --
{"SecretList": [{"ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:parcels-a1b2c3", "Name": "parcels", "LastAccessedDate": 1767225600}]}
-- secretsmanager:GetResourcePolicy --
{"ResourcePolicy": POLICY}
`},
	"key": {"aws-kms-key-policy-not-public", "AWS::KMS::Key", []string{"policy_public"}, `
-- kms:ListKeys --
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
	"function": {"aws-lambda-not-public", "AWS::Lambda::Function", []string{"public"}, lambdaEstate + `
-- lambda:GetPolicy --
{"Policy": POLICY}
`},
	"logs": {"aws-logs-not-shared-publicly", "AWS::Logs::ResourcePolicy", []string{"public", "other_accounts"}, `
-- logs:DescribeResourcePolicies --
{"resourcePolicies": [{"policyName": "parcels", "policyDocument": POLICY}]}
`},
	"bucket": {"aws-s3-cross-account-access-scoped", "AWS::S3::Bucket", []string{"policy"}, `
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
	"vault": {"aws-backup-vault-deletion-protected", "AWS::Backup::BackupVault", []string{"deletion_denied"}, `
-- backup:ListBackupVaults --
{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:parcels", "BackupVaultName": "parcels", "NumberOfRecoveryPoints": 2}]}
-- backup:GetBackupVaultAccessPolicy --
{"Policy": POLICY}
`},
}

const lambdaEstate = `
-- lambda:ListFunctions --
{"Functions": [{"FunctionName": "parcels", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:parcels", "PackageType": "Image"}]}
-- lambda:ListTags --
{}
`

// TestAWSPolicies judges what the scanner reads of resources with a policy.
// Each file of the archive is one case: its name says of what, the expected
// status and in a few words why; its content is the policy.
func TestAWSPolicies(t *testing.T) {
	loaded := loadAWS(t)
	archive, err := txtar.ParseFile("testdata/policies.txtar")
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
	return strings.NewReplacer("POLICY", string(quoted), "XML", document).Replace(h.estate)
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
