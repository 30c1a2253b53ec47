package awscloud

import (
	"path"
	"slices"
	"strings"

	"posture/internal/cloud"
)

// role says that AWS takes permissions as an IAM policy.
func role() cloud.Role {
	return cloud.Role{
		Formats: []string{"json", "yaml"}, Denies: true,
		Make: func(p cloud.Permissions) any { return newPolicyDocument(p) },
	}
}

// policyDocument is an IAM policy.
type policyDocument struct {
	Version   string            `json:"Version" yaml:"Version"`
	Statement []policyStatement `json:"Statement" yaml:"Statement"`
}

type policyStatement struct {
	Sid      string   `json:"Sid" yaml:"Sid"`
	Effect   string   `json:"Effect" yaml:"Effect"`
	Action   []string `json:"Action" yaml:"Action"`
	Resource any      `json:"Resource" yaml:"Resource"` // one pattern, or a list of them
}

// newPolicyDocument returns the policy. It denies nothing that a scan needs or
// that is excepted.
func newPolicyDocument(p cloud.Permissions) policyDocument {
	denied := slices.DeleteFunc(dataReads(), func(pattern string) bool {
		return slices.ContainsFunc(slices.Concat(p.All, p.Except), func(action string) bool { return covers(pattern, action) })
	})
	return policyDocument{Version: "2012-10-17", Statement: []policyStatement{
		{"ReadSettings", "Allow", p.Allowed, "*"},
		{"NeverReadData", "Deny", denied, "*"},
		{"NeverReadAPIKeys", "Deny", []string{"apigateway:GET"}, apiKeys()},
	}}
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

// apiKeys are the paths of API Gateway by which keys of clients are read. Its one
// action for reading holds for them and for settings.
func apiKeys() []string {
	const api = "arn:*:apigateway:*::"
	return []string{api + "/apikeys", api + "/apikeys/*", api + "/usageplans/*/keys", api + "/usageplans/*/keys/*"}
}

// covers reports whether an IAM pattern without regard to case holds for an
// action, or is that action's pattern.
func covers(pattern, action string) bool {
	matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(action))
	return err == nil && matched
}
