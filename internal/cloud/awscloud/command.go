package awscloud

import "posture/internal/cloud"

// command is what the command line says and takes for AWS.
func command() cloud.Command {
	return cloud.Command{
		Unit: "account", Regions: 17,
		Flags: []cloud.Flag{
			{Name: profileFlag, Usage: "`name` of the AWS profile whose account to read"},
			{Name: roleFlag, Usage: "`ARN` of a role to assume; its account is read"},
			{Name: externalFlag, Usage: "external `id` to assume the role with"},
			{Name: regionsFlag, Usage: "`regions` to read (default: every enabled one)", Takes: cloud.Values},
		},
		Scan: cloud.Help{
			Short: "Scan AWS accounts",
			Long: `Scan the AWS account of your credentials, or those that posture.yaml names.

The first scan prints what fails. Later scans print only what changed; posture
findings prints everything. With a format other than table, standard output holds
all findings and nothing else.`,
			Example: `  posture scan aws
  posture scan aws --profile production --regions eu-west-1,us-east-1
  posture scan aws --role-arn arn:aws:iam::111122223333:role/posture-scan --external-id ...
  posture scan aws --estimate                    how many calls that would be
  posture scan aws --format sarif > posture.sarif
  posture scan aws --fail-on high                for a pipeline`,
		},
		Doctor: cloud.Help{
			Short: "Try the permissions for AWS accounts, and the store",
			Long: `Make every call that a scan makes, for one resource of each kind, and print
which of them are refused and which permission is missing for it. A call for
which there is no resource is not tried. It also writes a small object to the
store, reads it and deletes it.`,
			Example: `  posture doctor aws
  posture doctor aws --role-arn arn:aws:iam::111122223333:role/posture-scan --external-id ...
  posture doctor aws --no-store --all --format json`,
		},
		Permissions: cloud.Help{
			Short: "Print the IAM policy that a scan of an AWS account needs",
			Long: `Print the IAM policy that a scan of an AWS account needs: the actions of the
calls that the scanners make, all of them reads of settings, and a denial of
reads of data, which holds whatever else the role is allowed. It goes into the
role itself (aws iam put-role-policy): for a managed policy it is too long.

Two permissions are not part of it: organizations:ListAccounts in the management
account, to list the accounts of an organization, and sts:AssumeRole, to assume
roles in them. The organizations actions that are part of it are needed in the
management account: they read what the organization forbids its accounts.`,
			Example: `  posture permissions aws > policy.json
  posture permissions aws --services s3,iam --format yaml
  posture permissions aws --template infra/aws/member-role.yaml --write`,
		},
	}
}
