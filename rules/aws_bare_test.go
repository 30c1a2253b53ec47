package rules_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"posture/internal/posture"
	"posture/scanners/aws"
)

// absenceTells holds the rules that an answer without a field decides all the
// same: leaving it out, or an empty list, is how the API says no.
var absenceTells = map[string]string{
	"aws-alarm-elb-health":                   "alarms are a listing",
	"aws-alarm-lambda-errors":                "alarms are a listing",
	"aws-alarm-queue-age":                    "alarms are a listing",
	"aws-alarm-rds-capacity":                 "alarms are a listing",
	"aws-alarm-table-throttling":             "alarms are a listing",
	"aws-appsync-field-logging":              "an API without logs has no settings of them",
	"aws-backup-plan-has-resources":          "selections are a listing",
	"aws-backup-vault-kms-encrypted":         "a vault without a key of KMS names none",
	"aws-bedrock-invocation-logging":         "a region without logs of models answers so",
	"aws-cloudtrail-kms-encrypted":           "a trail without a key of KMS names none",
	"aws-cloudwatch-alarm-actions":           "actions are a list",
	"aws-config-recorder-all-regions":        "a recorder that is off answers the same",
	"aws-datasync-task-logging":              "a task without a log group names none",
	"aws-dynamodb-table-kms-cmk":             "the key that AWS owns is not described",
	"aws-ebs-snapshot-not-public":            "what is public is a listing of its own",
	"aws-ec2-instance-no-public-ip":          "an instance outside of a VPC names none, and addresses are a list",
	"aws-ec2-instance-uses-role":             "an instance without a profile names none",
	"aws-eks-secrets-kms-encrypted":          "what is encrypted is a list",
	"aws-iam-administratoraccess-restricted": "policies are a list",
	"aws-iam-group-has-members":              "users are a listing",
	"aws-iam-group-no-inline-policies":       "policies are a list",
	"aws-iam-group-no-privilege-escalation":  "policies are a list",
	"aws-iam-group-not-administrator":        "policies are a list",
	"aws-iam-no-inline-policies":             "policies are a list",
	"aws-iam-password-policy-strong":         "what is not asked of passwords looks like what is not told",
	"aws-iam-role-no-privilege-escalation":   "policies are a list",
	"aws-iam-user-no-privilege-escalation":   "policies are a list",
	"aws-iam-user-not-administrator":         "policies are a list",
	"aws-iam-user-permissions-via-groups":    "policies are a list",
	"aws-lambda-env-no-secrets":              "a function without variables has no environment",
	"aws-lambda-log-group-exists":            "log groups are a listing",
	"aws-loggroup-kms-encrypted":             "a log group without a key of KMS names none",
	"aws-loggroup-retention-365d":            "a log group that keeps all names no days",
	"aws-logs-destination-not-public":        "a destination without a policy is the account's own only",
	"aws-networkfirewall-logging":            "destinations are a list",
	"aws-rds-cluster-logs-exported":          "exports are a list",
	"aws-rds-instance-logs-exported":         "exports are a list",
	"aws-s3-bucket-access-logging":           "a bucket without access logs answers so",
	"aws-s3-versioning":                      "a bucket that never had versions answers so",
	"aws-sagemaker-kms-encryption":           "a notebook without a key of KMS names none",
	"aws-sagemaker-no-direct-internet":       "a notebook outside of a VPC names no subnet",
	"aws-secretsmanager-rotation":            "a secret that was never rotated does not say so",
	"aws-securityhub-enabled":                "that there is a hub says it",
	"aws-sg-no-open-all-ports":               "what is let in is a list",
	"aws-sg-no-open-database-ports":          "what is let in is a list",
	"aws-sg-no-open-rdp":                     "what is let in is a list",
	"aws-sg-no-open-ssh":                     "what is let in is a list",
	"aws-sg-unused":                          "network interfaces are a listing",
	"aws-ssm-documents-not-public":           "accounts are a list",
	"aws-sns-topic-kms-encrypted":            "a topic without a key of KMS names none",
	"aws-sqs-dead-letter-queue":              "a queue without a dead-letter queue names none",
	"aws-sqs-queue-not-public":               "a queue without a policy has none in the answer",
	"aws-vpc-flow-logs":                      "flow logs are a listing",
}

// TestBareAnswers: where an answer lacks what a rule asks, the finding is
// unknown. Nothing passes or fails by a zero. Each type is in testdata/bare.txtar,
// with all the calls that its reading makes.
func TestBareAnswers(t *testing.T) {
	t.Parallel()
	loaded := loadAWS(t)
	bare, err := txtar.ParseFile("testdata/bare.txtar")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for typ := range aws.Catalogue().Docs() {
		t.Run(typ, func(t *testing.T) {
			judged := 0
			estate := string(txtar.Format(estateOf(bare, "", typ)))
			for rule, statuses := range judgeAWS(t, loaded, estate, posture.Want{typ: append(fieldsOf(t, typ), "tags")}) {
				for _, status := range statuses {
					judged++
					_, tells := absenceTells[rule]
					used[rule] = status != posture.Unknown
					if status != posture.Unknown && !tells {
						t.Errorf("%s: %s", rule, status)
					}
				}
			}
			if judged == 0 {
				t.Error("nothing was judged")
			}
		})
	}
	for rule := range absenceTells {
		if !used[rule] {
			t.Errorf("%s needs no reason: it is unknown", rule)
		}
	}
}
