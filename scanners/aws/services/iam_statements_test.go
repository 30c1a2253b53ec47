package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"posture/internal/posture"
)

// whoDecides is an account in which each gets at more by other statements.
const whoDecides = `-- iam:GetAccountAuthorizationDetails --
<UserDetailList>
<member><UserName>bob</UserName><Arn>arn:aws:iam::111122223333:user/bob</Arn><UserPolicyList><member><PolicyName>dev</PolicyName>
<PolicyDocument>{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Sid":"AllowAll","Effect":"Allow","Action":"*","Resource":"*"}]}</PolicyDocument></member></UserPolicyList></member>
<member><UserName>amy</UserName><Arn>arn:aws:iam::111122223333:user/amy</Arn><GroupList><member>staff</member></GroupList></member>
<member><UserName>kim</UserName><Arn>arn:aws:iam::111122223333:user/kim</Arn><GroupList><member>crew</member></GroupList><UserPolicyList><member><PolicyName>pass</PolicyName>
<PolicyDocument>{"Statement":{"Sid":"Pass","Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}</PolicyDocument></member></UserPolicyList>
<AttachedManagedPolicies><member><PolicyName>calls</PolicyName><PolicyArn>arn:aws:iam::111122223333:policy/team/calls</PolicyArn></member></AttachedManagedPolicies></member>
<member><UserName>lee</UserName><Arn>arn:aws:iam::111122223333:user/lee</Arn><UserPolicyList><member><PolicyName>take</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/first"}}</PolicyDocument></member></UserPolicyList></member>
<member><UserName>sid</UserName><Arn>arn:aws:iam::111122223333:user/sid</Arn><UserPolicyList><member><PolicyName>odd</PolicyName>
<PolicyDocument>{"Statement":{"Sid":"ghp_0123456789abcdefghijABCDEFGHIJ012345","Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"*"}}</PolicyDocument></member></UserPolicyList></member>
<member><UserName>ann</UserName><Arn>arn:aws:iam::111122223333:user/ann</Arn><UserPolicyList>MANY</UserPolicyList></member>
</UserDetailList>
<GroupDetailList>
<member><GroupName>staff</GroupName><Arn>arn:aws:iam::111122223333:group/staff</Arn>
<AttachedManagedPolicies><member><PolicyName>x</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AdministratorAccess</PolicyArn></member></AttachedManagedPolicies></member>
<member><GroupName>crew</GroupName><Arn>arn:aws:iam::111122223333:group/team/crew</Arn><GroupPolicyList><member><PolicyName>make</PolicyName>
<PolicyDocument>{"Statement":{"Effect":"Allow","Action":"lambda:CreateFunction","Resource":"*"}}</PolicyDocument></member></GroupPolicyList></member>
</GroupDetailList>
<RoleDetailList>
<member><RoleName>first</RoleName><Arn>arn:aws:iam::111122223333:role/first</Arn><Path>/</Path>
<AssumeRolePolicyDocument>{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}</AssumeRolePolicyDocument></member>
<member><RoleName>last</RoleName><Arn>arn:aws:iam::111122223333:role/team/last</Arn><Path>/team/</Path>
<AssumeRolePolicyDocument>{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},{"Sid":"FromFirst","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/first"},"Action":"sts:AssumeRole"}]}</AssumeRolePolicyDocument>
<RolePolicyList><member><PolicyName>keys</PolicyName><PolicyDocument>{"Statement":{"Sid":"Keys","Effect":"Allow","Action":"iam:CreateAccessKey","Resource":"*"}}</PolicyDocument></member></RolePolicyList></member>
</RoleDetailList>
<Policies><member><PolicyName>calls</PolicyName><Arn>arn:aws:iam::111122223333:policy/team/calls</Arn><AttachmentCount>1</AttachmentCount><PolicyVersionList><member><IsDefaultVersion>true</IsDefaultVersion>
<Document>{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a"},{"Effect":"Allow","Action":["lambda:InvokeFunction","lambda:AddPermission"],"Resource":"*"}]}</Document></member></PolicyVersionList></member></Policies>
`

// TestDecidingStatements holds that whoever has full access, or gets more, has it by
// statements that are named, with the policy and whom it is inside of.
func TestDecidingStatements(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 12 {
		fmt.Fprintf(&many, `<member><PolicyName>p%02d</PolicyName><PolicyDocument>{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}</PolicyDocument></member>`, i)
	}
	s := scanUnder(t, loadEstate(t, strings.Replace(whoDecides, "MANY", many.String(), 1)), nil, posture.Want{
		"AWS::IAM::User": grantFields, "AWS::IAM::Group": grantFields, "AWS::IAM::Role": grantFields,
	})
	got := map[string][]string{}
	for _, r := range s.Resources {
		power := powerOf(r)
		if power.administrator != (len(power.by) > 0) {
			t.Errorf("%s: administrator %v by %q", r.Name, power.administrator, power.by)
		}
		got[r.Name] = power.by
		for _, way := range power.escalates {
			got[r.Name] = append(got[r.Name], slices.Concat([]string{way.Way}, way.By, way.Roles)...)
		}
	}
	const account = "arn:aws:iam::111122223333:"
	var allOfAnn []string
	for i := range mostStatements {
		allOfAnn = append(allOfAnn, fmt.Sprintf("statement 1 of inline policy p%02d", i))
	}
	want := map[string][]string{
		"bob": {"statement AllowAll of inline policy dev"},
		"amy": {"statement 1 of attached AWS policy AdministratorAccess of group staff"},
		"kim": {
			"iam:PassRole and lambda:CreateFunction and lambda:InvokeFunction", "statement Pass of inline policy pass: iam:PassRole",
			"statement 1 of inline policy make of group crew: lambda:CreateFunction", "statement 2 of attached policy calls: lambda:InvokeFunction",
			"iam:PassRole and lambda:CreateFunction and lambda:AddPermission", "statement Pass of inline policy pass: iam:PassRole",
			"statement 1 of inline policy make of group crew: lambda:CreateFunction", "statement 2 of attached policy calls: lambda:AddPermission",
		},
		"lee": {
			"sts:AssumeRole of " + account + "role/team/last (iam:CreateAccessKey)", "statement 1 of inline policy take", "statement 1 of the trust policy of role first",
			"statement FromFirst of the trust policy of role last", "statement Keys of inline policy keys of role last", account + "role/first", account + "role/team/last",
		},
		"sid":   {"iam:PutUserPolicy", "statement 1 of inline policy odd"},
		"ann":   append(allOfAnn, "and 2 more"),
		"staff": {"statement 1 of attached AWS policy AdministratorAccess"},
		"crew":  nil,
		"first": {
			"sts:AssumeRole of " + account + "role/team/last (iam:CreateAccessKey)", "statement FromFirst of the trust policy of role last",
			"statement Keys of inline policy keys of role last", account + "role/team/last",
		},
		"last": {"iam:CreateAccessKey", "statement Keys of inline policy keys"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// powerOf returns what is said of a user, group or role.
func powerOf(r posture.Resource) iamPower {
	switch doc := r.Doc.(type) {
	case *IAMUser:
		return iamPower{doc.Administrator, doc.AdministratorBy, doc.Escalates}
	case *IAMGroup:
		return iamPower{doc.Administrator, doc.AdministratorBy, doc.Escalates}
	case *IAMRole:
		return iamPower{doc.Administrator, doc.AdministratorBy, doc.Escalates}
	default:
		return iamPower{}
	}
}

func TestStatementsAreCut(t *testing.T) {
	t.Parallel()
	list := []string{"a", "b", "c"}
	for most, want := range map[int][]string{2: {"a", "b", "and 1 more"}, 3: list, 4: list} {
		if diff := cmp.Diff(want, cutList(list, most)); diff != "" {
			t.Errorf("at most %d (-want +got):\n%s", most, diff)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, list); diff != "" {
		t.Errorf("the list itself was changed:\n%s", diff)
	}
}
