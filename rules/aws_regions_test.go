package rules_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
	"posture/scanners/aws"
	"posture/scanners/aws/awstest"
)

// decisions say, for each rule on what is there once in every region or
// account, whom a finding is about. A new rule has to decide.
var decisions = map[string]string{
	"aws-accessanalyzer-enabled":                 "region: an analyzer sees its region only",
	"aws-accessanalyzer-access-findings-handled": "region: findings stay in their region",
	"aws-accessanalyzer-unused-access-handled":   "region: one analyzer reports IAM for the account, and findings stay in its region",

	"aws-ebs-encryption-by-default":       "region: the setting is the region's alone",
	"aws-ebs-snapshot-sharing-blocked":    "region: the setting is the region's alone",
	"aws-guardduty-enabled":               "region: a detector sees its region only, and intruders use those that nobody uses",
	"aws-guardduty-high-findings-handled": "region: findings stay in their region",
	"aws-guardduty-protection-plans":      "region: plans are a detector's, and some regions lack some",
	"aws-securityhub-enabled":             "region: a hub checks its region only; aggregation gathers findings, not settings",
	"aws-emr-block-public-access":         "region: the setting is the region's alone",
	"aws-inspector-enabled":               "region: Inspector scans its region only; regions without anything to scan are left out",
	"aws-inspector-findings-within-sla":   "region: findings stay in their region",
	"aws-ssm-document-sharing-blocked":    "region: the setting is the region's alone",
	"aws-config-recorder-all-regions":     "region, but IAM's types in some region of the account: all record the same of them",
	"aws-bedrock-invocation-logging":      "region: the setting is the region's alone; regions without invocations are left out",
	"aws-glue-catalog-encrypted":          "region: each has its own catalog",
	"aws-ecr-registry-not-public":         "region: a registry and its policy are the region's alone",
	"aws-backup-job-success-24h":          "region: jobs are; regions without jobs are left out",
	"aws-backup-copy-job-success-24h":     "region: jobs are; regions without jobs are left out",
	"aws-backup-restore-tests-succeed":    "region: tests are; regions without tests are left out",
	"aws-rds-quota-headroom":              "region: quotas are; regions without databases are left out",
	"aws-backup-restore-tested":           "region: recovery points and testing plans are; regions without backups are left out",

	"aws-cloudtrail-multi-region":           "account: one trail of all regions is enough",
	"aws-cloudtrail-security-trail":         "account: one trail of all regions is enough",
	"aws-cloudtrail-s3-data-events":         "account: one trail of all regions is enough",
	"aws-cloudtrail-lambda-data-events":     "account: one trail of all regions is enough",
	"aws-s3-account-public-access-block":    "account: the block is for the buckets of all regions",
	"aws-account-security-contact":          "account: contacts are the account's",
	"aws-account-in-organization-with-scps": "account: it is a member, or none",
	"aws-iam-federated-access":              "account: IAM knows no regions",
	"aws-iam-root-centrally-managed":        "account: IAM knows no regions",
	"aws-iam-password-policy-strong":        "account: IAM knows no regions",
	"aws-iam-root-hardware-mfa":             "account: IAM knows no regions",
	"aws-iam-root-mfa":                      "account: IAM knows no regions",
	"aws-iam-root-no-access-keys":           "account: IAM knows no regions",
	"aws-iam-root-not-used-recently":        "account: IAM knows no regions",
	"aws-iam-support-role":                  "account: IAM knows no regions",

	"aws-alarm-audit-config-changes":    "account: alarms are where the trail of all regions delivers",
	"aws-alarm-console-auth":            "account: alarms are where the trail of all regions delivers",
	"aws-alarm-data-protection-changes": "account: alarms are where the trail of all regions delivers",
	"aws-alarm-iam-policy-changes":      "account: alarms are where the trail of all regions delivers",
	"aws-alarm-network-changes":         "account: alarms are where the trail of all regions delivers",
	"aws-alarm-organizations-changes":   "account: alarms are where the trail of all regions delivers",
	"aws-alarm-root-usage":              "account: alarms are where the trail of all regions delivers",
	"aws-alarm-unauthorized-api":        "account: alarms are where the trail of all regions delivers",
}

// TestRegionWide: what is emitted where every call is refused is there once in
// every region or account. Each rule on it has decided which, and the resources
// are as it says.
func TestRegionWide(t *testing.T) {
	t.Parallel()
	loaded := loadAWS(t)
	places, open := placesOf(t), maps.Clone(decisions)
	for _, rule := range loaded.Rules() {
		regions, single := places[rule.Type]
		decision, decided := decisions[rule.ID]
		switch {
		case !single && !decided:
		case single != decided:
			t.Errorf("%s: on %s, decided: %q", rule.ID, rule.Type, decision)
		default:
			want := []string{posture.Global}
			if decision[:len("region")] == "region" {
				want = []string{"eu-west-1", "us-east-1"}
			}
			if diff := cmp.Diff(want, regions); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", rule.ID, decision, diff)
			}
		}
		delete(open, rule.ID)
	}
	for id := range open {
		t.Errorf("no rule %s", id)
	}
}

// placesOf returns the types that have a resource where every call is refused,
// with its regions.
func placesOf(t *testing.T) map[string][]string {
	t.Helper()
	estate, err := awstest.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	cloud := awstest.New([]string{"us-east-1", "eu-west-1"}, map[string]*awstest.Estate{"111122223333": estate})
	server, err := awstest.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	account, err := aws.Open(t.Context(), server.Config("111122223333"), posture.Target{Provider: posture.AWS, Account: "111122223333"}, aws.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	cloud.Break(awstest.Fault{Kind: awstest.Denied})
	want, places := posture.Want{}, map[string][]string{}
	for _, typ := range slices.Collect(maps.Keys(aws.Catalogue().Docs())) {
		want[typ] = append(fieldsOf(t, typ), "tags")
	}
	account.Scan(t.Context(), want, func(r posture.Resource) { places[r.Type] = append(places[r.Type], r.Region) })
	for _, regions := range places {
		slices.Sort(regions)
	}
	return places
}
