package awscloud_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/cloud"
	"posture/internal/cloud/awscloud"
	"posture/internal/config"
	"posture/internal/drift"
	"posture/internal/posture"
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
	served := awstest.New([]string{"eu-west-1"}, map[string]*awstest.Estate{"111122223333": estate, "444455556666": estate})
	server, err := awstest.Start(served)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	member := config.Default()
	member.AWS.Accounts = []config.AWSAccount{{ID: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/posture-scan"}}
	bob := &drift.Attribution{Event: "PutBucketAcl", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Principal: "bob"}
	for name, c := range map[string]struct {
		options cloud.Options
		own     string // account of the credentials
		want    *drift.Attribution
		ops     []string
	}{
		"own account":    {cloud.Options{Config: config.Default()}, "111122223333", bob, []string{"cloudtrail:LookupEvents"}},
		"member account": {cloud.Options{Config: member}, "444455556666", bob, []string{"sts:AssumeRole", "cloudtrail:LookupEvents"}},
		"role by flag": {cloud.Options{Config: config.Default(), Flags: cloud.Flags{"role-arn": {"arn:aws:iam::111122223333:role/r"}}},
			"444455556666", bob, []string{"sts:AssumeRole", "cloudtrail:LookupEvents"}},
	} {
		t.Run(name, func(t *testing.T) {
			served.Forget()
			made, err := awscloud.New(awscloud.Given(server.Config(c.own))).Open(t.Context(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			of := drift.Resource{Account: "111122223333", Region: "eu-west-1", ID: "arn:aws:s3:::alpha"}
			got, err := made.LastChange(t.Context(), of, time.Unix(1, 0), time.Unix(2, 0))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			var ops []string
			for _, request := range served.Log() {
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
	served := awstest.New([]string{"eu-west-1"}, map[string]*awstest.Estate{"111122223333": estate, "444455556666": estate})
	server, err := awstest.Start(served)
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
			served.Forget()
			made, err := awscloud.New(awscloud.Given(server.Config("111122223333"))).Open(t.Context(), cloud.Options{Config: c.config})
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
			for _, request := range served.Log() {
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

// TestChoose holds what flags, configuration and environment put in scope, and
// whether that is less than the configuration does.
func TestChoose(t *testing.T) {
	listed := config.Default()
	listed.AWS = config.AWS{Accounts: []config.AWSAccount{{ID: "111122223333"}, {ID: "222233334444", Regions: []string{"eu-west-2"}}}, Regions: []string{"us-east-1"}, Services: []string{"kms"}}
	target := func(account string, regions ...string) posture.Target {
		return posture.Target{Provider: posture.AWS, Account: account, Regions: regions}
	}
	both := []posture.Target{target("111122223333", "us-east-1"), target("222233334444", "eu-west-2")}
	kms, us := []string{"kms"}, []string{"us-east-1"}
	for name, c := range map[string]struct {
		config config.Config
		flags  cloud.Flags
		want   cloud.Choice
	}{
		"all that is configured": {listed, nil, cloud.Choice{Services: kms, Targets: both, Regions: us}},
		"one region of it": {listed, cloud.Flags{"regions": {"eu-west-1", "eu-west-1"}}, cloud.Choice{
			Services: kms, Narrowed: true, Regions: []string{"eu-west-1"},
			Targets: []posture.Target{target("111122223333", "eu-west-1"), target("222233334444", "eu-west-1")},
		}},
		"one service of it":          {listed, cloud.Flags{"services": {"s3"}}, cloud.Choice{Services: []string{"s3"}, Narrowed: true, Targets: both, Regions: us}},
		"another profile":            {listed, cloud.Flags{"profile": {"p"}}, cloud.Choice{Services: kms, Narrowed: true, Regions: us, Other: true}},
		"another account":            {listed, cloud.Flags{"role-arn": {"arn:aws:iam::333344445555:role/r"}}, cloud.Choice{Services: kms, Narrowed: true, Regions: us, Targets: []posture.Target{target("333344445555", "us-east-1")}}},
		"whatever the day's account": {config.Default(), nil, cloud.Choice{Narrowed: true}},
	} {
		got, err := awscloud.New(nil).Choose(cloud.Options{Config: c.config, Flags: c.flags})
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	organization := func(name string) string {
		return map[string]string{"POSTURE_ORGANIZATION_ROLE": "posture-scan"}[name]
	}
	got, err := awscloud.New(nil).Choose(cloud.Options{Config: config.Default(), Getenv: organization})
	if diff := cmp.Diff(cloud.Choice{}, got); err != nil || diff != "" {
		t.Errorf("a whole organization: %v (-want +got)\n%s", err, diff)
	}
}

// TestWrongFlags: what makes no sense together is told without credentials.
func TestWrongFlags(t *testing.T) {
	for want, flags := range map[string]cloud.Flags{
		"--external-id needs --role-arn":              {"external-id": {"x"}},
		`role "arn:aws:s3:::b": expected arn:aws:iam`: {"role-arn": {"arn:aws:s3:::b"}},
		`unknown service "s4": expected one of`:       {"services": {"s4"}},
	} {
		if _, err := awscloud.New(nil).Choose(cloud.Options{Config: config.Default(), Flags: flags}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v", flags, err)
		}
	}
}
