package services

import (
	"testing"

	"posture/internal/posture"
)

func TestLogsResourcePolicies(t *testing.T) {
	policy := func(name string, doc LogsResourcePolicy, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:logs:us-east-1:111122223333:resource-policy:" + name, Name: name, Doc: &doc, Unread: unread}
	}
	testReading(t, "AWS::Logs::ResourcePolicy", []readingTest{
		{name: "two pages", want: []posture.Resource{
			policy("dns", LogsResourcePolicy{}), policy("open", LogsResourcePolicy{Public: true, PublicBy: byStatement1, OtherAccounts: []Admitted{{"*", "statement 1"}}}),
		}},
		{name: "second page broken", sections: map[string]string{"logs:DescribeResourcePolicies nextToken=two error=InternalError status=500": ""},
			want: []posture.Resource{policy("dns", LogsResourcePolicy{})}, cause: brokenListing("logs:DescribeResourcePolicies")},
		{name: "malformed policy, and one of another account", sections: map[string]string{"logs:DescribeResourcePolicies": `{"resourcePolicies": [
			{"policyName": "odd", "policyDocument": "{"},
			{"policyName": "peer", "policyDocument": "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"},\"Action\":\"logs:GetLogEvents\",\"Resource\":\"*\"}}"}]}`},
			want: []posture.Resource{
				policy("odd", LogsResourcePolicy{}, unclear("logs:DescribeResourcePolicies", sharedFields...)...),
				policy("peer", LogsResourcePolicy{OtherAccounts: []Admitted{{"999988887777", "statement 1"}}}),
			}},
	})
}
