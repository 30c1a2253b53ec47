package services

import (
	"testing"

	"posture/internal/posture"
)

// lentEstate is an account in which kim may do one thing, and the role admin
// everything.
func lentEstate(action string) map[string]string {
	return map[string]string{"iam:GetAccountAuthorizationDetails": `<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><UserPolicyList><member><PolicyName>own</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"` + action + `","Resource":"*"}}</PolicyDocument></member></UserPolicyList></member></UserDetailList>
<RoleDetailList><member><RoleName>admin</RoleName><Arn>arn:aws:iam::111122223333:role/admin</Arn><Path>/</Path><AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"Service":"glue.amazonaws.com"},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument>
<AttachedManagedPolicies><member><PolicyName>AdministratorAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AdministratorAccess</PolicyArn></member></AttachedManagedPolicies></member></RoleDetailList>`}
}

// lent returns who gets more by the action in lentEstate.
func lent(action string) []string {
	return []string{"arn:aws:iam::111122223333:user/kim (" + action + ", through statement 1 of inline policy own)"}
}

// and returns the sections with one more.
func and(sections map[string]string, section, body string) map[string]string {
	all := map[string]string{section: body}
	for name, text := range sections {
		all[name] = text
	}
	return all
}

func TestCloudFormationStacks(t *testing.T) {
	stack := func(id, name string, tags map[string]string, doc CloudFormationStack, unread ...posture.Unread) posture.Resource {
		return posture.Resource{ID: "arn:aws:cloudformation:us-east-1:111122223333:stack/" + name + "/" + id + "-0000-0000-0000-000000000000", Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	const made = "StackSet-baseline-0a1b2c3d-0000-4000-8000-0123456789ab"
	tags := map[string]string{"owner": "shop"}
	shop := CloudFormationStack{TerminationProtection: true, Status: "UPDATE_COMPLETE", HasRole: true, LendsTo: lent("cloudformation:UpdateStack")}
	rest := []posture.Resource{
		stack("22222222", "shop-network-1", nil, CloudFormationStack{Nested: true, Status: "CREATE_COMPLETE"}),
		stack("33333333", made, nil, CloudFormationStack{OfStackSet: true, Status: "CREATE_COMPLETE"}),
		stack("44444444", "next", nil, CloudFormationStack{Status: "REVIEW_IN_PROGRESS"}),
	}
	first := func(doc CloudFormationStack, unread ...posture.Unread) []posture.Resource {
		return append([]posture.Resource{stack("11111111", "shop", tags, doc, unread...)}, rest...)
	}
	alone := shop
	alone.LendsTo = nil
	testReading(t, "AWS::CloudFormation::Stack", []readingTest{
		{name: "one lends its role", sections: lentEstate("cloudformation:UpdateStack"), want: first(shop)},
		{name: "nobody may change one", sections: lentEstate("cloudformation:DescribeStacks"), want: first(alone)},
		{name: "who may what is refused", sections: map[string]string{"iam:GetAccountAuthorizationDetails error=AccessDenied status=403": ""},
			want: first(alone, refused("iam:GetAccountAuthorizationDetails", "AccessDenied", "iam:GetAccountAuthorizationDetails", "lends_to")...)},
		{name: "a role that is gone, and no more than an id", sections: map[string]string{"cloudformation:DescribeStacks": `<Stacks><member><StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/bare/1</StackId><StackName>bare</StackName><RoleARN>arn:aws:iam::111122223333:role/gone</RoleARN></member></Stacks>`},
			want: []posture.Resource{{ID: "arn:aws:cloudformation:us-east-1:111122223333:stack/bare/1", Name: "bare", Doc: &CloudFormationStack{HasRole: true}, Unread: unsaid("cloudformation:DescribeStacks", "termination_protection", "status")}}},
		{name: "second page broken", sections: and(lentEstate("cloudformation:UpdateStack"), "cloudformation:DescribeStacks NextToken=two error=InternalError status=500", ""),
			want: first(shop)[:1], cause: brokenListing("cloudformation:DescribeStacks")},
	})
}
