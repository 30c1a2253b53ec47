package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	scanner "posture/scanners/aws"
)

// permissionsAWS is one posture permissions aws.
type permissionsAWS struct {
	common
	services []string
	except   []string
	template string
	write    bool
}

func newPermissionsAWS(world *streams) *cobra.Command {
	p := &permissionsAWS{common: common{world: world}}
	f := &awsFlags{}
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Print the IAM policy that a scan of an AWS account needs",
		Long: `Print the IAM policy that a scan of an AWS account needs: the actions of the
calls that the scanners make, all of them reads of settings, and a denial of
reads of data, which holds whatever else the role is allowed.

Opening an account takes two of the actions; reading an organization's accounts
takes organizations:ListAccounts in its management account, and assuming roles
sts:AssumeRole on them, which are not part of it.

With --template the policy is compared with what stands in a CloudFormation
template between the lines

  # ` + generatedBegin + `
  # ` + generatedEnd + `

and a difference is an error; with --write it is put there. Words after the
first line are flags for it: --except names data that the role has to read for
something else, such as its own results.`,
		Example: `  posture permissions aws > policy.json
  posture permissions aws --services s3,iam --format yaml
  posture permissions aws --template infra/aws/member-role.yaml --write`,
		Args: noWords,
		RunE: func(*cobra.Command, []string) error {
			p.services = f.services
			if p.template != "" {
				return p.inTemplate()
			}
			return p.print()
		},
	}
	f.addServices(cmd)
	p.addFormat(cmd, "json", "yaml")
	cmd.Flags().StringSliceVar(&p.except, "except", nil, "do not deny these `actions`")
	cmd.Flags().StringVar(&p.template, "template", "", "compare with the policy in this `file`")
	cmd.Flags().BoolVar(&p.write, "write", false, "write the policy to the template instead")
	_ = cmd.MarkFlagFilename("template", "yaml")
	return cmd
}

// dataReads are the actions by which data is read, not settings. Denying them
// makes sure that the role never does, whatever is added to it.
func dataReads() []string {
	return []string{
		"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan",
		"ebs:GetSnapshotBlock", "ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot", "ec2:GetPasswordData",
		"kinesis:GetRecords", "kms:Decrypt", "lambda:GetFunction",
		"logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetQueryResults", "logs:StartQuery",
		"rds:DownloadDBLogFilePortion", "s3:GetObject*", "secretsmanager:BatchGetSecretValue",
		"secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "ssm:GetParameter*",
	}
}

// policyDocument is an IAM policy.
type policyDocument struct {
	Version   string            `json:"Version"`
	Statement []policyStatement `json:"Statement"`
}

type policyStatement struct {
	Sid      string   `json:"Sid"`
	Effect   string   `json:"Effect"`
	Action   []string `json:"Action"`
	Resource string   `json:"Resource"`
}

// document returns the policy. It denies nothing that the scan needs or that
// is excepted.
func (p *permissionsAWS) document() policyDocument {
	allowed := scanner.Actions(p.services...)
	denied := slices.DeleteFunc(dataReads(), func(pattern string) bool {
		return slices.ContainsFunc(slices.Concat(scanner.Actions(), p.except), func(action string) bool { return covers(pattern, action) })
	})
	return policyDocument{Version: "2012-10-17", Statement: []policyStatement{
		{"ReadSettings", "Allow", allowed, "*"},
		{"NeverReadData", "Deny", denied, "*"},
	}}
}

// covers reports whether an IAM pattern without regard to case holds for an
// action, or is that action's pattern.
func covers(pattern, action string) bool {
	matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(action))
	return err == nil && matched
}

func (p *permissionsAWS) print() error {
	if p.format == "yaml" {
		_, err := fmt.Fprint(p.world.out, p.document().yaml())
		return err
	}
	encoder := json.NewEncoder(p.world.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(p.document())
}

// yaml returns the policy as YAML, by hand: so a template's other lines keep
// their form.
func (d policyDocument) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Version: %q\nStatement:\n", d.Version)
	for _, s := range d.Statement {
		fmt.Fprintf(&b, "  - Sid: %s\n    Effect: %s\n    Action:\n", s.Sid, s.Effect)
		for _, action := range s.Action {
			fmt.Fprintf(&b, "      - %s\n", action)
		}
		fmt.Fprintf(&b, "    Resource: %q\n", s.Resource)
	}
	return b.String()
}
