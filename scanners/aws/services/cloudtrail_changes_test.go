package services

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// trailed returns an event as LookupEvents answers it.
func trailed(name string, at int, readOnly, identity, more string) string {
	doc := fmt.Sprintf(`{"recipientAccountId": "111122223333", "userIdentity": {%s}%s}`, identity, more)
	return fmt.Sprintf(`{"EventName": %q, "EventTime": %d, "ReadOnly": %q, "Username": "u", "CloudTrailEvent": %q}`, name, 1767225600+at, readOnly, doc)
}

func TestLastChange(t *testing.T) {
	const role = `"type": "AssumedRole", "principalId": "AROA:ann@example.com", "sessionContext": {"sessionIssuer": {"userName": "Admin"}}`
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		events []string
		want   *Change
	}{
		"none":                {nil, nil},
		"a role":              {[]string{trailed("PutBucketPolicy", 0, "false", role, "")}, &Change{"PutBucketPolicy", day, "Admin", "ann@example.com"}},
		"a user":              {[]string{trailed("PutBucketAcl", 5, "false", `"type": "IAMUser", "userName": "bob"`, "")}, &Change{"PutBucketAcl", day.Add(5 * time.Second), "bob", ""}},
		"the account itself":  {[]string{trailed("PutBucketAcl", 0, "false", `"type": "Root", "userName": "name of the account"`, "")}, &Change{"PutBucketAcl", day, "root", ""}},
		"a service":           {[]string{trailed("PutBucketAcl", 0, "false", `"type": "AWSService", "invokedBy": "backup.amazonaws.com"`, "")}, &Change{"PutBucketAcl", day, "backup.amazonaws.com", ""}},
		"another account":     {[]string{trailed("PutBucketAcl", 0, "false", `"type": "AWSAccount"`, "")}, &Change{"PutBucketAcl", day, "AWSAccount", ""}},
		"only reads":          {[]string{trailed("GetBucketAcl", 0, "true", role, "")}, nil},
		"only failures":       {[]string{trailed("PutBucketAcl", 0, "false", role, `, "errorCode": "AccessDenied"`)}, nil},
		"no document":         {[]string{`{"EventName": "PutBucketAcl", "EventTime": 1767225600, "ReadOnly": "false", "CloudTrailEvent": "{"}`}, nil},
		"of another account":  {[]string{trailed("PutBucketAcl", 0, "false", role, `, "recipientAccountId": "999988887777"`)}, nil},
		"the latest of three": {[]string{trailed("A", 1, "false", role, ""), trailed("B", 3, "false", role, ""), trailed("C", 2, "false", role, "")}, &Change{"B", day.Add(3 * time.Second), "Admin", "ann@example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			section := "cloudtrail:LookupEvents region=eu-west-1 LookupAttributes.1.AttributeKey=ResourceName LookupAttributes.1.AttributeValue=alpha"
			cloud := cloudOf(fixtures(t, map[string]string{section: `{"Events": [` + strings.Join(c.events, ",") + `]}`}))
			got, err := LastChange(t.Context(), serve(t, cloud).Config("111122223333"), Changed{
				Account: "111122223333", Region: "eu-west-1", ID: "arn:aws:s3:::alpha", After: day.Add(-time.Hour), Before: day.Add(time.Hour),
			})
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			if calls := cloud.Log(); len(calls) != 1 || calls[0].Params["starttime"] != fmt.Sprint(day.Add(-time.Hour).Unix()) {
				t.Errorf("calls: %v", calls)
			}
		})
	}
}

// TestLastChangeRefused holds that a refusal is told with its cause, after one
// try.
func TestLastChangeRefused(t *testing.T) {
	for code, reason := range map[string]posture.Reason{"AccessDeniedException": posture.Denied, "ThrottlingException": posture.Throttled, "InternalFailure": posture.Failed} {
		cloud := cloudOf(fixtures(t, map[string]string{"cloudtrail:LookupEvents region=us-east-1 error=" + code: ""}))
		_, err := LastChange(t.Context(), serve(t, cloud).Config("111122223333"), Changed{Account: "111122223333", Region: posture.Global, ID: "arn:aws:iam::111122223333:user/bob"})
		var known *posture.ReadError
		if !errors.As(err, &known) || known.Cause.Reason != reason || known.Cause.Operation != "cloudtrail:LookupEvents" {
			t.Errorf("%s: %v", code, err)
		}
		if calls := cloud.Log(); len(calls) != 1 {
			t.Errorf("%s: %d calls", code, len(calls))
		}
	}
}

func TestNameInTrail(t *testing.T) {
	for id, want := range map[string]string{
		"arn:aws:s3:::alpha":                                                        "alpha",
		"arn:aws:iam::111122223333:user/team/bob":                                   "bob",
		"arn:aws:ec2:eu-west-1:111122223333:volume/vol-1":                           "vol-1",
		"arn:aws:rds:eu-west-1:111122223333:db:main":                                "main",
		"arn:aws:sqs:eu-west-1:111122223333:jobs":                                   "jobs",
		"arn:aws:kms:eu-west-1:111122223333:key/k":                                  "arn:aws:kms:eu-west-1:111122223333:key/k",
		"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*":             "/aws/lambda/f",
		"arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:autoScalingGroupName/g": "g",
		"111122223333": "111122223333",
	} {
		if got := nameInTrail(id); got != want {
			t.Errorf("%s is called %q, want %q", id, got, want)
		}
	}
}
