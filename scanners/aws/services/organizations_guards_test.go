package services

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"posture/internal/posture"
	"posture/scanners/aws/awstest"
)

const managementAccount = "999988887777"

// guarded is an account in which kim may give herself all rights, as may a role
// that a service made, and whose queue and role are for everybody.
const guarded = noAnalyzer + `-- iam:GetAccountAuthorizationDetails --
<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><UserPolicyList><member><PolicyName>own</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*"}}</PolicyDocument></member></UserPolicyList></member></UserDetailList>
<RoleDetailList><member><RoleName>made</RoleName><Arn>arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/made</Arn><Path>/aws-service-role/x.amazonaws.com/</Path><RolePolicyList><member><PolicyName>own</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"iam:AttachRolePolicy","Resource":"*"}}</PolicyDocument></member></RolePolicyList>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"Service":"x.amazonaws.com"},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument></member>
<member><RoleName>own</RoleName><Arn>arn:aws:iam::111122223333:role/own</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument></member></RoleDetailList>
-- sqs:ListQueues --
{"QueueUrls": ["https://sqs.us-east-1.amazonaws.com/111122223333/jobs"]}
-- sqs:GetQueueAttributes --
{"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:111122223333:jobs", "Policy": "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}}"}}
`

// organized is an organization with the account in a unit. Of policies, the root
// and the unit have one that allows all, the account has SCP, the root has RCP.
func organized(t *testing.T, scp, rcp string, changes map[string]string) *awstest.Estate {
	t.Helper()
	content := func(text string) string {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return `{"Policy": {"Content": ` + string(quoted) + `}}`
	}
	estate := loadEstate(t, "")
	sections := map[string]string{
		"organizations:DescribeOrganization":                                                                      `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "` + managementAccount + `", "FeatureSet": "ALL"}}`,
		"organizations:ListParents ChildId=" + testAccount:                                                        `{"Parents": [{"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}]}`,
		"organizations:ListParents ChildId=ou-1":                                                                  `{"Parents": [{"Id": "r-1", "Type": "ROOT"}]}`,
		"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY":                                       `{"Policies": [{"Id": "p-all"}]}`,
		"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount:               `{"Policies": [{"Id": "p-all"}], "NextToken": "two"}`,
		"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY NextToken=two TargetId=" + testAccount: `{"Policies": [{"Id": "p-scp"}]}`,
		"organizations:ListPoliciesForTarget Filter=RESOURCE_CONTROL_POLICY":                                      `{"Policies": []}`,
		"organizations:ListPoliciesForTarget Filter=RESOURCE_CONTROL_POLICY TargetId=r-1":                         `{"Policies": [{"Id": "p-rcp"}]}`,
		"organizations:DescribePolicy PolicyId=p-all":                                                             content(fullAccess),
		"organizations:DescribePolicy PolicyId=p-scp":                                                             content(scp),
		"organizations:DescribePolicy PolicyId=p-rcp":                                                             content(rcp),
	}
	for _, some := range []map[string]string{sections, changes} {
		for name, body := range some {
			if err := estate.Set(name, body); err != nil {
				t.Fatal(err)
			}
		}
	}
	return estate
}

// TestGuards holds what policies of the organization take away, and that
// nothing counts as forbidden that was not read.
func TestGuards(t *testing.T) {
	t.Parallel()
	deny := func(rest string) string { return `{"Statement":{"Effect":"Deny","Resource":"*",` + rest + `}}` }
	noIAM := deny(`"Action":"iam:*"`)
	inside := deny(`"Principal":"*","Action":["sqs:*","sts:AssumeRole"],"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-shop123456"}}`)
	for _, test := range []struct {
		name     string
		scp, rcp string
		changes  map[string]string
		alone    bool // there is no organization
		open     string
	}{
		{name: "no organization", scp: noIAM, rcp: inside, alone: true, open: "kim made queue trust"},
		{name: "nothing forbidden", scp: fullAccess, rcp: fullAccess, open: "kim made queue trust"},
		{name: "IAM denied", scp: noIAM, rcp: fullAccess, open: "made queue trust"},
		{name: "IAM denied to all but one role", rcp: fullAccess, open: "made queue trust",
			scp: deny(`"Action":"iam:*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}`)},
		{name: "IAM denied to all but her", rcp: fullAccess, open: "kim made queue trust",
			scp: deny(`"Action":"iam:*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/kim"}}`)},
		{name: "something else denied", scp: deny(`"Action":"ec2:*"`), rcp: fullAccess, open: "kim made queue trust"},
		{name: "IAM not among what the unit allows", scp: fullAccess, rcp: fullAccess, open: "made queue trust",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=ou-1": `{"Policies": [{"Id": "p-few"}]}`,
				"organizations:DescribePolicy PolicyId=p-few": `{"Policy": {"Content": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[\"s3:*\",\"sqs:*\"],\"Resource\":\"*\"}}"}}`}},
		{name: "strangers denied", scp: fullAccess, rcp: inside, open: "kim made"},
		{name: "strangers denied, and not services that act for them", scp: fullAccess, open: "kim made queue",
			rcp: strings.Replace(inside, `"}}`, `"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`, 1)},
		{name: "the management account", scp: noIAM, rcp: inside, open: "kim made queue trust",
			changes: map[string]string{"organizations:DescribeOrganization": `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "` + testAccount + `", "FeatureSet": "ALL"}}`}},
		{name: "for billing only", scp: noIAM, rcp: inside, open: "kim made queue trust",
			changes: map[string]string{"organizations:DescribeOrganization": `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "` + managementAccount + `", "FeatureSet": "CONSOLIDATED_BILLING"}}`}},
		{name: "organization refused", scp: noIAM, rcp: inside, open: "kim made queue trust",
			changes: map[string]string{"organizations:DescribeOrganization error=AccessDeniedException": ""}},
		{name: "a policy refused", scp: noIAM, rcp: inside, open: "kim made",
			changes: map[string]string{"organizations:DescribePolicy PolicyId=p-scp error=AccessDeniedException": ""}},
		{name: "another one of the level refused", scp: noIAM, rcp: fullAccess, open: "kim made queue trust",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount: `{"Policies": [{"Id": "p-odd"}, {"Id": "p-scp"}]}`,
				"organizations:DescribePolicy PolicyId=p-odd": `{"Policy": {"Content": "{"}}`}},
		{name: "listing refused", scp: noIAM, rcp: fullAccess, open: "kim made queue trust",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount + " error=AccessDeniedException": ""}},
		{name: "no policy listed", scp: noIAM, rcp: fullAccess, open: "kim made queue trust",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount: `{"Policies": []}`}},
		{name: "a policy not answered", scp: noIAM, rcp: fullAccess, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribePolicy PolicyId=p-scp error=ServiceException status=500": ""}},
		{name: "listing throttled", scp: noIAM, rcp: inside, open: "kim? made",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount + " error=TooManyRequestsException": ""}},
		{name: "organization throttled", scp: noIAM, rcp: inside, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribeOrganization error=TooManyRequestsException": ""}},
		{name: "what kind of organization is not said", scp: noIAM, rcp: inside, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribeOrganization": `{"Organization": {"Id": "o-shop123456", "MasterAccountId": "` + managementAccount + `"}}`}},
		{name: "who manages it is not said", scp: noIAM, rcp: inside, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribeOrganization": `{"Organization": {"Id": "o-shop123456", "FeatureSet": "ALL"}}`}},
		{name: "no organization in the answer", scp: noIAM, rcp: inside, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribeOrganization": `{}`}},
		{name: "no parent in the answer", scp: noIAM, rcp: fullAccess, open: "made queue? trust?",
			changes: map[string]string{"organizations:ListParents ChildId=" + testAccount: `{"Parents": []}`}},
		{name: "no policy in the answer", scp: noIAM, rcp: fullAccess, open: "kim? made queue? trust?",
			changes: map[string]string{"organizations:DescribePolicy PolicyId=p-scp": `{}`}},
		{name: "another level throttled", scp: noIAM, rcp: fullAccess, open: "made queue? trust?",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=r-1 error=TooManyRequestsException": ""}},
		{name: "of another organization", scp: noIAM, rcp: inside, open: "kim made queue trust",
			changes: map[string]string{"organizations:ListPoliciesForTarget Filter=SERVICE_CONTROL_POLICY TargetId=" + testAccount + " error=TargetNotFoundException": "",
				"organizations:ListPoliciesForTarget Filter=RESOURCE_CONTROL_POLICY error=TargetNotFoundException": "",
				"organizations:ListParents ChildId=" + testAccount + " error=ChildNotFoundException":               ""}},
		{name: "parents refused", scp: noIAM, rcp: inside, open: "made queue trust",
			changes: map[string]string{"organizations:ListParents ChildId=" + testAccount + " error=AccessDeniedException": ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var above *awstest.Estate
			if !test.alone {
				above = organized(t, test.scp, test.rcp, test.changes)
			}
			s := scanUnder(t, loadEstate(t, guarded), above, posture.Want{
				"AWS::IAM::User": {"escalates"}, "AWS::IAM::Role": {"escalates", "trusts"}, "AWS::SQS::Queue": {"public"},
			})
			if got := whatIsOpen(t, s); got != test.open {
				t.Errorf("open: %s; want %s", got, test.open)
			}
		})
	}
}

// whatIsOpen names what the resources of guarded allow, with a question mark
// where that is not known.
func whatIsOpen(t *testing.T, s scanned) string {
	t.Helper()
	var open []string
	add := func(name, of, field string, is bool) {
		unread := slices.ContainsFunc(s.get(t, of).Unread, func(u posture.Unread) bool { return u.Field == field })
		switch {
		case is && unread:
			t.Errorf("%s of %s is unread and has a value", field, of)
		case is:
			open = append(open, name)
		case unread:
			open = append(open, name+"?")
		}
	}
	add("kim", "kim", "escalates", len(s.get(t, "kim").Doc.(*IAMUser).Escalates) > 0)
	add("made", "made", "escalates", len(s.get(t, "made").Doc.(*IAMRole).Escalates) > 0)
	add("queue", "jobs", "public", s.get(t, "jobs").Doc.(*SQSQueue).Public)
	add("trust", "own", "trusts", len(s.get(t, "own").Doc.(*IAMRole).Trusts) > 0)
	return strings.Join(open, " ")
}
