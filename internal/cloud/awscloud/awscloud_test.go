package awscloud_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/posture"
	"posture/scanners/aws"
	"posture/scanners/aws/awstest"
)

// changed is the audit log of the accounts.
const changed = `
-- cloudtrail:LookupEvents LookupAttributes.1.AttributeValue=alpha --
{"Events": [{"EventName": "PutBucketAcl", "EventTime": 1767225600, "ReadOnly": "false",
 "CloudTrailEvent": "{\"recipientAccountId\": \"111122223333\", \"userIdentity\": {\"type\": \"IAMUser\", \"userName\": \"bob\"}}"}]}
`

// TestLastChange holds that the audit log of an account is asked with the
// credentials by which the account is read.
func TestLastChange(t *testing.T) {
	estate, err := awstest.Load([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"eu-west-1"}, map[string]*awstest.Estate{"111122223333": estate, "444455556666": estate})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	member := config.Default()
	member.AWS.Accounts = []config.Account{{ID: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/posture-scan"}}
	bob := &drift.Attribution{Event: "PutBucketAcl", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Principal: "bob"}
	for name, c := range map[string]struct {
		options awscloud.Options
		own     string // account of the credentials
		want    *drift.Attribution
		ops     []string
	}{
		"own account":    {awscloud.Options{Config: config.Default()}, "111122223333", bob, []string{"cloudtrail:LookupEvents"}},
		"member account": {awscloud.Options{Config: member, Session: "posture"}, "444455556666", bob, []string{"sts:AssumeRole", "cloudtrail:LookupEvents"}},
		"role by flag": {awscloud.Options{Config: config.Default(), Session: "posture", Role: aws.Role{ARN: "arn:aws:iam::111122223333:role/r"}},
			"444455556666", bob, []string{"sts:AssumeRole", "cloudtrail:LookupEvents"}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.Forget()
			c.options.AWS = server.Config(c.own)
			made, err := awscloud.New(c.options)
			if err != nil {
				t.Fatal(err)
			}
			of := drift.Resource{Account: "111122223333", Region: "eu-west-1", ID: "arn:aws:s3:::alpha"}
			got, err := made.LastChange(t.Context(), of, time.Unix(1, 0), time.Unix(2, 0))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			var ops []string
			for _, request := range cloud.Log() {
				ops = append(ops, request.Op())
			}
			if diff := cmp.Diff(c.ops, ops); diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
		})
	}
}

// TestAskedOnce: whose the credentials at hand are is asked once, for listing
// the accounts and for reading their own one; those of a role are asked for
// themselves. The part of the own account counts the call.
func TestAskedOnce(t *testing.T) {
	estate, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"eu-west-1"}, map[string]*awstest.Estate{"111122223333": estate, "444455556666": estate})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	member := config.Default()
	member.AWS.Organization = &config.Organization{Role: "posture-scan"}
	for name, c := range map[string]struct {
		config  config.Config
		listed  bool // the targets are listed before
		account string
		want    []string
	}{
		"listed and read":           {config.Default(), true, "111122223333", []string{"sts:GetCallerIdentity", "ec2:DescribeRegions"}},
		"read by another process":   {config.Default(), false, "111122223333", []string{"sts:GetCallerIdentity", "ec2:DescribeRegions"}},
		"own one of organization":   {member, false, "111122223333", []string{"sts:GetCallerIdentity", "ec2:DescribeRegions"}},
		"other one of organization": {member, false, "444455556666", []string{"sts:GetCallerIdentity", "sts:AssumeRole", "sts:GetCallerIdentity", "ec2:DescribeRegions"}},
	} {
		t.Run(name, func(t *testing.T) {
			cloud.Forget()
			made, err := awscloud.New(awscloud.Options{Config: c.config, AWS: server.Config("111122223333"), Session: "posture"})
			if err != nil {
				t.Fatal(err)
			}
			if c.listed {
				if _, err := made.Targets(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			scanner, err := made.Open(t.Context(), posture.Target{Provider: posture.AWS, Account: c.account})
			if err != nil {
				t.Fatal(err)
			}
			var ops []string
			for _, request := range cloud.Log() {
				ops = append(ops, request.Op())
			}
			if diff := cmp.Diff(c.want, ops); diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
			coverage := scanner.Scan(t.Context(), posture.Want{}, func(posture.Resource) {})
			if coverage.Calls["sts:GetCallerIdentity"] != 1 || coverage.Caller == "" {
				t.Errorf("got %v by %q", coverage.Calls, coverage.Caller)
			}
		})
	}
}

// TestNarrowed holds which options ask for less than the configuration.
func TestNarrowed(t *testing.T) {
	listed := config.Default()
	listed.AWS.Accounts = []config.Account{{ID: "111122223333"}}
	for name, c := range map[string]struct {
		options awscloud.Options
		want    bool
	}{
		"all that is configured":     {awscloud.Options{Config: listed}, false},
		"one region of it":           {awscloud.Options{Config: listed, Regions: []string{"eu-west-1"}}, true},
		"one service of it":          {awscloud.Options{Config: listed, Services: []string{"s3"}}, true},
		"one account of it":          {awscloud.Options{Config: listed, Only: true}, true},
		"another account":            {awscloud.Options{Config: listed, Role: aws.Role{ARN: "r"}}, true},
		"whatever the day's account": {awscloud.Options{Config: config.Default()}, true},
	} {
		if got := c.options.Narrowed(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
