package services

import (
	"fmt"
	"slices"
	"testing"

	"posture/internal/posture"
)

// keyHolders are the types of which it is asked whose key encrypts them: the
// field that says so, and listings of one resource with a key in place of %q.
var keyHolders = map[string]struct {
	field    string
	sections map[string]string
	customer func(doc any) bool
}{
	"AWS::Backup::BackupVault": {"customer_key", map[string]string{
		"backup:ListBackupVaults": `{"BackupVaultList": [{"BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:v", "BackupVaultName": "v", "EncryptionKeyArn": %q}]}`,
		"backup:GetBackupVaultAccessPolicy BackupVaultName=v error=ResourceNotFoundException": "",
	}, func(doc any) bool { return doc.(*BackupVault).CustomerKey }},
	"AWS::DynamoDB::Table": {"customer_key", map[string]string{
		"dynamodb:ListTables":                            `{"TableNames": ["t"]}`,
		"dynamodb:DescribeTable TableName=t":             `{"Table": {"TableName": "t", "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": %q}}}`,
		"dynamodb:DescribeContinuousBackups TableName=t": `{"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}`,
	}, func(doc any) bool { return doc.(*DynamoDBTable).CustomerKey }},
	"AWS::Lambda::Function": {"environment_cmk", map[string]string{
		"lambda:ListFunctions": `{"Functions": [{"FunctionName": "image", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:image", "Role": "arn:aws:iam::111122223333:role/app", "PackageType": "Image", "KMSKeyArn": %q}]}`,
	}, func(doc any) bool { return doc.(*LambdaFunction).EnvironmentCMK }},
}

// TestCustomerKeys: whose a key is never follows from the form of its name alone.
func TestCustomerKeys(t *testing.T) {
	const arn, yes, no, unread = "arn:aws:kms:us-east-1:", "customer", "AWS", "unread"
	for typ, holder := range keyHolders {
		for name, test := range map[string]struct {
			key     string
			refused bool
			want    string
		}{
			"of AWS, by its ARN":            {arn + "111122223333:key/by-aws", false, no},
			"of AWS, by its alias":          {arn + "111122223333:alias/aws/any", false, no},
			"of the customer, by its ARN":   {arn + "111122223333:key/mine", false, yes},
			"of the customer, by its alias": {arn + "111122223333:alias/mine", false, yes},
			"without an alias":              {arn + "111122223333:key/unnamed", false, yes},
			"of another account":            {arn + "444455556666:key/by-aws", false, yes},
			"aliases refused":               {arn + "111122223333:key/mine", true, unread},
			"no ARN":                        {"by-aws", false, unread},
			"none":                          {"", false, no},
		} {
			t.Run(typ+" "+name, func(t *testing.T) {
				sections := map[string]string{"kms:ListAliases": `{"Aliases": [{"AliasName": "alias/aws/any", "TargetKeyId": "by-aws"}, {"AliasName": "alias/mine", "TargetKeyId": "mine"}]}`}
				if test.refused {
					sections = map[string]string{"kms:ListAliases error=AccessDeniedException": ""}
				}
				for section, body := range holder.sections {
					if section == "lambda:ListFunctions" || section == "backup:ListBackupVaults" || section == "dynamodb:DescribeTable TableName=t" {
						body = fmt.Sprintf(body, test.key)
					}
					sections[section] = body
				}
				cloud := cloudOf(fixtures(t, sections))
				found := scanWant(t, serve(t, cloud), posture.Want{typ: {holder.field}})
				if len(found.Resources) != 1 {
					t.Fatalf("%d resources", len(found.Resources))
				}
				got, r := no, found.Resources[0]
				switch {
				case slices.ContainsFunc(r.Unread, func(u posture.Unread) bool { return u.Field == holder.field }):
					got = unread
				case holder.customer(r.Doc):
					got = yes
				}
				if got != test.want {
					t.Errorf("the key is of %s, want %s: %+v", got, test.want, r.Unread)
				}
			})
		}
	}
}
