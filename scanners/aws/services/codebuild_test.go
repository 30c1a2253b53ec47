package services

import (
	"testing"

	"posture/internal/posture"
)

func TestCodeBuildProjects(t *testing.T) {
	project := func(name string, tags map[string]string, lendsTo []string, unread ...posture.Unread) posture.Resource {
		doc := map[string]CodeBuildProject{"deploy": {Logs: true}, "gone": {CredentialInEnvironment: true, CredentialInSource: true}, "lint": {Logs: true}}[name]
		doc.LendsTo = lendsTo
		return posture.Resource{ID: "arn:aws:codebuild:us-east-1:111122223333:project/" + name, Name: name, Tags: tags, Doc: &doc, Unread: unread}
	}
	silent := project("deploy", nil, nil, unsaid("codebuild:BatchGetProjects", "lends_to", "logs", "credential_in_environment", "credential_in_source")...)
	silent.Doc = &CodeBuildProject{}
	builds := map[string]string{"iam:GetAccountAuthorizationDetails": `<UserDetailList><member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><UserPolicyList><member><PolicyName>own</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"codebuild:StartBuild","Resource":"arn:aws:codebuild:us-east-1:111122223333:project/deploy"}}</PolicyDocument></member></UserPolicyList></member></UserDetailList>
<RoleDetailList><member><RoleName>admin</RoleName><Arn>arn:aws:iam::111122223333:role/admin</Arn><Path>/</Path><AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument>
<AttachedManagedPolicies><member><PolicyName>AdministratorAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AdministratorAccess</PolicyArn></member></AttachedManagedPolicies></member></RoleDetailList>`}
	tags := map[string]string{"owner": "shop"}
	deploy, gone, lint := project("deploy", tags, []string{"arn:aws:iam::111122223333:user/kim (codebuild:StartBuild, through statement 1 of inline policy own)"}), project("gone", nil, nil), project("lint", nil, nil)
	denied := refused("iam:GetAccountAuthorizationDetails", "AccessDenied", "iam:GetAccountAuthorizationDetails", "lends_to")
	and := func(section, body string) map[string]string {
		return map[string]string{"iam:GetAccountAuthorizationDetails": builds["iam:GetAccountAuthorizationDetails"], section: body}
	}
	testReading(t, "AWS::CodeBuild::Project", []readingTest{
		{name: "one lends its role", sections: builds, want: []posture.Resource{deploy, gone, lint}},
		{name: "who may what is refused", sections: map[string]string{"iam:GetAccountAuthorizationDetails error=AccessDenied status=403": ""},
			want: []posture.Resource{project("deploy", tags, nil, denied...), project("gone", nil, nil, denied...), project("lint", nil, nil, denied...)}},
		{name: "only the name is answered", sections: and("codebuild:BatchGetProjects names.1=deploy", `{"projects": [{"name": "deploy", "arn": "arn:aws:codebuild:us-east-1:111122223333:project/deploy"}]}`),
			want: []posture.Resource{silent, gone, lint}},
		{name: "one is not described", sections: and("codebuild:BatchGetProjects names.1=gone", `{"projects": [], "projectsNotFound": ["gone", "lint"]}`),
			want: []posture.Resource{deploy}, cause: &posture.Cause{Reason: posture.NotAnswered, Operation: "codebuild:BatchGetProjects"}},
		{name: "second page broken", sections: and("codebuild:ListProjects nextToken=two error=InternalError status=500", ""),
			want: []posture.Resource{deploy}, cause: brokenListing("codebuild:ListProjects")},
	})
}
