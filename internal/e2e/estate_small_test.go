package e2e

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	backuptypes "github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// anyEvent returns the pattern that matches events of the names.
func anyEvent(names string) string {
	var parts []string
	for _, name := range strings.Fields(names) {
		parts = append(parts, "($.eventName = "+name+")")
	}
	return "{ " + strings.Join(parts, " || ") + " }"
}

// keys makes KMS keys and returns the ARN of the one to encrypt with.
func (b *builder) kmsKeys() string {
	client := kms.NewFromConfig(b.cfg)
	good := b.kmsKey("good-key", "")
	b.ok(client.EnableKeyRotation(b.ctx, &kms.EnableKeyRotationInput{KeyId: &good}))
	leaving := b.kmsKey("bad-key-leaving", "")
	b.ok(client.ScheduleKeyDeletion(b.ctx, &kms.ScheduleKeyDeletionInput{KeyId: new(leaving[strings.LastIndexByte(leaving, '/')+1:]), PendingWindowInDays: new(int32(7))}))
	b.kmsKey("bad-key-public", policy(allow("*", "kms:*", "*")))
	return good
}

func (b *builder) kmsKey(name, policy string) string {
	b.t.Helper()
	client := kms.NewFromConfig(b.cfg)
	input := &kms.CreateKeyInput{KeySpec: kmstypes.KeySpecSymmetricDefault}
	if policy != "" {
		input.Policy = &policy
	}
	out, err := client.CreateKey(b.ctx, input)
	b.need(err)
	b.call(name, out.KeyMetadata.KeyId)
	b.ok(client.CreateAlias(b.ctx, &kms.CreateAliasInput{AliasName: new("alias/" + name), TargetKeyId: out.KeyMetadata.KeyId}))
	return aws.ToString(out.KeyMetadata.Arn)
}

// messages makes topics and queues.
func (b *builder) messages() {
	topics, queues := sns.NewFromConfig(b.cfg), sqs.NewFromConfig(b.cfg)
	for name, attributes := range map[string]map[string]string{
		"good-topic": {"KmsMasterKeyId": "alias/good-key"},
		"bad-topic":  {"Policy": policy(allow("*", "SNS:Publish", "arn:aws:sns:us-east-1:"+own+":bad-topic"))},
	} {
		b.ok(topics.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes}))
	}
	arn := "arn:aws:sqs:us-east-1:" + own + ":"
	redrive, _ := json.Marshal(map[string]any{"deadLetterTargetArn": arn + "good-undelivered", "maxReceiveCount": 5}) // strings always marshal
	for _, queue := range []struct {
		name       string
		attributes map[string]string
	}{
		{"good-undelivered", map[string]string{"SqsManagedSseEnabled": "true"}},
		{"good-queue", map[string]string{"KmsMasterKeyId": "alias/good-key", "RedrivePolicy": string(redrive)}},
		{"bad-queue", map[string]string{"SqsManagedSseEnabled": "false", "Policy": policy(allow("*", "SQS:*", arn+"bad-queue"))}},
	} {
		b.ok(queues.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: &queue.name, Attributes: queue.attributes}))
	}
}

// secrets makes secrets.
func (b *builder) secrets() {
	client := secretsmanager.NewFromConfig(b.cfg)
	for _, name := range []string{"good-secret", "bad-secret"} {
		b.ok(client.CreateSecret(b.ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: new("made-up")}))
	}
	b.ok(client.RotateSecret(b.ctx, &secretsmanager.RotateSecretInput{SecretId: new("good-secret"), RotateImmediately: new(false), RotationRules: &smtypes.RotationRulesType{AutomaticallyAfterDays: new(int64(30))},
		RotationLambdaARN: new("arn:aws:lambda:us-east-1:" + own + ":function:good-function")}))
	b.ok(client.PutResourcePolicy(b.ctx, &secretsmanager.PutResourcePolicyInput{SecretId: new("bad-secret"),
		ResourcePolicy: new(policy(allow("*", "secretsmanager:GetSecretValue", "*")))}))
}

// backups makes plans and vaults. Their selections, recovery points and
// policies are recorded answers.
func (b *builder) backups(key string) {
	client := backup.NewFromConfig(b.cfg)
	for _, name := range []string{"good-vault", "bad-vault", "good-denied-vault"} {
		input := &backup.CreateBackupVaultInput{BackupVaultName: &name}
		if name != "bad-vault" {
			input.EncryptionKeyArn = &key
		}
		b.ok(client.CreateBackupVault(b.ctx, input))
	}
	b.plan("good-plan", backuptypes.BackupRuleInput{
		RuleName: new("daily"), TargetBackupVaultName: new("good-vault"), ScheduleExpression: new("cron(0 5 * * ? *)"),
		Lifecycle: &backuptypes.Lifecycle{DeleteAfterDays: new(int64(90))},
		CopyActions: []backuptypes.CopyAction{
			{DestinationBackupVaultArn: new("arn:aws:backup:eu-west-1:" + own + ":backup-vault:good-vault")},
			{DestinationBackupVaultArn: new("arn:aws:backup:us-east-1:210987654321:backup-vault:copies")}},
	})
	b.plan("bad-plan", backuptypes.BackupRuleInput{
		RuleName: new("weekly"), TargetBackupVaultName: new("bad-vault"), ScheduleExpression: new("cron(0 5 ? * 1 *)"),
		Lifecycle: &backuptypes.Lifecycle{DeleteAfterDays: new(int64(7))},
	})
	b.plan("bad-plan-that-is-late", backuptypes.BackupRuleInput{
		RuleName: new("daily"), TargetBackupVaultName: new("good-vault"), ScheduleExpression: new("cron(0 5 * * ? *)"),
		Lifecycle: &backuptypes.Lifecycle{DeleteAfterDays: new(int64(90))},
	})
}

func (b *builder) plan(name string, rule backuptypes.BackupRuleInput) {
	b.t.Helper()
	out, err := backup.NewFromConfig(b.cfg).CreateBackupPlan(b.ctx, &backup.CreateBackupPlanInput{
		BackupPlan: &backuptypes.BackupPlanInput{BackupPlanName: &name, Rules: []backuptypes.BackupRuleInput{rule}}})
	b.need(err)
	b.call(name, out.BackupPlanId)
}

// id returns the id of the thing of that name.
func (b *builder) id(name string) string {
	b.t.Helper()
	var found []string
	for id, known := range b.names {
		if known == name {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%d things are called %s", len(found), name)
	}
	return slices.Sorted(slices.Values(found))[0]
}
